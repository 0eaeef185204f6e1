/** GET /api/v1/verdicts: which process or engine is stuck, silent or slow, and on what evidence. */
import type { FastifyInstance, onRequestHookHandler } from 'fastify';
import type { SourcesWatch } from '../../live/watch/sources-watch.js';
import type { Scraper } from '../../scrape/scraper.js';
import type { Verdict } from '../../watchdog/verdict.js';
import { API_ROOT, type ApiEndpoint } from './api-endpoint.js';
import { API_HEADERS } from './error.js';
import { readParameters, SOURCE } from './parameters.js';
import { chooseSource } from './readings.js';
import { FINITE, list, object, ref } from './schema.js';

export interface VerdictsAnswer {
  /** As of --watchdog.silence; absent where the watchdog is off, and there are no verdicts then. */
  readonly silenceSeconds?: number;
  readonly verdicts: readonly (Verdict & { readonly source?: string })[];
}

const PARAMETERS = { source: SOURCE };

export const VERDICTS_ENDPOINT: ApiEndpoint = {
  path: '/verdicts',
  answers:
    'Which process or engine is stuck, silent or slow, since when, and on what evidence. Of all sources, where none is named.',
  parameters: PARAMETERS,
  contentType: 'application/json',
  schema: object(
    { verdicts: list(ref('Verdict')) },
    { silenceSeconds: { ...FINITE, description: 'Absent where the watchdog is off.' } },
  ),
  example: '',
};

/** @param watch undefined where the watchdog is off */
export function verdictsRoute(
  server: FastifyInstance,
  scraper: Scraper,
  watch: SourcesWatch | undefined,
  onRequest: onRequestHookHandler,
): void {
  server.get(`${API_ROOT}${VERDICTS_ENDPOINT.path}`, { onRequest }, (request, reply) => {
    const given = { path: request.params, query: request.query };
    const { source } = readParameters(PARAMETERS, given);
    if (source !== undefined) chooseSource(scraper.sources(), source);
    const answer: VerdictsAnswer = {
      ...(watch !== undefined && { silenceSeconds: watch.silenceSeconds }),
      verdicts: (watch?.verdicts() ?? [])
        .filter(({ name }) => source === undefined || name === source)
        .flatMap(({ name, verdicts }) =>
          verdicts.map((verdict) => (name === undefined ? verdict : { source: name, ...verdict })),
        ),
    };
    return reply.headers(API_HEADERS).send(`${JSON.stringify(answer)}\n`);
  });
}
