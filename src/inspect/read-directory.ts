/**
 * Reads what a command is pointed at: a directory, a snapshot of one, or a single metric file.
 *
 * 10,000 files are normal (a graveyard of workers): files are read on the pool, some at a time, and
 * a key is parsed once for all files that have its text.
 */
import { basename } from 'node:path';
import {
  kindOf,
  listMetricFiles,
  openRegularFile,
  readFile,
  readFiles,
} from '../files/file-reading.js';
import { parseFileName } from '../format/filename.js';
import { bootSeconds } from '../processes/boot.js';
import { foreignFile, KeyCache, pathOf, toReadFile, writersOf } from './read-file.js';
import type { ReadFile, Reading } from './reading.js';
import { isSnapshot, readSnapshot } from './snapshot.js';

/**
 * Reads a directory, a snapshot or a file, and finds out who writes it.
 *
 * @throws MetricFileError DIRECTORY_UNREADABLE; FILE_UNREADABLE for a snapshot that is damaged
 */
export async function readPath(path: string): Promise<Reading> {
  const kind = await kindOf(path);
  if (kind === 'directory') return readDirectory(path);
  const handle = kind === 'file' ? await openRegularFile(path).catch(() => undefined) : undefined;
  try {
    if (handle && (await isSnapshot(handle))) {
      return await readSnapshot(path, await handle.readFile());
    }
  } finally {
    await handle?.close();
  }
  return readSingleFile(path);
}

/** Reads all metric files of a directory. */
export async function readDirectory(path: string): Promise<Reading> {
  const takenAtSeconds = Date.now() / 1000;
  const names = await listMetricFiles(path);
  const files: ReadFile[] = [];
  const wanted: number[] = [];
  for (const [i, bytes] of names.entries()) {
    const name = bytes.toString();
    if (parseFileName(name) === undefined) files[i] = foreignFile(path, name);
    else wanted.push(i);
  }
  const keys = new KeyCache();
  const wantedNames = wanted.map((i) => names[i]!);
  await readFiles(path, wantedNames, false, (at, inspected) => {
    const name = wantedNames[at]!.toString();
    files[wanted[at]!] = toReadFile(pathOf(path, name), name, inspected, takenAtSeconds, keys);
  });
  return readingOf(path, takenAtSeconds, files);
}

async function readSingleFile(path: string): Promise<Reading> {
  const takenAtSeconds = Date.now() / 1000;
  const inspected = await readFile(path, false);
  const file = toReadFile(path, basename(path), inspected, takenAtSeconds, new KeyCache());
  return readingOf(path, takenAtSeconds, [file]);
}

async function readingOf(
  path: string,
  takenAtSeconds: number,
  files: readonly ReadFile[],
): Promise<Reading> {
  return {
    path,
    takenAtSeconds,
    files,
    writers: await writersOf(files),
    bootSeconds: bootSeconds(),
  };
}
