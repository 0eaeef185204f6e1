/** A Reading made by hand: what a test of a view says of a directory, and nothing else. */
import { MetricFileError } from '../../src/errors.js';
import { parseFileName } from '../../src/format/filename.js';
import { type EntryColumns, FileEntries } from '../../src/inspect/entry-columns.js';
import { KeyTable } from '../../src/inspect/key-table.js';
import type { ReadFile, Reading } from '../../src/inspect/reading.js';
import type { Liveness, Writer } from '../../src/processes/writer.js';

/** The time of every reading that says none. */
export const NOW = 1_700_000_000;

export interface MadeEntry {
  /** Family; of a counter without `_total`. */
  readonly name: string;
  readonly sampleName?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly value?: number;
  readonly timestampSeconds?: number;
  readonly help?: string | null;
  /** The key as stored in the file, instead of all fields but value and time. */
  readonly rawKey?: string;
}

export type MadeFile = Partial<Omit<ReadFile, 'entries' | 'fault'>> & {
  readonly entries?: readonly MadeEntry[];
  readonly fault?: MetricFileError['code'];
};

function makeEntries(keys: KeyTable, made: readonly MadeEntry[], type = 'gauge'): EntryColumns {
  const keyId = made.map(({ name, sampleName, labels = {}, help = 'help', rawKey }) => {
    const sample = sampleName ?? (type === 'counter' ? `${name}_total` : name);
    return keys.add(Buffer.from(rawKey ?? JSON.stringify([name, sample, labels, help])));
  });
  const columns = {
    keyId: Uint32Array.from(keyId),
    value: Float64Array.from(made, ({ value = 0 }) => value),
    timestampSeconds: Float64Array.from(made, ({ timestampSeconds = 0 }) => timestampSeconds),
    valueOffset: Uint32Array.from(made, (_, i) => 8 + 64 * i + 48),
  };
  const to = made.length;
  return new FileEntries(keys, columns, { from: 0, to, timesFrom: 0, timesTo: to, valueBytes: 16 });
}

export function makeFile(name: string, made: MadeFile = {}, keys = new KeyTable()): ReadFile {
  const { entries = [], fault, ...rest } = made;
  const fileName = parseFileName(name);
  return {
    path: `/run/prom/${name}`,
    name,
    fileName,
    entries: makeEntries(keys, entries, fileName?.type),
    fault:
      fault === undefined
        ? undefined
        : new MetricFileError(fault, `/run/prom/${name}`, 'key length 9 runs past used 8', {
            offset: 8,
          }),
    valueBytes: entries.length > 0 ? 16 : 0,
    usedBytes: 8 + 64 * entries.length,
    sizeBytes: 65_536,
    diskBytes: 4_096,
    modifiedSeconds: NOW - 60,
    changedSeconds: NOW - 60,
    identity: `fd:00:${name}`,
    ...rest,
  };
}

function makeWriter(processId: string, writer: Liveness | Partial<Writer>): Writer {
  const made = typeof writer === 'string' ? { liveness: writer } : writer;
  return {
    processId,
    liveness: 'alive',
    pid: undefined,
    role: undefined,
    program: undefined,
    startSeconds: undefined,
    ...made,
  };
}

/** @param writers by process id; those that files name and this does not are unknown */
export function makeReading(
  files: Readonly<Record<string, MadeFile>>,
  writers: Readonly<Record<string, Liveness | Partial<Writer>>> = {},
  rest: Partial<Reading> = {},
): Reading {
  const keys = new KeyTable();
  const made = Object.entries(files).map(([name, file]) => makeFile(name, file, keys));
  const ids = made.flatMap(({ fileName }) => fileName?.processId ?? []);
  const all = [...new Set([...ids, ...Object.keys(writers)])];
  return {
    path: '/run/prom',
    takenAtSeconds: NOW,
    files: made,
    keys,
    writers: new Map(all.map((id) => [id, makeWriter(id, writers[id] ?? 'unknown')])),
    bootSeconds: NOW - 86_400,
    ...rest,
  };
}
