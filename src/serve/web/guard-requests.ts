/**
 * Applies the web configuration to each request before any route: the rate limit, headers of every answer, and users.
 *
 * Source: prometheus/exporter-toolkit, web/handler.go, whose order it is.
 */
import type { FastifyInstance } from 'fastify';
import type { WebConfigFile } from '../../config/web-config-file.js';
import { replyText } from '../reply-text.js';
import type { TokenBucket } from './token-bucket.js';
import { TooManyLoginsError, type Users } from './users.js';

/** What the servers of all listen addresses share. */
export interface Web {
  readonly file: WebConfigFile;
  readonly users: Users;
  readonly bucket: TokenBucket;
}

export function guardRequests(server: FastifyInstance, { file, users, bucket }: Web): void {
  server.addHook('onRequest', async (request, reply) => {
    const { headers, rateLimit, users: known } = file.config;
    if (file.broken !== undefined) {
      return replyText(reply, 500, 'the web configuration is wrong, see the log of promfold');
    }
    if (rateLimit !== undefined && !bucket.take(rateLimit)) {
      return replyText(reply, 429, 'too many requests');
    }
    reply.headers(headers);
    if (known.size === 0) return;
    try {
      if (await users.admits(request.headers.authorization, known)) return;
    } catch (error) {
      if (!(error instanceof TooManyLoginsError)) throw error;
      return replyText(reply, 503, error.message);
    }
    return replyText(
      reply.header('WWW-Authenticate', 'Basic'),
      401,
      'user and password are needed',
    );
  });
}
