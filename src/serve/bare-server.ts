/** An HTTP server without routes: its limits, TLS and users, and what is logged and counted of every request. */
import type { Server, TLSSocket } from 'node:tls';
import fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify';
import type { ServerLog } from '../log.js';
import { isApiPath, replyThrown } from './api/error.js';
import { answerClientError } from './client-error.js';
import type { Connections } from './connections.js';
import { replyError } from './error-reply.js';
import { withoutPrefix } from './route-prefix.js';
import { refusalOf } from './web/client-certificates.js';
import { guardRequests, type Web } from './web/guard-requests.js';

export interface BareServerOptions {
  readonly connections?: Connections;
  readonly routePrefix?: string;
  readonly web?: Web | undefined;
  /** Whether errors below the API's path are answered as it answers them. */
  readonly hasApi: boolean;
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

/**
 * Of a request, bytes. The API is asked for series by all their labels, and a value of 3,000 Chinese characters is 27 KB in a
 * URL. Elsewhere it is what Node has, 16 KiB.
 */
const MAX_API_HEADER_BYTES = 131_072;

/** Names of labels and files are parts of paths; no route has a regular expression. */
const MAX_PARAMETER_LENGTH = MAX_API_HEADER_BYTES;

/** No route has a schema, and the compilers for them are half of fastify. */
const NO_SCHEMAS = {
  compilersFactory: { buildValidator: refuseSchema, buildSerializer: refuseSchema },
};

function refuseSchema(): never {
  throw new Error('no route has a schema');
}

export function bareServer({
  connections,
  routePrefix = '',
  web,
  hasApi,
  log,
}: BareServerOptions): FastifyInstance {
  const server = fastify({
    logger: false,
    schemaController: NO_SCHEMAS,
    routerOptions: { maxParamLength: MAX_PARAMETER_LENGTH },
    rewriteUrl: withoutPrefix(routePrefix),
    ...protocolOptions(web, hasApi),
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
      const answer = hasApi && isApiPath(request.url) ? replyThrown : replyError;
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
  return server;
}

/** HTTP, HTTPS, or HTTPS with HTTP/2. */
function protocolOptions(web: Web | undefined, hasApi: boolean): FastifyServerOptions {
  const limits = {
    headersTimeout: TIMEOUTS.headers,
    ...(hasApi && { maxHeaderSize: MAX_API_HEADER_BYTES }),
  };
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
