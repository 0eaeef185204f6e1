/** GET /api/v1/activity: how fast counters grew over time, all together and of each process, from the flight recorder. */
import type { FastifyInstance, onRequestHookHandler } from 'fastify';
import { toJson } from '../../inspect/json.js';
import type { PastInstants } from '../../live/past-instants.js';
import { API_ROOT, type ApiEndpoint } from './api-endpoint.js';
import { API_HEADERS } from './error.js';
import { moment, readParameters, SOURCE, step, texts } from './parameters.js';
import { BOOLEAN, list, NUMBER, object, type Schema, SECONDS, STRING } from './schema.js';

const DAY_SECONDS = 86_400;

/** A URL of more would be too long. */
const MAX_PROCESSES = 1000;

const PARAMETERS = {
  source: SOURCE,
  start: moment('From then on.'),
  end: moment('Up to then.'),
  step: step('Between two points; sixty of them at most without it.', DAY_SECONDS),
  'process[]': texts(
    'Only of these processes, by id, there are lines; of all without one.',
    MAX_PROCESSES,
  ),
};

const LINE: Schema = list({ anyOf: [NUMBER, { type: 'null' }] });

export const ACTIVITY: ApiEndpoint = {
  path: '/activity',
  answers:
    'How fast counters and observations grew over time, all together and of each process, from the flight recorder. `isPartial` where a later answer has more.',
  parameters: PARAMETERS,
  contentType: 'application/json',
  schema: object({
    timeSeconds: list(SECONDS),
    incrementsPerSecond: LINE,
    observationsPerSecond: LINE,
    entries: LINE,
    files: LINE,
    processes: list(
      object({ processId: STRING, incrementsPerSecond: LINE, observationsPerSecond: LINE }),
    ),
    isPartial: BOOLEAN,
  }),
  example: '?start=-5m',
};

/** @param chosen the name of the source that is meant; throws if there is none */
export function activityRoute(
  server: FastifyInstance,
  past: PastInstants,
  chosen: (source: string | undefined) => string | undefined,
  onRequest: onRequestHookHandler,
): void {
  server.get(`${API_ROOT}${ACTIVITY.path}`, { onRequest }, async (request, reply) => {
    const given = { path: request.params, query: request.query };
    const values = readParameters(PARAMETERS, given);
    const { start, end, step: stepSeconds } = values;
    const ids = values['process[]'];
    const processes = ids.length === 0 ? undefined : new Set(ids);
    const asked = { start, end, stepSeconds, processes };
    const activity = await past.activity(chosen(values.source), asked);
    return reply.headers(API_HEADERS).send([...toJson(activity)].join(''));
  });
}
