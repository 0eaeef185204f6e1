/**
 * What a router or an autoscaler reads, on fixed paths: it can be told a path and a port, and no query. As public as the
 * telemetry path: the same TLS, users, limits and route prefix. Text, or JSON by Accept.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { parseAccept } from '../expose/accept.js';
import { type Loads, UnknownEngineError } from '../live/load/loads.js';
import { NoLoadError } from '../live/load/source-load.js';
import { LOAD, LOAD_ENGINE } from './endpoint.js';
import { replyText } from './reply-text.js';
import type { RequestLimit } from './request-limit.js';

const TEXT = 'text/plain; version=0.0.4; charset=utf-8';
const JSON_TYPE = 'application/json; charset=utf-8';

/** @param engine all that is told of on this server; every one where absent */
export function loadRoutes(
  server: FastifyInstance,
  loads: Loads,
  limit: RequestLimit,
  engine?: string,
): void {
  server.get(LOAD.path, (request, reply) => answer(request, reply, { loads, limit, engine }));
  if (engine !== undefined) return;
  server.get(LOAD_ENGINE.route, (request, reply) => {
    const { engine: asked } = request.params as { readonly engine: string };
    return answer(request, reply, { loads, limit, engine: asked });
  });
}

interface Asked {
  readonly loads: Loads;
  readonly limit: RequestLimit;
  readonly engine: string | undefined;
}

async function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  { loads, limit, engine }: Asked,
): Promise<FastifyReply> {
  if (!limit.enter()) {
    loads.turnedAway();
    const reached = `Limit of concurrent requests reached (${limit.max}), try again later.`;
    return replyText(reply, 503, reached);
  }
  reply.raw.once('close', () => limit.leave());
  const { source } = request.query as Readonly<Record<string, string | string[] | undefined>>;
  if (Array.isArray(source)) {
    loads.turnedAway();
    return replyText(reply, 400, `expected one source, got ${source.length}`);
  }
  const headers = { Vary: 'Accept', 'Cache-Control': 'no-store' };
  try {
    const load = await loads.answer({ source, engine });
    reply.headers(headers);
    if (wantsJson(request.headers.accept)) {
      return reply.header('Content-Type', JSON_TYPE).send(`${JSON.stringify(load.json())}\n`);
    }
    return reply.header('Content-Type', TEXT).send(load.text());
  } catch (error) {
    if (error instanceof NoLoadError) return replyText(reply.headers(headers), 503, error.message);
    if (error instanceof UnknownEngineError) return replyText(reply, 404, error.message);
    throw error;
  }
}

/** Where it is preferred to text; a picker sends no Accept at all. */
function wantsJson(accept: string | undefined): boolean {
  if (accept === undefined) return false;
  const preferred = parseAccept(accept).find(({ value, quality }) => {
    return (
      quality > 0 && /^(?:application\/json|text\/(?:plain|\*)|\*\/\*|application\/\*)$/.test(value)
    );
  });
  return preferred?.value === 'application/json' || preferred?.value === 'application/*';
}
