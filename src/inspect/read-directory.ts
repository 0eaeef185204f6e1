/**
 * Reads what a command is given: a directory, a snapshot, a recording, or a single metric file.
 *
 * 10,000 files are normal (of dead workers): files are read on the pool, some at a time, and equal keys are kept
 * once.
 */
import { basename } from 'node:path';
import { MetricFileError, UsageError } from '../errors.js';
import { listMetricFiles, readBytes, readFile, readFiles } from '../files/file-reading.js';
import { parseFileName } from '../format/filename.js';
import { bootSeconds } from '../processes/boot.js';
import { fileNameByKeys } from './file-name-by-keys.js';
import { type Input, inputText, openInput } from './input.js';
import { KeyTable } from './key-table.js';
import { pathOf, toReadFile, unreadFile, unrecognisedFile, writersOf } from './read-file.js';
import type { ReadFile, Reading } from './reading.js';
import { RecordedPast } from './recorded-reading.js';
import { readSnapshot } from './snapshot.js';

/**
 * Reads a directory, a snapshot, a recording or a metric file, and finds out who writes it.
 *
 * @throws MetricFileError DIRECTORY_UNREADABLE; FILE_UNREADABLE for a snapshot that is damaged
 * @throws UsageError for a file that is neither
 */
export async function readPath(path: string): Promise<Reading> {
  return readInput(path, await openInput(path));
}

/** Of a recording the last moment. */
export async function readInput(path: string, input: Input): Promise<Reading> {
  switch (input.kind) {
    case 'recording':
      return new RecordedPast(path, await input.open()).lastReading();
    case 'directory':
      return readDirectory(path);
    case 'snapshot':
      return readSnapshot(path, await input.bytes());
    case 'metric file':
      return readSingleFile(path, input.bytes);
    case 'text':
      throw new UsageError(
        `${path}: expected a directory, a metric file, a snapshot or a recording, got ${inputText(input)}`,
      );
  }
}

/** Opens what was recorded. @param flag that asks for the past */
export async function openPast(path: string, input: Input, flag: string): Promise<RecordedPast> {
  if (input.kind === 'recording') return new RecordedPast(path, await input.open());
  throw new UsageError(`--${flag}: ${EXPECTED_RECORDING}, got ${inputText(input)}`);
}

const EXPECTED_RECORDING =
  'expected a recording (promfold record DIR -o FILE makes one, serve --recorder.dir keeps one) or the URL of a promfold that records';

/**
 * Reads all metric files of a directory.
 *
 * @param leftOut why files of these names are not read
 */
export async function readDirectory(
  path: string,
  leftOut: ReadonlyMap<string, MetricFileError> = new Map(),
): Promise<Reading> {
  const takenAtSeconds = Date.now() / 1000;
  const listed = await listMetricFiles(path);
  const keys = new KeyTable();
  const files: ReadFile[] = [];
  /** Indexes of those that are read. */
  const wanted: number[] = [];
  for (const [i, file] of listed.entries()) {
    const why = leftOut.get(file.name);
    if (file.fileName === undefined) files[i] = unrecognisedFile(path, file.name);
    else if (why !== undefined) files[i] = unreadFile(pathOf(path, file.name), file, why);
    else wanted.push(i);
  }
  const toRead = wanted.map((i) => listed[i]!);
  await readFiles(keys.reader, path, toRead, false, (read, inspected, row) => {
    const i = wanted[read]!;
    const file = listed[i]!;
    const filePath = pathOf(path, file.name);
    files[i] = toReadFile(filePath, file, inspected, row, takenAtSeconds, keys);
  });
  return readingOf(path, takenAtSeconds, files, keys);
}

/**
 * For commands that merge the values of a single file: an unreadable file must not count as empty.
 *
 * @throws MetricFileError its fault; FILE_FOREIGN if it is unknown how its values join
 */
export function refuseUnusable(path: string, { files: [file] }: Reading): void {
  if (file?.fault !== undefined) throw file.fault;
  if (file?.fileName !== undefined || file?.entries.length === 0) return;
  const found =
    'neither name nor keys show its type; expected the name that the client gave it, such as gauge_max_7.db';
  throw new MetricFileError('FILE_FOREIGN', path, found);
}

/** @param bytes read from a pipe */
async function readSingleFile(path: string, bytes: Buffer | undefined): Promise<Reading> {
  const takenAtSeconds = Date.now() / 1000;
  const keys = new KeyTable();
  const inspected =
    bytes === undefined
      ? await readFile(keys.reader, path, false)
      : readBytes(keys.reader, [{ bytes, sizeBytes: bytes.length, fileName: undefined }]);
  const name = basename(path);
  const named = { name, fileName: parseFileName(name) };
  const read = toReadFile(path, named, inspected, 0, takenAtSeconds, keys);
  const file = bytes === undefined ? read : { ...read, sizeBytes: bytes.length };
  const fileName = file.fileName ?? fileNameByKeys(file.entries);
  return readingOf(path, takenAtSeconds, [{ ...file, fileName }], keys);
}

async function readingOf(
  path: string,
  takenAtSeconds: number,
  files: readonly ReadFile[],
  keys: KeyTable,
): Promise<Reading> {
  return {
    path,
    takenAtSeconds,
    files,
    keys,
    writers: await writersOf(files),
    bootSeconds: bootSeconds(),
  };
}
