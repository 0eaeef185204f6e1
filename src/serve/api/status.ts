/** GET /api/v1/status: what this daemon is, what it serves, and since when. */
import type { FastifyInstance, onRequestHookHandler } from 'fastify';
import type { Scraper, SourceStatus } from '../../scrape/scraper.js';
import { STATUS } from '../endpoint.js';
import { API_HEADERS } from './error.js';

export interface Status {
  readonly version: string;
  readonly startedSeconds: number;
  readonly uptimeSeconds: number;
  readonly sources: readonly SourceStatus[];
}

export function statusRoute(
  server: FastifyInstance,
  scraper: Scraper,
  version: string,
  onRequest: onRequestHookHandler,
): void {
  server.get(STATUS.path, { onRequest }, (_request, reply) => {
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
