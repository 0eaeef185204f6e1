/**
 * GET and HEAD of the telemetry path: one scrape per request, never cached.
 *
 * The route reads the request (dialect, names, gzip, deadline); it does not know what a metric is. error-reply.ts
 * answers failed scrapes. With `snapshot` or `process` in its query a request is one for a debug surface.
 */
import type { FastifyInstance, FastifyRequest, onRequestHookHandler } from 'fastify';
import { acceptsGzip, negotiate } from '../expose/negotiate.js';
import type { Scraper } from '../scrape/scraper.js';
import type { DebugSurfaces } from './api/debug-surfaces.js';
import { deadlineSeconds, within } from './deadline.js';
import { debugPage } from './debug-page.js';
import { replyText } from './reply-text.js';
import type { RequestLimit } from './request-limit.js';
import { cutSlowReader, type ReaderTimeouts } from './slow-reader.js';

/** More than any dashboard needs; a request line of 16 KB could have more. */
const MAX_NAMES = 1000;

export interface MetricsOptions {
  readonly limit: RequestLimit;
  readonly readerTimeouts: ReaderTimeouts;
  /** Debug surfaces, and whether their requests are for an allowed host; absent where they are not served. */
  readonly debug:
    | { readonly surfaces: DebugSurfaces; readonly check: onRequestHookHandler }
    | undefined;
}

export function metricsRoute(
  server: FastifyInstance,
  path: string,
  scraper: Scraper,
  { limit, readerTimeouts, debug }: MetricsOptions,
): void {
  const onRequest: onRequestHookHandler = function check(request, reply, done) {
    if (debug === undefined || !isForDebugging(request)) done();
    else debug.check.call(this, request, reply, done);
  };
  server.get(path, { onRequest }, async (request, reply) => {
    if (!limit.enter()) {
      const reached = `Limit of concurrent requests reached (${limit.max}), try again later.`;
      return replyText(reply, 503, reached);
    }
    // Runs after the answer is handed over, and also if the client disconnects earlier.
    reply.raw.once('close', () => limit.leave());

    const names = requestedNames(request);
    if (names && names.length > MAX_NAMES) {
      return replyText(reply, 400, `expected at most ${MAX_NAMES} name[], got ${names.length}`);
    }
    const query = request.query as Record<string, string | string[] | undefined>;
    for (const name of ['source', 'snapshot', 'process']) {
      const given = query[name];
      if (!Array.isArray(given)) continue;
      return replyText(reply, 400, `expected one ${name}, got ${given.length}`);
    }
    const { source, snapshot, process: processId } = query as Record<string, string | undefined>;
    const dialect = negotiate(request.headers.accept);
    const gzip = acceptsGzip(request.headers['accept-encoding']);
    reply.header('Vary', 'Accept, Accept-Encoding');

    const timeout = request.headers['x-prometheus-scrape-timeout-seconds'];
    const withinSeconds = deadlineSeconds(Array.isArray(timeout) ? timeout[0] : timeout);
    if (isForDebugging(request)) {
      if (debug === undefined) return replyText(reply, 404, NOT_HERE);
      const wanted = { dialect, names, source, snapshot, process: processId };
      const page = await within(withinSeconds, debugPage(debug.surfaces, wanted));
      cutSlowReader(reply.raw, readerTimeouts);
      const headers = { 'Content-Type': dialect.contentType, 'Cache-Control': 'no-store' };
      return reply.headers(headers).send(page);
    }
    const body = await within(
      withinSeconds,
      scraper.scrape({ dialect, gzip, names, source, withinSeconds }),
    );
    // Then the kernel has all of it. The memory of an answer that was cut off may still be in use.
    reply.raw.once('finish', () => scraper.release(body));
    if (gzip) reply.header('Content-Encoding', 'gzip');
    cutSlowReader(reply.raw, readerTimeouts);
    return reply.header('Content-Type', dialect.contentType).send(body);
  });
}

const NOT_HERE =
  'snapshot and process are debug surfaces, which are served on loopback, on --web.debug-address and with --web.enable-debug';

function isForDebugging({ query }: FastifyRequest): boolean {
  const { snapshot, process: processId } = query as Record<string, unknown>;
  return snapshot !== undefined || processId !== undefined;
}

/** Every `name[]` that is not blank; without one, everything is selected, as in prometheus_client. */
function requestedNames(request: FastifyRequest): string[] | undefined {
  const { 'name[]': given = [] } = request.query as Record<string, string | string[]>;
  const names = [given].flat().filter((name) => name.trim() !== '');
  return names.length === 0 ? undefined : names;
}
