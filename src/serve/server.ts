/**
 * The HTTP server: routes and limits, without a socket. Listening is separate (listen.ts), so that every route can be
 * tested with inject.
 */
import type { FastifyInstance } from 'fastify';
import type { Loads } from '../live/load/loads.js';
import type { SourcesWatch } from '../live/watch/sources-watch.js';
import type { ServerLog } from '../log.js';
import type { Scraper } from '../scrape/scraper.js';
import { API_ROOT } from './api/api-endpoint.js';
import { apiRoutes, isApiRoute } from './api/api-routes.js';
import type { DebugSurfaces } from './api/debug-surfaces.js';
import { isApiPath, replyApiError } from './api/error.js';
import { OPENAPI } from './api/openapi.js';
import { bareServer } from './bare-server.js';
import type { Connections } from './connections.js';
import {
  type Endpoint,
  endpoints,
  HEALTHY,
  LANDING,
  LOAD,
  LOAD_ENGINE,
  READY,
} from './endpoint.js';
import { enginesRoute } from './engines-route.js';
import { errorReplies } from './error-reply.js';
import { healthRoutes } from './health-routes.js';
import { hostCheck } from './host-check.js';
import { landingPage } from './landing-page.js';
import { type Lifecycle, lifecycleRoutes } from './lifecycle-routes.js';
import { loadRoutes } from './load-route.js';
import { metricsRoute } from './metrics-route.js';
import { pageRoutes } from './page/page-routes.js';
import { replyText } from './reply-text.js';
import type { RequestLimit } from './request-limit.js';
import { READER_TIMEOUTS, type ReaderTimeouts } from './slow-reader.js';
import type { Web } from './web/guard-requests.js';

export interface ServerOptions {
  /** Begins with a slash; letters, digits and `._~-/` only. */
  readonly telemetryPath: string;
  /** Shared by the servers of all listen addresses. */
  readonly limit: RequestLimit;
  /** Shared likewise; not limited where absent. */
  readonly connections?: Connections;
  readonly version: string;
  /** Of all paths; as returned by parseRoutePrefix. */
  readonly routePrefix?: string;
  /** As returned by parseAllowedHost; none if absent. */
  readonly allowedHosts?: readonly string[];
  /** For clients that do not read their answer. */
  readonly readerTimeouts?: ReaderTimeouts;
  /** Debug surfaces, such as the API; not served where absent. */
  readonly debug?: DebugSurfaces | undefined;
  /** Reload and quit over HTTP; refused where absent. */
  readonly lifecycle?: Lifecycle | undefined;
  /** Whose engines /-/engines is about; not served where absent. */
  readonly engineProbe?: SourcesWatch | undefined;
  /** What routers read; not served where absent. */
  readonly loads?: Loads | undefined;
  /** TLS, users, headers and a limit of requests; none where absent. */
  readonly web?: Web | undefined;
  readonly log: ServerLog;
}

export function buildServer(scraper: Scraper, options: ServerOptions): FastifyInstance {
  const { telemetryPath, limit, version, allowedHosts = [] } = options;
  const { log, readerTimeouts = READER_TIMEOUTS, routePrefix = '', debug } = options;
  const server = bareServer({ ...options, hasApi: debug !== undefined });
  const check = hostCheck(allowedHosts);
  metricsRoute(server, telemetryPath, scraper, {
    limit,
    readerTimeouts,
    debug: debug && { surfaces: debug, check },
  });
  if (options.loads !== undefined) loadRoutes(server, options.loads, limit);
  healthRoutes(server, scraper);
  lifecycleRoutes(server, options.lifecycle);
  const { engineProbe } = options;
  if (engineProbe !== undefined) enginesRoute(server, engineProbe);
  const known = endpoints(telemetryPath, {
    debug: debug !== undefined,
    engines: engineProbe !== undefined,
    load: options.loads !== undefined,
  });
  if (telemetryPath !== LANDING.path) {
    (debug === undefined ? landingPage : pageRoutes)(server, known, version, check);
  }
  if (debug !== undefined) {
    apiRoutes(server, scraper, { ...options, debug, allowedHosts, routePrefix, readerTimeouts });
  }
  everythingElse(server, known, debug !== undefined);
  errorReplies(server, log);
  return server;
}

/** 405 for a known path, 404 for others; a body is ignored. */
export function everythingElse(
  server: FastifyInstance,
  served: readonly Endpoint[],
  hasApi: boolean,
): void {
  const known = served.map(({ path }) => patternOf(path));
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', (_request, _body, done) => done(null));
  server.setNotFoundHandler((request, reply) => {
    const path = request.url.replace(/\?.*/s, '');
    const isApi = hasApi && isApiPath(path);
    const answer = isApi ? replyApiError : replyText;
    const isOther = request.method !== 'GET' && request.method !== 'HEAD';
    if (isOther && (isApi ? isApiRoute(path) : known.some((pattern) => pattern.test(path)))) {
      return answer(reply.header('Allow', 'GET, HEAD'), 405, 'only GET and HEAD are answered');
    }
    return answer(reply, 404, isApi ? `no such path; see ${API_ROOT}${OPENAPI.path}` : 'not found');
  });
}

/** Of a path that may have parameters, such as `{engine}`. */
function patternOf(path: string): RegExp {
  const escaped = path.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{\w+\}/g, '[^/]+');
  return new RegExp(`^${escaped}$`);
}

/** The server of one of `--web.load-address`: the load alone, and the probes. */
export function buildLoadServer(
  scraper: Scraper,
  options: Pick<ServerOptions, 'limit' | 'connections' | 'routePrefix' | 'web' | 'log'> & {
    readonly loads: Loads;
    readonly engine?: string | undefined;
  },
): FastifyInstance {
  const { loads, limit, engine, log } = options;
  const server = bareServer({ ...options, hasApi: false });
  loadRoutes(server, loads, limit, engine);
  healthRoutes(server, scraper);
  everythingElse(
    server,
    [LOAD, ...(engine === undefined ? [LOAD_ENGINE] : []), HEALTHY, READY],
    false,
  );
  errorReplies(server, log);
  return server;
}
