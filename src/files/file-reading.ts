/**
 * Reads files once, for the debug commands: the directory is listed, and each file is read whole.
 *
 * A scrape reads only what is new in each file (metric-files.ts). The addon decodes for both.
 */
import { constants, createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { boundedIo, NoAnswerError } from '../bounded-io.js';
import { type ErrorCode, MetricFileError } from '../errors.js';
import {
  type FileName,
  isGateName,
  isJournalName,
  isStamped,
  parseFileName,
} from '../format/filename.js';
import { FAULT, FileReader, type InspectedFiles } from '../native.js';
import { directoryError, FilesMovedAwayError } from './directory-error.js';
import { CODE_OF_FAULT, CREATION_GRACE_SECONDS } from './fault-code.js';

export type { InspectedFiles } from '../native.js';
export { FileReader };

/** Concurrent reads: enough to keep the processors busy while some hang, few enough to hold in memory. */
const CONCURRENCY = 16;

/** Files that are read in one call: for each call a thread is woken, and a promise settled. */
const FILES_PER_CALL = 64;

/** A name in a directory. */
export interface ListedFile {
  /** A character for each byte, since a name need not be UTF-8. */
  readonly bytes: string;
  readonly name: string;
  /** Undefined for a name no client writes. */
  readonly fileName: FileName | undefined;
}

/**
 * The files a scrape would list, in name order: `*.db`, not hidden, and not the gate of a compaction.
 *
 * @throws MetricFileError DIRECTORY_UNREADABLE
 */
export async function listMetricFiles(directory: string): Promise<ListedFile[]> {
  let names: string[];
  try {
    names = await boundedIo.readNames(directory);
  } catch (error) {
    throw await directoryError(directory, error as NodeJS.ErrnoException);
  }
  for (const name of names) {
    if (isJournalName(name) && (await isJournal(directory, name)))
      throw await directoryError(directory, new FilesMovedAwayError());
  }
  const wanted = names.filter(
    (name) => !name.startsWith('.') && name.endsWith('.db') && !isGateName(name),
  );
  // Bytes of UTF-8 sort as code points do.
  return wanted.sort().map((bytes) => {
    const name = NOT_ASCII.test(bytes) ? Buffer.from(bytes, 'latin1').toString() : bytes;
    return { bytes, name, fileName: parseFileName(name) };
  });
}

/** Of another user it is none. native/core/compact/journal.h. */
async function isJournal(directory: string, name: string): Promise<boolean> {
  const [above, found] = await Promise.all(
    [directory, join(directory, name)].map((path) => boundedIo.stat(path).catch(() => undefined)),
  );
  const isDirectory = ((found?.mode ?? 0) & constants.S_IFMT) === constants.S_IFDIR;
  return isDirectory && found?.uid === above?.uid;
}

const NOT_ASCII = /[\x80-\xff]/;

/**
 * Reads those files whose names a client writes, in any order. What is wrong with a file is in its `fault`. A link must
 * belong to the directory's owner.
 *
 * @param files in the directory
 * @param keepBytes `excerpt` is all of the file that counts, and no entries are returned
 * @param take is given the index of each file, and the row with what was read of it
 */
export async function readFiles(
  reader: FileReader,
  directory: string,
  files: readonly ListedFile[],
  keepBytes: boolean,
  take: (index: number, inspected: InspectedFiles, row: number) => void,
): Promise<void> {
  const inDirectory = Buffer.from(directory).toString('latin1');
  const wanted = [...files.keys()].filter((i) => files[i]!.fileName !== undefined);
  const readOne = async (i: number) => {
    const { bytes, fileName } = files[i]!;
    const stamped = isStampedName(fileName);
    const inspected = boundedIo.readMetricFile(reader, bytes, stamped, keepBytes, inDirectory);
    take(i, await inspected.catch(unanswered), 0);
  };
  const readSome = async (indexes: readonly number[]) => {
    const paths = indexes.map((i) => files[i]!.bytes);
    const stamps = Uint8Array.from(indexes, (i) => Number(isStampedName(files[i]!.fileName)));
    const inspected = await reader.readFiles(paths, stamps, keepBytes, inDirectory, true);
    const left = new Set(inspected.left);
    for (const [row, i] of indexes.entries()) if (!left.has(row)) take(i, inspected, row);
    await Promise.all([...left].map((row) => readOne(indexes[row]!)));
  };
  // A file that hangs holds up those that are read in the same call, so files that may hang are read one by one.
  const isLocal = await boundedIo.isLocal(resolve(directory)).catch(() => false);
  const perCall = isLocal ? Math.min(FILES_PER_CALL, Math.ceil(wanted.length / CONCURRENCY)) : 1;
  let next = 0;
  const readOn = async () => {
    while (next < wanted.length) {
      const indexes = wanted.slice(next, next + perCall);
      next += perCall;
      await (isLocal ? readSome(indexes) : readOne(indexes[0]!));
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, readOn));
}

/** Reads one file. */
export function readFile(
  reader: FileReader,
  path: string,
  keepBytes: boolean,
): Promise<InspectedFiles> {
  const stamped = isStampedName(parseFileName(basename(path)));
  const bytes = Buffer.from(path).toString('latin1');
  return boundedIo.readMetricFile(reader, bytes, stamped, keepBytes).catch(unanswered);
}

/** What is known of a file that does not answer. */
function unanswered(error: unknown): InspectedFiles {
  if (!(error instanceof NoAnswerError)) throw error;
  return UNANSWERED;
}

const UNANSWERED: InspectedFiles = {
  fault: Uint8Array.of(FAULT.ioError),
  faultOffset: Float64Array.of(-1),
  found: ['its file system does not answer'],
  sizeBytes: new Float64Array(1),
  diskBytes: new Float64Array(1),
  modifiedSeconds: new Float64Array(1),
  changedSeconds: new Float64Array(1),
  identity: [''],
  usedBytes: Float64Array.of(-1),
  valueBytes: new Uint8Array(1),
  excerpt: [undefined],
  excerptOffset: new Float64Array(1),
  entryEnd: new Uint32Array(1),
  timeEnd: new Uint32Array(1),
  entries: {
    keyId: new Uint32Array(0),
    valueOffset: new Uint32Array(0),
    value: new Float64Array(0),
    timestampSeconds: new Float64Array(0),
  },
  left: new Uint32Array(0),
};

/** A file whose bytes are in memory. */
export interface FileBytes {
  readonly bytes: Uint8Array;
  /** Of the whole file. */
  readonly sizeBytes: number;
  /** Undefined where it has none. */
  readonly fileName: FileName | undefined;
}

/** Decodes files whose bytes are in memory. */
export function readBytes(reader: FileReader, files: readonly FileBytes[]): InspectedFiles {
  return reader.readBytes(
    files.map(({ bytes }) => bytes),
    Float64Array.from(files, ({ sizeBytes }) => sizeBytes),
    Uint8Array.from(files, ({ fileName }) => Number(isStampedName(fileName))),
  );
}

function isStampedName(name: FileName | undefined): boolean {
  return name !== undefined && isStamped(name);
}

/** The fault of a file as an error. None for an empty file in its creation grace period. */
export function faultOf(
  path: string,
  { fault, faultOffset, found }: Pick<InspectedFiles, 'fault' | 'faultOffset' | 'found'>,
  row: number,
  { changedSeconds, nowSeconds }: { changedSeconds: number; nowSeconds: number },
): MetricFileError | undefined {
  const code: ErrorCode | undefined = CODE_OF_FAULT[fault[row]!];
  if (code === undefined) return undefined;
  const isInGracePeriod =
    code === 'FILE_EMPTY' && nowSeconds - changedSeconds <= CREATION_GRACE_SECONDS;
  if (isInGracePeriod) return undefined;
  const offset = faultOffset[row]! < 0 ? undefined : faultOffset[row]!;
  return new MetricFileError(code, path, found[row]!, { offset });
}

/**
 * What a path names. A path whose stat fails counts as a directory, since listing it then reports the reason. A pipe is
 * anything whose bytes can be read only once: a FIFO, a terminal, a descriptor of this process.
 *
 * @throws MetricFileError FILE_UNREADABLE for a metric file that is not there
 */
export async function kindOf(path: string): Promise<'directory' | 'file' | 'pipe' | 'other'> {
  try {
    const type = (await boundedIo.stat(path)).mode & constants.S_IFMT;
    if (type === constants.S_IFDIR) return 'directory';
    if (type === constants.S_IFREG) return 'file';
    const isReadOnce = type === constants.S_IFIFO || type === constants.S_IFCHR;
    return isReadOnce || descriptorOf(path) !== undefined ? 'pipe' : 'other';
  } catch (error) {
    if (!path.endsWith('.db')) return 'directory';
    const { code, message } = error as NodeJS.ErrnoException;
    const found = code === 'ENOENT' ? 'no such file' : message;
    throw new MetricFileError('FILE_UNREADABLE', path, found, { cause: error });
  }
}

/** Opens a regular file, which need not be a metric file; undefined where the name is of anything else. */
export async function openRegularFile(path: string): Promise<FileHandle | undefined> {
  // A FIFO would hang without it.
  const { O_RDONLY, O_NONBLOCK } = constants;
  const handle = await open(path, O_RDONLY | O_NONBLOCK);
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  return undefined;
}

/** The most that is read from a pipe, since all of it is kept in memory. */
export const MAX_PIPE_BYTES = 2 ** 28;

/**
 * Reads a pipe to its end.
 *
 * @param path of a FIFO, a character device or a descriptor of this process; `-` is stdin
 * @param maxBytes another budget, in tests only
 * @throws MetricFileError FILE_UNREADABLE
 */
export async function readPipe(path: string, maxBytes = MAX_PIPE_BYTES): Promise<Buffer> {
  const fd = descriptorOf(path);
  // By its descriptor: a socket cannot be opened by a path. stdin may be a terminal, which only its stream can read.
  const stream =
    fd === 0
      ? process.stdin
      : createReadStream(path, fd === undefined ? {} : { fd, autoClose: false });
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBytes) {
        const found = `more than ${maxBytes / 2 ** 20} MiB came through; save it to a file`;
        throw new MetricFileError('FILE_UNREADABLE', path, found);
      }
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof MetricFileError) throw error;
    throw new MetricFileError('FILE_UNREADABLE', path, (error as Error).message, { cause: error });
  }
  return Buffer.concat(chunks);
}

export function isStdin(path: string): boolean {
  return descriptorOf(path) === 0;
}

/** The descriptor of this process that a path names; undefined for any other path. */
function descriptorOf(path: string): number | undefined {
  if (path === '-' || path === '/dev/stdin') return 0;
  const [, number] = /^\/(?:dev|proc\/self)\/fd\/(\d+)$/.exec(path) ?? [];
  return number === undefined ? undefined : Number(number);
}
