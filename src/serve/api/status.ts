/** GET /api/v1/status: what this daemon is, what it serves, and since when. */
import type { FastifyInstance, onRequestHookHandler } from 'fastify';
import type { Scraper, SourceStatus } from '../../scrape/scraper.js';
import { API_ROOT, type ApiEndpoint } from './api-endpoint.js';
import { API_HEADERS } from './error.js';
import { readParameters } from './parameters.js';
import { BOOLEAN, COUNT, FINITE, list, object, SECONDS, STRING } from './schema.js';

export interface Status {
  readonly version: string;
  readonly startedSeconds: number;
  readonly uptimeSeconds: number;
  readonly sources: readonly SourceStatus[];
}

export const STATUS: ApiEndpoint = {
  path: '/status',
  answers:
    'Version, start, and for each directory, whether it can be read and how much it contains.',
  parameters: {},
  contentType: 'application/json',
  schema: object({
    version: STRING,
    startedSeconds: SECONDS,
    uptimeSeconds: FINITE,
    sources: list(
      object(
        { path: STRING, up: BOOLEAN, series: COUNT, entries: COUNT },
        { name: STRING, error: STRING },
      ),
    ),
  }),
  example: '',
};

export function statusRoute(
  server: FastifyInstance,
  scraper: Scraper,
  version: string,
  onRequest: onRequestHookHandler,
): void {
  server.get(`${API_ROOT}${STATUS.path}`, { onRequest }, (request, reply) => {
    readParameters(STATUS.parameters, { path: request.params, query: request.query });
    const uptimeSeconds = process.uptime();
    const status: Status = {
      version,
      startedSeconds: Date.now() / 1000 - uptimeSeconds,
      uptimeSeconds,
      sources: scraper.sources(),
    };
    return reply.headers(API_HEADERS).send(`${JSON.stringify(status)}\n`);
  });
}
