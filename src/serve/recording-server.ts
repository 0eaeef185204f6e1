/**
 * A server of one recording: the page, and those endpoints of the API that it needs. All views are of a moment that was
 * recorded; without one, of the last.
 */
import type { FastifyInstance } from 'fastify';
import type { RecordedPast } from '../inspect/recorded-reading.js';
import { PastInstants } from '../live/past-instants.js';
import type { ServerLog } from '../log.js';
import { UNLIMITED } from '../plan/budget.js';
import { ACTIVITY, activityRoute } from './api/activity.js';
import { API_ROOT, type ApiEndpoint, type ViewContext } from './api/api-endpoint.js';
import { API_HEADERS, ApiError, replyApiError, replyThrown } from './api/error.js';
import { OPENAPI, openApiDocument, openApiRoute } from './api/openapi.js';
import { readParameters } from './api/parameters.js';
import type { Readings } from './api/readings.js';
import { STATUS, type Status } from './api/status.js';
import { VIEWS } from './api/table.js';
import { viewRoute } from './api/view-route.js';
import { bareServer } from './bare-server.js';
import { apiEndpointOf, type Endpoint } from './endpoint.js';
import { errorReplies } from './error-reply.js';
import { hostCheck } from './host-check.js';
import { pageRoutes } from './page/page-routes.js';
import { everythingElse } from './server.js';
import { READER_TIMEOUTS } from './slow-reader.js';

const SERVED: readonly ApiEndpoint[] = [STATUS, ...VIEWS, ACTIVITY, OPENAPI];

const ENDPOINTS: readonly Endpoint[] = SERVED.map(apiEndpointOf);

export interface RecordingServerOptions {
  readonly version: string;
  readonly log: ServerLog;
}

export interface RecordingServer {
  readonly server: FastifyInstance;
  /** After the server. */
  close(): void;
}

/** @param past it is closed with the server */
export function recordingServer(
  past: RecordedPast,
  { version, log }: RecordingServerOptions,
): RecordingServer {
  const instants = new PastInstants(() => past.shared());
  const end = { kind: 'before the end', seconds: 0, text: 'the end' } as const;
  const chosen = (source: string | undefined) => {
    if (source === undefined) return undefined;
    throw new ApiError(404, `source: a recording has one, without a name; got '${source}'`);
  };
  const readings: Readings = {
    take: async (wanted) => instants.at(chosen(wanted), end),
    kept: () => undefined,
    at: async (wanted, moment) => instants.at(chosen(wanted), moment),
  };
  const server = bareServer({ hasApi: true, log });
  const check = hostCheck([]);
  pageRoutes(server, ENDPOINTS, version, check, SERVED);
  const apiCheck = hostCheck([], replyApiError);
  void server.register(async (api) => {
    api.setErrorHandler((error, request, reply) =>
      replyThrown(reply, `${request.method} ${request.url}`, error, log),
    );
    api.get(`${API_ROOT}${STATUS.path}`, { onRequest: apiCheck }, async (request, reply) => {
      readParameters(STATUS.parameters, { path: request.params, query: request.query });
      const { reading, index, release } = await readings.take(undefined);
      release();
      const uptimeSeconds = process.uptime();
      const status: Status = {
        version,
        startedSeconds: Date.now() / 1000 - uptimeSeconds,
        uptimeSeconds,
        sources: [
          {
            path: past.path,
            up: true,
            series: index.layout.seriesCount,
            entries: reading.files.reduce((sum, { entries }) => sum + entries.length, 0),
          },
        ],
        recording: past.span,
      };
      return reply.headers(API_HEADERS).send(`${JSON.stringify(status)}\n`);
    });
    activityRoute(api, instants, chosen, apiCheck);
    openApiRoute(api, openApiDocument(SERVED, version, ''), apiCheck);
    const context: ViewContext = {
      limits: UNLIMITED,
      past: (source) => instants.past(chosen(source)),
      at: readings.at,
    };
    const options = { readings, context, readerTimeouts: READER_TIMEOUTS };
    for (const endpoint of VIEWS) viewRoute(api, endpoint, options, apiCheck);
  });
  everythingElse(server, ENDPOINTS, true);
  errorReplies(server, log);
  return {
    server,
    close: () => {
      instants.close();
      past.close();
    },
  };
}
