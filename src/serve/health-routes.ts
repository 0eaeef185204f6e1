/**
 * /-/healthy and /-/ready, for probes that must not cost a scrape.
 *
 * Source: Prometheus' management API, docs/management_api.md.
 */
import type { FastifyInstance } from 'fastify';
import type { Scraper } from '../scrape/scraper.js';
import { HEALTHY, READY } from './endpoint.js';
import { replyText } from './reply-text.js';

export function healthRoutes(server: FastifyInstance, scraper: Scraper): void {
  server.get(HEALTHY.path, (_request, reply) => replyText(reply, 200, 'promfold is healthy.'));

  server.get(READY.path, async (_request, reply) => {
    const { ready, waitingFor } = await scraper.readiness();
    return ready
      ? replyText(reply, 200, 'promfold is ready.')
      : replyText(reply, 503, `promfold is not ready: waiting for ${waitingFor}`);
  });
}
