/**
 * GET and HEAD of the telemetry path: one scrape per request, never cached.
 *
 * The route reads the request (dialect, names, gzip, deadline); it does not know what a metric is. error-reply.ts
 * answers failed scrapes.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { acceptsGzip, negotiate } from '../expose/negotiate.js';
import type { Scraper } from '../scrape/scraper.js';
import { deadlineSeconds, within } from './deadline.js';
import { replyText } from './reply-text.js';
import type { RequestLimit } from './request-limit.js';
import { cutSlowReader, type ReaderTimeouts } from './slow-reader.js';

/** More than any dashboard needs; a request line of 16 KB could have more. */
const MAX_NAMES = 1000;

export function metricsRoute(
  server: FastifyInstance,
  path: string,
  scraper: Scraper,
  limit: RequestLimit,
  readerTimeouts: ReaderTimeouts,
): void {
  server.get(path, async (request, reply) => {
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
    const { source } = request.query as { source?: string | string[] };
    if (Array.isArray(source)) {
      return replyText(reply, 400, `expected one source, got ${source.length}`);
    }
    const dialect = negotiate(request.headers.accept);
    const gzip = acceptsGzip(request.headers['accept-encoding']);
    reply.header('Vary', 'Accept, Accept-Encoding');

    const timeout = request.headers['x-prometheus-scrape-timeout-seconds'];
    const withinSeconds = deadlineSeconds(Array.isArray(timeout) ? timeout[0] : timeout);
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

/** Every `name[]` that is not blank; without one, everything is selected, as in prometheus_client. */
function requestedNames(request: FastifyRequest): string[] | undefined {
  const { 'name[]': given = [] } = request.query as Record<string, string | string[]>;
  const names = [given].flat().filter((name) => name.trim() !== '');
  return names.length === 0 ? undefined : names;
}
