/**
 * Disconnects a client that does not read its answer: it takes memory, and one of --web.max-requests.
 *
 * Without it, forty stalled clients would block all others for as long as a connection may be silent. Node restores
 * the socket's own timeouts once the answer is sent.
 */
import type { ServerResponse } from 'node:http';
import { constants, type Http2ServerResponse, type ServerHttp2Stream } from 'node:http2';

/** Milliseconds. */
export interface ReaderTimeouts {
  /** Time without a byte read. */
  readonly stalled: number;
  /** From the first byte to the last; longer than any scrape timeout in use. */
  readonly whole: number;
}

export const READER_TIMEOUTS: ReaderTimeouts = { stalled: 15_000, whole: 120_000 };

/** Call this when the answer is handed over. */
export function cutSlowReader(
  response: ServerResponse | Http2ServerResponse,
  { stalled, whole }: ReaderTimeouts,
): void {
  if ('stream' in response) {
    cutSlowStream(response.stream, { stalled, whole });
    return;
  }
  // Injected requests have no socket, and writes to them complete at once.
  const { socket } = response;
  if (socket === null || typeof socket.setTimeout !== 'function') return;
  // The client disconnected while its answer was made; there will be no further `close` event.
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
