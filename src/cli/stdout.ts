/**
 * Writes the output of a command to a stream, chunk by chunk, until the reader closes it.
 *
 * A million rows are longer than a string can be in V8 (512 MiB), and `head` needs only ten of them. So long output
 * is an iterable of pieces, each made when the previous ones have been written.
 */
import type { Writable } from 'node:stream';
import { UsageError } from '../errors.js';
import { systemErrorText } from './system-error.js';

/** A text, bytes, or a text in pieces. */
export type Output = string | Uint8Array | Iterable<string>;

/** The capacity of a pipe. */
const CHUNK_LENGTH = 65_536;

/** Writes to a file are not partial up to 2 GiB. Much less, so that a closed pipe is noticed soon. */
const CHUNK_BYTES = 16 * 2 ** 20;

/** The reader closed the stream, now or at an earlier write. */
const CLOSED = new Set(['EPIPE', 'ERR_STREAM_DESTROYED']);

/** Streams that have a listener for errors. */
const listened = new WeakSet<Writable>();

/**
 * @returns false if the reader closed the stream: the rest was not written
 * @throws UsageError if writing fails
 */
export async function writeOutput(stream: Writable, output: Output): Promise<boolean> {
  // The callback of write gets the error too; without a listener it would be thrown. Listeners of others are no help: those
  // by which Node forwards the output of threads leave when the error comes.
  if (!listened.has(stream)) {
    listened.add(stream);
    stream.on('error', () => {});
  }
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
      // Not concatenated: both together may be longer than a string can be.
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
