/**
 * Cuts a client that does not take its answer: it holds memory, and one of --web.max-requests.
 *
 * Without it forty stalled clients would keep everybody else out for as long as a connection may be
 * silent. Node sets the socket's own timeouts again once the answer is sent.
 */
import type { ServerResponse } from 'node:http';

/** Milliseconds. */
export interface ReaderTimeouts {
  /** Not a byte was taken. */
  readonly stalled: number;
  /** From the first byte to the last; longer than any scrape timeout in use. */
  readonly whole: number;
}

export const READER_TIMEOUTS: ReaderTimeouts = { stalled: 15_000, whole: 120_000 };

/** Call it when the answer is handed over. */
export function cutSlowReader(response: ServerResponse, { stalled, whole }: ReaderTimeouts): void {
  // Injected requests have none, and what is written to them is taken at once.
  const { socket } = response;
  if (socket === null || typeof socket.setTimeout !== 'function') return;
  // The client left while its answer was made; no `close` will come any more.
  if (socket.destroyed || response.closed) return;
  socket.setTimeout(stalled);
  const cut = setTimeout(() => socket.destroy(), whole).unref();
  response.once('close', () => clearTimeout(cut));
}
