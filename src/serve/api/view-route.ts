/**
 * A route of the API that answers a view: parameters, the instant, the view in slices, and the page of it.
 *
 * Parameters are read by our own code: the compilers of schemas are half of fastify.
 */
import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest, onRequestHookHandler } from 'fastify';
import { inSlices } from '../../steps.js';
import { cutSlowReader, type ReaderTimeouts } from '../slow-reader.js';
import { answerBody } from './answer-body.js';
import {
  API_ROOT,
  SNAPSHOT_HEADER,
  type ViewContext,
  type ViewEndpoint,
  type Viewed,
} from './api-endpoint.js';
import { API_HEADERS } from './error.js';
import { type INSTANT, type PAGING, readParameters, type Values } from './parameters.js';
import { instantOf, type Readings } from './readings.js';

export interface ViewOptions {
  readonly readings: Readings;
  readonly context: ViewContext;
  readonly readerTimeouts: ReaderTimeouts;
}

export function viewRoute(
  server: FastifyInstance,
  { path, parameters, view }: ViewEndpoint,
  { readings, context, readerTimeouts }: ViewOptions,
  onRequest: onRequestHookHandler,
): void {
  server.get(routeOf(path), { onRequest }, async (request, reply) => {
    const values = readParameters(parameters, { path: request.params, query: request.query });
    const instant = await instantOf(readings, values as Values<typeof INSTANT>);
    let sent: string | Readable;
    try {
      const made = view(instant, values as never, context);
      const { body, total } = await ('next' in made ? inSlices(made) : made);
      const { snapshotId, source } = instant;
      sent = await answerBody({
        ...(snapshotId !== undefined && { snapshot: snapshotId }),
        ...(source !== undefined && { source }),
        ...body,
        ...pageMember(request, values as Partial<Values<typeof PAGING>>, total),
      });
    } catch (error) {
      instant.release();
      throw error;
    }
    // What is left of a long answer is made while it is sent.
    if (typeof sent === 'string') instant.release();
    else sent.once('close', () => instant.release());
    reply.headers(API_HEADERS);
    if (instant.snapshotId !== undefined) reply.header(SNAPSHOT_HEADER, instant.snapshotId);
    cutSlowReader(reply.raw, readerTimeouts);
    return reply.send(sent);
  });
}

/** `/files/{name}` is `/api/v1/files/:name`. */
export function routeOf(path: string): string {
  return `${API_ROOT}${path.replace(/\{(\w+)\}/g, ':$1')}`;
}

function pageMember(
  { url, query }: FastifyRequest,
  { offset = 0, limit = 0 }: Partial<Values<typeof PAGING>>,
  total: Viewed['total'],
): object | undefined {
  if (total === undefined) return undefined;
  const next = offset + limit < total ? nextUrl(url, query, offset + limit) : undefined;
  return { page: { offset, limit, total, ...(next !== undefined && { next }) } };
}

/** From the last segment of the path, so that it works behind a prefix. */
function nextUrl(url: string, query: unknown, offset: number): string {
  const [path = ''] = url.split('?');
  const parameters = new URLSearchParams();
  for (const [name, values] of Object.entries(query as Record<string, string | string[]>)) {
    if (name === 'offset') continue;
    for (const value of [values].flat()) parameters.append(name, value);
  }
  parameters.append('offset', String(offset));
  return `${path.slice(path.lastIndexOf('/') + 1)}?${parameters}`;
}
