/**
 * What a request that failed answers: a status and one line of text.
 *
 *   the directory is gone         503, so that Prometheus' `up` is 0, and recovers by itself
 *   too late for the client       503, also if a hanging scrape blocks too many others
 *   `source` names none           404, with the existing ones
 *   a bad file under --strict     500, as prometheus_client
 *   a request that makes no sense what fastify says, 4xx
 *   anything else                 500, and logged with its stack: a bug
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { MetricFileError } from '../errors.js';
import type { ServerLog } from '../log.js';
import { UnknownSourceError } from '../scrape/scrape-run.js';
import { TooManyScrapesError } from '../scrape/scraper.js';
import { ApiError } from './api/error.js';
import { DeadlineError } from './deadline.js';
import { replyText } from './reply-text.js';

export function errorReplies(server: FastifyInstance, log: ServerLog): void {
  server.setErrorHandler((error, request, reply) =>
    replyError(reply, `${request.method} ${request.url}`, error, log),
  );
}

export function replyError(
  reply: FastifyReply,
  request: string,
  error: unknown,
  log: ServerLog,
): FastifyReply {
  reply.removeHeader('Vary');
  if (error instanceof MetricFileError) {
    const status = error.code === 'DIRECTORY_UNREADABLE' ? 503 : 500;
    return replyText(reply, status, `${error.message} [${error.code}]`);
  }
  if (error instanceof ApiError) return replyText(reply, error.status, error.message);
  if (error instanceof UnknownSourceError) return replyText(reply, 404, error.message);
  if (error instanceof DeadlineError || error instanceof TooManyScrapesError)
    return replyText(reply, 503, error.message);
  if (error instanceof Error && 'statusCode' in error && Number(error.statusCode) < 500) {
    return replyText(reply, Number(error.statusCode), error.message);
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  log.error('request failed', { request, error: stack });
  return replyText(reply, 500, 'internal error, see the log of promfold');
}
