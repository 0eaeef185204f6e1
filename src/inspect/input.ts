/**
 * What a path that was given to a command is: a directory, a metric file, a snapshot of a directory, a recording, or text,
 * which may be an exposition. The URL of a daemon stands for a snapshot that it takes, and for its recording if a moment
 * of the past is asked for (remote.ts).
 *
 * A pipe (`<(…)`, a FIFO, /dev/stdin, `-`) is read to its end, once; its first bytes then decide what it is, as for a
 * regular file. A pipe inside a directory is never opened (native/core/metric_file.h).
 */
import { basename, join } from 'node:path';
import { MetricFileError, UsageError } from '../errors.js';
import { isSample } from '../expose/sample-scanner.js';
import { isStdin, kindOf, openRegularFile, readPipe } from '../files/file-reading.js';
import {
  isRecording,
  openFolder,
  openRecording,
  type Recording,
  type RecordingFolder,
  recordingFolder,
} from '../files/recording.js';
import { parseFileName } from '../format/filename.js';
import { formatBytes } from './quantity.js';
import { fetchRecording, fetchSnapshot, isUrl } from './remote.js';

export type Input =
  | { readonly kind: 'directory' }
  | { readonly kind: 'snapshot'; readonly bytes: () => Promise<Buffer> }
  /** A file, or a folder of them. */
  | { readonly kind: 'recording'; readonly open: () => Promise<Recording> }
  /** Without bytes it is read from its path. */
  | { readonly kind: 'metric file'; readonly bytes?: Buffer }
  | { readonly kind: 'text'; readonly isExposition: boolean; readonly text: () => Promise<Buffer> };

/** The beginning of a gzip stream. */
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);

/** Of a metric file: four bytes of `used`, and four that are zero. Text has no zeros. Source: native/core/file_format.h. */
const HEADER_BYTES = 8;

/** Bytes that are read to find out what a file is. */
const FIRST_BYTES = 512;

/** Node cannot read a longer file at once. */
const MAX_TEXT_BYTES = 2 ** 31 - 1;

/**
 * @param path `-` is stdin; if stat fails, it counts as a directory, whose listing then says why
 * @param isPast the past of a daemon is asked for, not its present
 * @throws MetricFileError FILE_UNREADABLE, and FILE_EMPTY for a pipe without content
 */
export async function openInput(path: string, isPast = false): Promise<Input> {
  if (isUrl(path)) {
    return isPast
      ? { kind: 'recording', open: async () => openRecording([await fetchRecording(path)]) }
      : { kind: 'snapshot', bytes: () => fetchSnapshot(path) };
  }
  const kind = await pathKind(path);
  if (kind === 'directory') {
    const folder = await recordingFolder(path);
    return folder === undefined
      ? { kind }
      : { kind: 'recording', open: () => openOne(path, folder) };
  }
  if (kind === 'pipe') {
    const bytes = await readPipe(path);
    if (bytes.length === 0)
      throw new MetricFileError('FILE_EMPTY', path, 'the pipe had no content');
    return inputOf(path, bytes, { bytes, text: async () => bytes });
  }
  const first = await firstBytes(path);
  if (first === undefined) return { kind: 'metric file' };
  return inputOf(path, first, {
    text: () => readWhole(path, MAX_TEXT_BYTES),
  });
}

function inputOf(
  path: string,
  first: Buffer,
  { bytes, text }: { bytes?: Buffer; text: () => Promise<Buffer> },
): Input {
  if (first.subarray(0, GZIP_MAGIC.length).equals(GZIP_MAGIC)) {
    return { kind: 'snapshot', bytes: async () => bytes ?? (await readWhole(path, Infinity)) };
  }
  if (isRecording(first)) {
    const whole = async () => bytes ?? (await readWhole(path, Infinity));
    return { kind: 'recording', open: async () => openRecording([await whole()]) };
  }
  if (isMetricFileName(path) || hasHeader(first)) {
    return { kind: 'metric file', ...(bytes && { bytes }) };
  }
  return { kind: 'text', isExposition: isExposition(first.toString('utf8', 0, FIRST_BYTES)), text };
}

/** @throws UsageError if there are recordings of several sources */
async function openOne(path: string, folder: RecordingFolder): Promise<Recording> {
  const { directory, sources } = folder;
  if (sources.length === 1) return openFolder(folder);
  throw new UsageError(
    `${path}: expected the recording of one source, got ${sources.length}; name one: ${sources.map((source) => join(directory, source)).join(', ')}`,
  );
}

/** An exposition begins with HELP or TYPE, or with a sample. */
function isExposition(start: string): boolean {
  const isComment = (line: string) => /^#(?!\s+(?:HELP|TYPE|EOF)\b)/.test(line);
  const first = start.split('\n').find((line) => line.trim() !== '' && !isComment(line));
  return first !== undefined && (first[0] === '#' || isSample(first));
}

/** A damaged file with such a name still counts. */
function isMetricFileName(path: string): boolean {
  return path.endsWith('.db') || parseFileName(basename(path)) !== undefined;
}

function hasHeader(first: Buffer): boolean {
  return first.length >= HEADER_BYTES && first.readInt32LE(4) === 0;
}

async function pathKind(path: string) {
  if (isUrl(path)) return 'file';
  return path === '-' ? 'pipe' : kindOf(path);
}

/** Whether a path can be read only once. */
export async function isPipe(path: string): Promise<boolean> {
  return (await pathKind(path)) === 'pipe';
}

/** Whether two paths are one pipe, which can be read only once. */
export async function isSamePipe(a: string, b: string): Promise<boolean> {
  return (a === b || (isStdin(a) && isStdin(b))) && (await isPipe(a));
}

/** Undefined if it is not a regular file, and for a metric file that cannot be opened: reading it fails later. */
async function firstBytes(path: string): Promise<Buffer | undefined> {
  const handle = await openRegularFile(path).catch((error: Error) => {
    if (isMetricFileName(path)) return undefined;
    throw unreadable(path, error);
  });
  if (handle === undefined) return undefined;
  try {
    const start = Buffer.alloc(FIRST_BYTES);
    const { bytesRead } = await handle.read(start, 0, start.length, 0);
    return start.subarray(0, bytesRead);
  } catch (error) {
    throw unreadable(path, error as Error);
  } finally {
    await handle.close();
  }
}

async function readWhole(path: string, maxBytes: number): Promise<Buffer> {
  const handle = await openRegularFile(path);
  if (handle === undefined) throw new MetricFileError('FILE_UNREADABLE', path, 'it was replaced');
  try {
    const { size } = await handle.stat();
    if (size > maxBytes) {
      throw new MetricFileError(
        'FILE_UNREADABLE',
        path,
        `text of more than ${formatBytes(maxBytes)}`,
      );
    }
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

function unreadable(path: string, error: Error): MetricFileError {
  return new MetricFileError('FILE_UNREADABLE', path, error.message, { cause: error });
}

/** Describes an input that a command cannot read. */
export function inputText(input: Input): string {
  switch (input.kind) {
    case 'directory':
      return 'a directory';
    case 'metric file':
      return 'a metric file; promfold ls, cat, explain, check, top and diff read it';
    case 'snapshot':
      return 'a snapshot; promfold ls, cat, explain, check and diff read it';
    case 'recording':
      return 'a recording; promfold ls, cat, explain, check, diff, top and export read it, and scrape with --at';
    case 'text':
      return input.isExposition ? 'an exposition; promfold check and diff read it' : 'another file';
  }
}

/** @throws UsageError for anything but a directory; a missing one is accepted */
export async function refuseAllButDirectory(path: string): Promise<void> {
  if (isUrl(path)) throw new UsageError(`${path}: expected a directory, got a URL`);
  if (await isPipe(path)) throw new UsageError(`${path}: expected a directory, got a pipe`);
  const input = await openInput(path);
  if (input.kind === 'directory') return;
  throw new UsageError(`${path}: expected a directory, got ${inputText(input)}`);
}
