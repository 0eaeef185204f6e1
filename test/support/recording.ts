/** What a recording has, by file and key, for comparison with what was written. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openRecording, type Recording } from '../../src/native.js';

/** `counter_1.db ["jobs", …]` → bits of the value, then those of the timestamp. */
export type Bits = ReadonlyMap<string, string>;

export function keysOf(recording: Pick<Recording, 'keyCount' | 'keyTexts'>): string[] {
  const keys: string[] = [];
  while (keys.length < recording.keyCount()) {
    keys.push(...textsOf(recording.keyTexts(keys.length, recording.keyCount(), 2 ** 20)));
  }
  return keys;
}

export function textsOf({
  text,
  end,
}: {
  readonly text: Uint8Array;
  readonly end: Uint32Array;
}): string[] {
  const bytes = Buffer.from(text.buffer, text.byteOffset, text.length);
  return Array.from(end, (to, i) => bytes.toString('utf8', i === 0 ? 0 : end[i - 1], to));
}

export function bitsOf(
  {
    entryEnd,
    keyId,
    value,
    timestampSeconds,
  }: {
    readonly entryEnd: Uint32Array;
    readonly keyId: Uint32Array;
    readonly value: Float64Array;
    readonly timestampSeconds: Float64Array;
  },
  fileName: readonly string[],
  keys: readonly string[],
): Bits {
  const bits = new Map<string, string>();
  const [values, times] = [wordsOf(value), wordsOf(timestampSeconds)];
  let entry = 0;
  for (const [file, end] of entryEnd.entries()) {
    for (; entry < end; entry++) {
      bits.set(
        `${fileName[file]} ${keys[keyId[entry]!]}`,
        `${values[entry]} ${times[entry] ?? 0n}`,
      );
    }
  }
  return bits;
}

function wordsOf(column: Float64Array): BigUint64Array {
  return new BigUint64Array(column.buffer, column.byteOffset, column.length);
}

/** All that a folder of --recorder.dir has of one source. */
export async function readFolder(path: string, source = 'recording'): Promise<Recording> {
  const names = readdirSync(path).filter((name) => name.startsWith(`${source}-`));
  return openRecording(names.sort().map((name) => readFileSync(join(path, name))));
}
