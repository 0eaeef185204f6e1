/**
 * GET /api/v1/live: the values of chosen series at each tick, as server-sent events, until the client leaves.
 *
 * A client that does not read is cut: only so much is buffered for it. https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify';
import type { ApiCounts } from '../../live/api-counts.js';
import {
  eventOf,
  type LiveQuery,
  type LiveStream,
  type LiveValues,
  MAX_LIVE_SERIES,
  TooManySeriesError,
} from '../../live/live-values.js';
import type { Scraper } from '../../scrape/scraper.js';
import type { ApiEndpoint } from './api-endpoint.js';
import { ApiError, type ApiErrorCode } from './error.js';
import { MATCH, readParameters, SOURCE, seconds } from './parameters.js';
import { chooseSource } from './readings.js';
import { STRING } from './schema.js';
import { routeOf } from './view-route.js';

/** Bytes that are buffered for a client in the process; the kernel has more. */
const MAX_BUFFERED_BYTES = 64 * 1024;

const FASTEST_SECONDS = 0.1;
const SLOWEST_SECONDS = 60;

/** Clients wait this long before they connect again, milliseconds. */
const RETRY_MS = 1_000;

export const LIVE = {
  path: '/live',
  answers:
    'Server-sent events: `series` names the series that `match[]` selects, and `values` has their values at each tick. ' +
    'They are named again when series come or go.',
  parameters: {
    'match[]': {
      ...MATCH,
      isRequired: true as const,
      description: `A selector, as in PromQL. Of several, each adds what it selects; ${MAX_LIVE_SERIES} series at most.`,
    },
    interval: seconds('Between two ticks, in seconds.', FASTEST_SECONDS, SLOWEST_SECONDS, 1),
    source: SOURCE,
  },
  contentType: 'text/event-stream',
  schema: STRING,
  example: '?match[]=up&interval=0.5',
} satisfies ApiEndpoint;

/** The streams of all listen addresses. */
export class LiveStreams {
  readonly #counts: ApiCounts;
  /** How to end each open stream. */
  readonly #open = new Set<() => void>();
  #isClosed = false;

  constructor(counts: ApiCounts) {
    this.#counts = counts;
  }

  /** Ends all streams; clients connect again elsewhere, or later. */
  close(): void {
    this.#isClosed = true;
    for (const end of this.#open) end();
  }

  /**
   * @param join has events sent to the stream, and returns how to leave
   * @throws ApiError if the series cannot be given
   */
  async open(
    join: (stream: LiveStream) => Promise<() => void>,
    reply: FastifyReply,
  ): Promise<Readable> {
    if (this.#isClosed) throw new ApiError(503, STOPPING);
    const stream = new Readable({ read() {} });
    // The client may leave before the stream is sent.
    reply.raw.once('close', () => stream.destroy());
    stream.push(`retry: ${RETRY_MS}\n\n`);
    let allowedBytes = MAX_BUFFERED_BYTES;
    const send = (bytes: string | Buffer) => {
      const waitingBytes = stream.readableLength + reply.raw.writableLength;
      // Names of a thousand series may be longer than that: what comes after them may wait, too.
      if (waitingBytes <= MAX_BUFFERED_BYTES) allowedBytes = MAX_BUFFERED_BYTES + bytes.length;
      if (waitingBytes <= allowedBytes) {
        stream.push(bytes);
        return;
      }
      this.#counts.streamsCut++;
      stream.destroy();
      reply.raw.destroy();
    };
    let leave = () => {};
    const end = () => {
      leave();
      this.#open.delete(end);
      stream.push(null);
      // What is buffered for a client that does not read is not waited for.
      setTimeout(() => reply.raw.destroy(), END_MS).unref();
    };
    const leaving = join({
      events: send,
      failed: (message) => send(failure('unavailable', message)),
      ended: (message) => {
        send(failure('failed', message));
        end();
      },
    });
    try {
      leave = await leaving;
    } catch (error) {
      stream.destroy();
      if (!(error instanceof TooManySeriesError)) throw error;
      throw new ApiError(400, `match[]: ${error.message}`);
    }
    if (stream.destroyed || this.#isClosed) {
      leave();
      if (!stream.destroyed) throw new ApiError(503, STOPPING);
      return stream;
    }
    this.#open.add(end);
    this.#counts.streams++;
    stream.once('close', () => {
      this.#open.delete(end);
      this.#counts.streams--;
      leave();
    });
    return stream;
  }
}

/** A client has this long to read what was sent before the end, milliseconds. */
const END_MS = 500;

const STOPPING = 'promfold is stopping';

function failure(code: ApiErrorCode, message: string): string {
  return eventOf('failed', { error: { code, message } });
}

export function liveRoute(
  server: FastifyInstance,
  scraper: Scraper,
  { streams, values }: { readonly streams: LiveStreams; readonly values: LiveValues },
  onRequest: onRequestHookHandler,
): void {
  server.addHook('preClose', async () => streams.close());
  const path = routeOf(LIVE.path);
  server.head(path, { onRequest }, (request, reply) => {
    queryOf(request, scraper);
    return reply.headers(STREAM_HEADERS).send();
  });
  server.get(path, { onRequest, exposeHeadRoute: false }, async (request, reply) => {
    const query = queryOf(request, scraper);
    const stream = await streams.open((live) => values.join(query, live), reply);
    return reply.headers(STREAM_HEADERS).send(stream);
  });
}

export const STREAM_HEADERS = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-store',
  // nginx would collect the events.
  'X-Accel-Buffering': 'no',
};

/** @throws ApiError */
function queryOf({ params, query }: FastifyRequest, scraper: Scraper): LiveQuery {
  const { interval, source, ...values } = readParameters(LIVE.parameters, { path: params, query });
  const selectors = values['match[]'];
  if (selectors.length === 0) throw new ApiError(400, 'match[]: expected one at least, got none');
  const { 'match[]': given } = query as { 'match[]': string | string[] };
  const { name } = chooseSource(scraper.sources(), source);
  return { source: name, intervalMs: interval * 1000, selectors, texts: [given].flat() };
}
