/**
 * The HTTP server: routes and limits, without a socket. Listening is separate (listen.ts), so that every route can be
 * tested with inject.
 */
import type { Server, TLSSocket } from 'node:tls';
import fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify';
import type { SourcesWatch } from '../live/watch/sources-watch.js';
import type { ServerLog } from '../log.js';
import type { Scraper } from '../scrape/scraper.js';
import { API_ROOT } from './api/api-endpoint.js';
import { apiRoutes, isApiRoute } from './api/api-routes.js';
import type { DebugSurfaces } from './api/debug-surfaces.js';
import { isApiPath, replyApiError, replyThrown } from './api/error.js';
import { OPENAPI } from './api/openapi.js';
import { answerClientError } from './client-error.js';
import type { Connections } from './connections.js';
import { type Endpoint, endpoints, LANDING } from './endpoint.js';
import { enginesRoute } from './engines-route.js';
import { errorReplies, replyError } from './error-reply.js';
import { healthRoutes } from './health-routes.js';
import { hostCheck } from './host-check.js';
import { landingPage } from './landing-page.js';
import { type Lifecycle, lifecycleRoutes } from './lifecycle-routes.js';
import { metricsRoute } from './metrics-route.js';
import { replyText } from './reply-text.js';
import type { RequestLimit } from './request-limit.js';
import { withoutPrefix } from './route-prefix.js';
import { READER_TIMEOUTS, type ReaderTimeouts } from './slow-reader.js';
import { refusalOf } from './web/client-certificates.js';
import { guardRequests, type Web } from './web/guard-requests.js';

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
  /** TLS, users, headers and a limit of requests; none where absent. */
  readonly web?: Web | undefined;
  readonly log: ServerLog;
}

/** On every answer. */
const NOT_GUESSED = { 'X-Content-Type-Options': 'nosniff' };

/** Milliseconds. */
const TIMEOUTS = {
  /** A request is a few hundred bytes; a slower one is not a scrape. */
  headers: 10_000,
  request: 20_000,
  /** Longer than the common scrape intervals of 15 to 60 s, so that Prometheus keeps its connection. */
  keepAlive: 75_000,
  /** No byte in or out, and no answer being sent (slow-reader.ts). */
  connection: 150_000,
};

/** Names of labels and files are parts of paths, which Node limits to 16 KB; no route has a regular expression. */
const MAX_PARAMETER_LENGTH = 16_384;

/** No route has a schema, and the compilers for them are half of fastify. */
const NO_SCHEMAS = {
  compilersFactory: { buildValidator: refuseSchema, buildSerializer: refuseSchema },
};

function refuseSchema(): never {
  throw new Error('no route has a schema');
}

export function buildServer(scraper: Scraper, options: ServerOptions): FastifyInstance {
  const { telemetryPath, limit, connections, version, allowedHosts = [] } = options;
  const { log, web, readerTimeouts = READER_TIMEOUTS, routePrefix = '', debug } = options;
  const server = fastify({
    logger: false,
    schemaController: NO_SCHEMAS,
    routerOptions: { maxParamLength: MAX_PARAMETER_LENGTH },
    rewriteUrl: withoutPrefix(routePrefix),
    ...protocolOptions(web),
    requestTimeout: TIMEOUTS.request,
    keepAliveTimeout: TIMEOUTS.keepAlive,
    connectionTimeout: TIMEOUTS.connection,
    // listen.ts closes them once all requests are answered.
    forceCloseConnections: false,
    // A request that arrives while closing is still answered; then its connection is closed.
    return503OnClosing: false,
    clientErrorHandler: answerClientError,
    // Hooks do not run for these.
    frameworkErrors: (error, request, reply) => {
      reply.headers(NOT_GUESSED);
      const answer = debug && isApiPath(request.url) ? replyThrown : replyError;
      answer(reply, `${request.method} ${request.url}`, error, log);
    },
  });

  server.server.keepAliveTimeout = TIMEOUTS.keepAlive;
  connections?.follow(server.server);
  if (web?.file.tls !== undefined) followTls(server, web, log);
  server.addHook('onRequest', async (_request, reply) => {
    reply.headers(NOT_GUESSED);
  });
  server.addHook('onResponse', async (request, reply) => {
    log.debug('request', {
      method: request.method,
      url: request.originalUrl,
      status: reply.statusCode,
      remote: request.ip,
      seconds: reply.elapsedTime / 1000,
    });
  });

  // After the hooks that count and log: refused requests are counted, too.
  if (web !== undefined) guardRequests(server, web);

  const check = hostCheck(allowedHosts);
  metricsRoute(server, telemetryPath, scraper, {
    limit,
    readerTimeouts,
    debug: debug && { surfaces: debug, check },
  });
  healthRoutes(server, scraper);
  lifecycleRoutes(server, options.lifecycle);
  const { engineProbe } = options;
  if (engineProbe !== undefined) enginesRoute(server, engineProbe);
  const known = endpoints(telemetryPath, {
    debug: debug !== undefined,
    engines: engineProbe !== undefined,
  });
  if (telemetryPath !== LANDING.path) {
    landingPage(server, known, version, check);
  }
  if (debug !== undefined) {
    apiRoutes(server, scraper, { ...options, debug, allowedHosts, routePrefix, readerTimeouts });
  }
  everythingElse(server, known, debug !== undefined);
  errorReplies(server, log);
  return server;
}

/** HTTP, HTTPS, or HTTPS with HTTP/2. */
function protocolOptions(web: Web | undefined): FastifyServerOptions {
  const limits = { headersTimeout: TIMEOUTS.headers };
  if (web?.file.tls === undefined) return { http: limits } as FastifyServerOptions;
  const https = { ...web.file.tls, ...limits };
  const secure = web.file.config.http2
    ? {
        http2: true,
        https: { ...https, allowHTTP1: true },
        http2SessionTimeout: TIMEOUTS.keepAlive,
      }
    : { https };
  // fastify has a type for each, and this is one of them.
  return secure as FastifyServerOptions;
}

/** New certificates are used for new connections; the connection of a refused client is closed. */
function followTls({ server }: FastifyInstance, { file }: Web, log: ServerLog): void {
  const tlsServer = server as unknown as Server;
  tlsServer.on('secureConnection', (socket: TLSSocket) => {
    const refusal = refusalOf(socket, file.config.tls!);
    if (refusal === undefined) return;
    log.warn('client refused', { remote: socket.remoteAddress, reason: refusal });
    socket.destroy();
  });
  file.onTls((options) => {
    tlsServer.setSecureContext(options);
    // Node reads these two at each connection, but has no method to set them.
    const { requestCert = false, rejectUnauthorized = false } = options;
    Object.assign(tlsServer, { requestCert, rejectUnauthorized });
  });
}

/** 405 for a known path, 404 for others; a body is ignored. */
function everythingElse(
  server: FastifyInstance,
  served: readonly Endpoint[],
  hasApi: boolean,
): void {
  const known = new Set(served.map(({ path }) => path));
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', (_request, _body, done) => done(null));
  server.setNotFoundHandler((request, reply) => {
    const path = request.url.replace(/\?.*/s, '');
    const isApi = hasApi && isApiPath(path);
    const answer = isApi ? replyApiError : replyText;
    const isOther = request.method !== 'GET' && request.method !== 'HEAD';
    if (isOther && (isApi ? isApiRoute(path) : known.has(path))) {
      return answer(reply.header('Allow', 'GET, HEAD'), 405, 'only GET and HEAD are answered');
    }
    return answer(reply, 404, isApi ? `no such path; see ${API_ROOT}${OPENAPI.path}` : 'not found');
  });
}
