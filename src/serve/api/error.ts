/** Errors of the API: `{"error":{"code":…,"message":…}}`, with the status code that fits. */
import type { FastifyReply } from 'fastify';
import { MetricFileError, UsageError } from '../../errors.js';
import type { ServerLog } from '../../log.js';
import { UnknownSourceError } from '../../scrape/scrape-run.js';
import { TooManyScrapesError } from '../../scrape/scraper.js';

/** Paths below it are the API's, and answer errors as JSON. */
export const API_PREFIX = '/api/';

/** By HTTP status. */
const CODE = {
  400: 'bad_request',
  404: 'not_found',
  405: 'method_not_allowed',
  421: 'host_not_allowed',
  500: 'failed',
  503: 'unavailable',
} as const;

export type ApiStatus = keyof typeof CODE;
export type ApiErrorCode = (typeof CODE)[ApiStatus];

export const API_ERROR_CODES: readonly ApiErrorCode[] = Object.values(CODE);

/** An answer other than 200. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: ApiStatus;

  constructor(status: ApiStatus, message: string) {
    super(message);
    this.status = status;
  }
}

/** Of every answer that is JSON. */
export const API_HEADERS = {
  'Content-Type': 'application/json; charset=utf-8',
  'Cache-Control': 'no-store',
};

export function isApiPath(url: string): boolean {
  return url.startsWith(API_PREFIX);
}

export function replyApiError(reply: FastifyReply, status: number, message: string): FastifyReply {
  const code = CODE[status as ApiStatus] ?? (status < 500 ? CODE[400] : CODE[500]);
  return reply
    .code(status)
    .headers(API_HEADERS)
    .send(`${JSON.stringify({ error: { code, message } })}\n`);
}

/** Logs only what is a bug. */
export function replyThrown(
  reply: FastifyReply,
  request: string,
  error: unknown,
  log: ServerLog,
): FastifyReply {
  if (error instanceof ApiError) return replyApiError(reply, error.status, error.message);
  if (error instanceof UsageError) return replyApiError(reply, 400, error.message);
  if (error instanceof UnknownSourceError) return replyApiError(reply, 404, error.message);
  if (error instanceof TooManyScrapesError) return replyApiError(reply, 503, error.message);
  if (error instanceof MetricFileError) {
    return replyApiError(reply, 503, `${error.message} [${error.code}]`);
  }
  if (error instanceof Error && 'statusCode' in error && Number(error.statusCode) < 500) {
    return replyApiError(reply, Number(error.statusCode), error.message);
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  log.error('request failed', { request, error: stack });
  return replyApiError(reply, 500, 'internal error, see the log of promfold');
}
