/**
 * The bytes of an answer. It is made in slices; one that is long is sent while it is made, so that neither the string nor
 * the client needs all of it at once.
 */
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { toJson } from '../../inspect/json.js';

/** Characters that are sent together, and up to which an answer is sent whole, with its length. */
const CHUNK_LENGTH = 64 * 1024;
const WHOLE_LENGTH = 1024 * 1024;

export async function answerBody(value: object): Promise<string | Readable> {
  const chunks = chunksOf(value);
  const begun: string[] = [];
  for (let length = 0; length < WHOLE_LENGTH; ) {
    const { done, value: chunk } = chunks.next();
    if (done) return begun.join('');
    begun.push(chunk);
    length += chunk.length;
    await nextTurn();
  }
  return Readable.from(restOf(begun, chunks));
}

async function* restOf(begun: readonly string[], chunks: Iterable<string>): AsyncIterable<string> {
  yield* begun;
  for (const chunk of chunks) {
    yield chunk;
    await nextTurn();
  }
}

function* chunksOf(value: object): IterableIterator<string> {
  let chunk = '';
  for (const piece of toJson(value)) {
    chunk += piece;
    if (chunk.length < CHUNK_LENGTH) continue;
    yield chunk;
    chunk = '';
  }
  yield chunk;
}
