/**
 * The routes of the API: a debug surface. Each answers a hostile page in a browser as little as a stranger: the host is
 * checked, no other origin may read the answer, and nothing is cached.
 */
import type { FastifyInstance } from 'fastify';
import type { ServerLog } from '../../log.js';
import type { Scraper } from '../../scrape/scraper.js';
import { hostCheck } from '../host-check.js';
import type { ReaderTimeouts } from '../slow-reader.js';
import { activityRoute } from './activity.js';
import { API_ROOT, type ViewContext } from './api-endpoint.js';
import type { DebugSurfaces } from './debug-surfaces.js';
import { replyApiError, replyThrown } from './error.js';
import { incidentRoutes } from './incidents.js';
import { liveRoute } from './live.js';
import { openApiDocument, openApiRoute } from './openapi.js';
import { recordedSource, recordingRoute } from './recording.js';
import { snapshotRoute } from './snapshot.js';
import { statusRoute } from './status.js';
import { API, VIEWS } from './table.js';
import { ticksRoute } from './ticks.js';
import { verdictsRoute } from './verdicts.js';
import { viewRoute } from './view-route.js';

export interface ApiOptions {
  readonly version: string;
  readonly routePrefix: string;
  readonly allowedHosts: readonly string[];
  readonly readerTimeouts: ReaderTimeouts;
  readonly debug: DebugSurfaces;
  readonly log: ServerLog;
}

export function apiRoutes(server: FastifyInstance, scraper: Scraper, options: ApiOptions): void {
  const { version, routePrefix, allowedHosts, readerTimeouts, log } = options;
  const { readings, snapshots, limits, counts, recorder, watch } = options.debug;
  const check = hostCheck(allowedHosts, replyApiError);
  void server.register(async (api) => {
    api.setErrorHandler((error, request, reply) =>
      replyThrown(reply, `${request.method} ${request.url}`, error, log),
    );
    api.addHook('onResponse', async (_request, { statusCode }) => {
      if (statusCode >= 400) counts.requestsRefused++;
    });
    statusRoute(api, scraper, { version, recorder }, check);
    snapshotRoute(api, scraper, snapshots, { version, watch }, check);
    recordingRoute(api, scraper, recorder, check);
    incidentRoutes(api, recorder?.incidents, check);
    openApiRoute(api, openApiDocument(API, version, routePrefix), check);
    verdictsRoute(api, scraper, watch, check);
    liveRoute(api, scraper, options.debug, check);
    ticksRoute(api, scraper, options.debug, check);
    const nameOf = (source: string | undefined) => recordedSource(scraper, recorder, source);
    activityRoute(api, options.debug.past, nameOf, check);
    const context: ViewContext = {
      limits,
      past: (source) => options.debug.past.past(source),
      at: readings.at,
    };
    for (const endpoint of VIEWS) {
      viewRoute(api, endpoint, { readings, context, readerTimeouts }, check);
    }
  });
}

const PATHS = API.map(
  ({ path }) =>
    new RegExp(`^${(API_ROOT + path).replace(/\./g, '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
);

/** Whether a path has a route; it then answers GET and HEAD only. */
export function isApiRoute(path: string): boolean {
  return PATHS.some((pattern) => pattern.test(path));
}
