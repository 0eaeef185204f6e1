/**
 * /-/healthy and /-/ready, for probes, without a scrape.
 *
 * A scrape that hangs, as on a mount that does not answer, makes promfold not ready. It stays healthy, but mentions
 * the scrape: a restart would hang again.
 *
 * Source: https://prometheus.io/docs/prometheus/latest/management_api/.
 */
import type { FastifyInstance } from 'fastify';
import type { Scraper } from '../scrape/scraper.js';
import { HEALTHY, READY } from './endpoint.js';
import { replyText } from './reply-text.js';

export function healthRoutes(server: FastifyInstance, scraper: Scraper): void {
  server.get(HEALTHY.path, (_request, reply) => {
    const overdue = scraper.overdue();
    const line = 'promfold is healthy.';
    return replyText(reply, 200, overdue === undefined ? line : `${line} It waits for ${overdue}`);
  });

  server.get(READY.path, async (_request, reply) => {
    const { ready, waitingFor } = await scraper.readiness();
    return ready
      ? replyText(reply, 200, 'promfold is ready.')
      : replyText(reply, 503, `promfold is not ready: waiting for ${waitingFor}`);
  });
}
