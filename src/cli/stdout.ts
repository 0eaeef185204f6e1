/**
 * Writes what a command prints to a stream, chunk by chunk, until nobody reads on.
 *
 * A million rows are more than one string holds (V8 ends at 512 MiB), and `head` has seen enough after ten. So
 * long output is an iterable of pieces, of which each is made when the ones before it are written.
 */
import type { Writable } from 'node:stream';
import { UsageError } from '../errors.js';
import { systemErrorText } from './system-error.js';

/** A text, bytes, or a text in pieces. */
export type Output = string | Uint8Array | Iterable<string>;

/** What a pipe holds. */
const CHUNK_LENGTH = 65_536;

/** A file is written without partial writes up to 2 GiB; well below it, so that an end of the reader is seen soon. */
const CHUNK_BYTES = 16 * 2 ** 20;

/** The reader is gone, now or at an earlier write. */
const CLOSED = new Set(['EPIPE', 'ERR_STREAM_DESTROYED']);

/**
 * @returns false when nobody reads on: what is left was not written
 * @throws UsageError where it cannot be written
 */
export async function writeOutput(stream: Writable, output: Output): Promise<boolean> {
  // The callback of write is told too; without a listener it would be thrown.
  if (stream.listenerCount('error') === 0) stream.on('error', () => {});
  for (const chunk of chunksOf(output)) {
    const error = await write(stream, chunk);
    if (error === undefined) continue;
    if (CLOSED.has(error.code ?? '')) return false;
    throw new UsageError(`stdout: ${systemErrorText(error)}`);
  }
  return true;
}

function write(
  stream: Writable,
  chunk: string | Uint8Array,
): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    stream.write(chunk, (error) => resolve(error ?? undefined));
  });
}

function* chunksOf(output: Output): IterableIterator<string | Uint8Array> {
  if (typeof output === 'string') {
    yield output;
  } else if (output instanceof Uint8Array) {
    for (let at = 0; at < output.length; at += CHUNK_BYTES) {
      yield output.subarray(at, at + CHUNK_BYTES);
    }
  } else {
    let chunk = '';
    for (const piece of output) {
      // Not appended to: the two together may be longer than a string can be.
      if (piece.length >= CHUNK_LENGTH && chunk !== '') {
        yield chunk;
        chunk = '';
      }
      chunk += piece;
      if (chunk.length < CHUNK_LENGTH) continue;
      yield chunk;
      chunk = '';
    }
    if (chunk !== '') yield chunk;
  }
}

/** Lines as pieces of a text. */
export function* textOf(lines: Iterable<string>): IterableIterator<string> {
  for (const line of lines) yield `${line}\n`;
}
