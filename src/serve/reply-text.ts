/**
 * An answer of one line of plain text, readable with curl and in a log.
 */
import type { FastifyReply } from 'fastify';

export function replyText(reply: FastifyReply, status: number, line: string): FastifyReply {
  return reply.code(status).header('Content-Type', 'text/plain; charset=utf-8').send(`${line}\n`);
}
