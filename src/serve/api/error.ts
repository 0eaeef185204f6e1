/** Errors of the API: `{"error":{"code":…,"message":…}}`. */
import type { FastifyReply } from 'fastify';

export type ApiErrorCode = 'bad_request' | 'not_found' | 'unavailable' | 'failed';

const STATUS: Readonly<Record<ApiErrorCode, number>> = {
  bad_request: 400,
  not_found: 404,
  unavailable: 503,
  failed: 500,
};

export function replyApiError(reply: FastifyReply, code: ApiErrorCode, message: string) {
  return reply
    .code(STATUS[code])
    .headers(API_HEADERS)
    .send(`${JSON.stringify({ error: { code, message } })}\n`);
}

/** Of every answer that is JSON. */
export const API_HEADERS = {
  'Content-Type': 'application/json; charset=utf-8',
  'Cache-Control': 'no-store',
};
