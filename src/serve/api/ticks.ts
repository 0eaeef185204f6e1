/**
 * GET /api/v1/ticks: names an instant at each tick, as server-sent events. Views that are asked for with its `snapshot` are of the
 * same moment: the page does, in all its windows. Where instants take long, ticks are less frequent.
 */
import type { FastifyInstance, FastifyRequest, onRequestHookHandler } from 'fastify';
import { eventOf, type LiveStream } from '../../live/live-values.js';
import type { Scraper } from '../../scrape/scraper.js';
import type { ApiEndpoint } from './api-endpoint.js';
import type { DebugSurfaces } from './debug-surfaces.js';
import { STREAM_HEADERS } from './live.js';
import { readParameters, SOURCE, seconds } from './parameters.js';
import { chooseSource } from './readings.js';
import { STRING } from './schema.js';
import { routeOf } from './view-route.js';

const FASTEST_SECONDS = 0.5;
const SLOWEST_SECONDS = 60;

export const TICKS = {
  path: '/ticks',
  answers:
    'Server-sent events: `tick` names an instant, as `snapshot`, of which views can be asked for. Less often where instants take long.',
  parameters: {
    interval: seconds('Between two ticks, in seconds.', FASTEST_SECONDS, SLOWEST_SECONDS, 1),
    source: SOURCE,
  },
  contentType: 'text/event-stream',
  schema: STRING,
  example: '?interval=2',
} satisfies ApiEndpoint;

export function ticksRoute(
  server: FastifyInstance,
  scraper: Scraper,
  { streams, ticks, pin }: Pick<DebugSurfaces, 'streams' | 'ticks' | 'pin'>,
  onRequest: onRequestHookHandler,
): void {
  const path = routeOf(TICKS.path);
  server.head(path, { onRequest }, (request, reply) => {
    queryOf(request, scraper);
    return reply.headers(STREAM_HEADERS).send();
  });
  server.get(path, { onRequest, exposeHeadRoute: false }, async (request, reply) => {
    const { source, intervalMs } = queryOf(request, scraper);
    const startedSeconds = Date.now() / 1000 - process.uptime();
    const join = async (stream: LiveStream) => {
      stream.events(Buffer.from(eventOf('started', { startedSeconds })));
      let unpin = () => {};
      const leave = ticks.listen(source, intervalMs, {
        tick: ({ snapshotId: snapshot, reading: { takenAtSeconds } }) => {
          const earlier = unpin;
          unpin = pin(snapshot);
          earlier();
          stream.events(Buffer.from(eventOf('tick', { snapshot, takenAtSeconds })));
        },
        failed: ({ message }) => stream.failed(message),
      });
      return () => {
        leave();
        unpin();
        unpin = () => {};
      };
    };
    return reply.headers(STREAM_HEADERS).send(await streams.open(join, reply));
  });
}

/** @throws ApiError */
function queryOf({ params, query }: FastifyRequest, scraper: Scraper) {
  const { interval, source } = readParameters(TICKS.parameters, { path: params, query });
  return { source: chooseSource(scraper.sources(), source).name, intervalMs: interval * 1000 };
}
