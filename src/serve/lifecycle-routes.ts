/**
 * /-/reload and /-/quit, to manage a daemon over HTTP. They answer PUT and POST, and only with
 * --web.enable-lifecycle.
 *
 * Source: https://prometheus.io/docs/prometheus/latest/management_api/.
 */
import type { FastifyInstance } from 'fastify';
import { OWN_PREFIX } from './endpoint.js';
import { replyText } from './reply-text.js';

export interface Lifecycle {
  /** @returns what is wrong with the configuration; undefined if it was applied */
  reload(): Promise<string | undefined>;
  /** Ends the daemon as SIGTERM does, after the response is sent. */
  quit(): void;
}

export const RELOAD_PATH = `${OWN_PREFIX}reload`;
export const QUIT_PATH = `${OWN_PREFIX}quit`;

const METHODS = ['PUT', 'POST'];

/** @param lifecycle absent if not enabled */
export function lifecycleRoutes(server: FastifyInstance, lifecycle: Lifecycle | undefined): void {
  for (const url of [RELOAD_PATH, QUIT_PATH]) {
    server.route({
      method: ['GET', 'HEAD'],
      url,
      handler: (_request, reply) =>
        replyText(reply.header('Allow', METHODS.join(', ')), 405, 'only PUT and POST are answered'),
    });
    server.route({
      method: METHODS,
      url,
      handler: async (_request, reply) => {
        if (lifecycle === undefined) {
          return replyText(reply, 403, '--web.enable-lifecycle is not set');
        }
        if (url === QUIT_PATH) {
          reply.raw.once('finish', () => lifecycle.quit());
          return replyText(reply, 200, 'promfold ends.');
        }
        const wrong = await lifecycle.reload();
        return wrong === undefined
          ? replyText(reply, 200, 'promfold has read its configuration again.')
          : replyText(reply, 500, `the configuration was not taken over: ${wrong}`);
      },
    });
  }
}
