/**
 * Cuts a client that does not take its answer: it holds memory, and one of --web.max-requests.
 *
 * Without it forty stalled clients would keep everybody else out for as long as a connection may be
 * silent. Node sets the socket's own timeouts again once the answer is sent.
 */
import type { ServerResponse } from 'node:http';
import { constants, type Http2ServerResponse, type ServerHttp2Stream } from 'node:http2';

/** Milliseconds. */
export interface ReaderTimeouts {
  /** Not a byte was taken. */
  readonly stalled: number;
  /** From the first byte to the last; longer than any scrape timeout in use. */
  readonly whole: number;
}

export const READER_TIMEOUTS: ReaderTimeouts = { stalled: 15_000, whole: 120_000 };

/** Call it when the answer is handed over. */
export function cutSlowReader(
  response: ServerResponse | Http2ServerResponse,
  { stalled, whole }: ReaderTimeouts,
): void {
  if ('stream' in response) {
    cutSlowStream(response.stream, { stalled, whole });
    return;
  }
  // Injected requests have none, and what is written to them is taken at once.
  const { socket } = response;
  if (socket === null || typeof socket.setTimeout !== 'function') return;
  // The client left while its answer was made; no `close` will come any more.
  if (socket.destroyed || response.closed) return;
  socket.setTimeout(stalled);
  const cut = setTimeout(() => socket.destroy(), whole).unref();
  response.once('close', () => clearTimeout(cut));
}

/** Of HTTP/2: other requests of the connection are not to blame. */
function cutSlowStream(stream: ServerHttp2Stream, { stalled, whole }: ReaderTimeouts): void {
  if (stream.destroyed) return;
  const end = () => stream.close(constants.NGHTTP2_CANCEL);
  stream.setTimeout(stalled, end);
  const cut = setTimeout(end, whole).unref();
  stream.once('close', () => clearTimeout(cut));
}
