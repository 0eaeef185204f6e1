/**
 * File operations with a timeout, for paths that may be on a file system that hangs, or belong to a process that hangs.
 *
 * An operation that times out holds a thread of the addon until it returns, and further operations on its path fail at
 * once until then. Neither Node's four threads nor the exit of the process wait for it.
 */
import { resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type FileReader,
  type InspectedFiles,
  isOnLocalFileSystems,
  type PathStats,
  readLink,
  readNames,
  readWhole,
  realPath,
  statPath,
} from './native.js';

export type { PathStats } from './native.js';

/** Local ones take microseconds, those over a network milliseconds. */
const TIMEOUT_MS = 2_000;

/** Each hung operation holds a thread. When this many hang, further ones fail at once. */
const MAX_HUNG = 128;

/** Paths with an operation that timed out and has not returned yet. */
const hung = new Set<string>();

export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
  readonly code = 'ETIMEDOUT';
  /** How long the operation was waited for, by this call or an earlier one. */
  readonly seconds = TIMEOUT_MS / 1000;

  constructor(path: string) {
    super(`ETIMEDOUT: '${path}' does not answer`);
  }
}

/** All reject with an errno `code`; ETIMEDOUT is also that of NoAnswerError. */
export const boundedIo = {
  /** @param name what a timeout is remembered by, where the path may name something else later */
  stat: (path: string, name = path): Promise<PathStats> => bounded(name, () => statPath(path)),
  readLink: (path: string): Promise<string> => bounded(path, readLink),
  realPath: (path: string): Promise<string> => bounded(path, realPath),
  /** A character for each byte, in no order. */
  readNames: async (path: string): Promise<string[]> => {
    const { buffer, byteOffset, length } = await bounded(path, readNames);
    const names = Buffer.from(buffer, byteOffset, length).toString('latin1').split('\0');
    names.pop();
    return names;
  },
  readFile: (path: string): Promise<Uint8Array> => bounded(path, readWhole),
  /** Whether watching it, or asking for it, cannot hang. */
  isLocal: (path: string): Promise<boolean> => bounded(path, isOnLocalFileSystems),
  /** As FileReader.readFiles for one file, but rejects when it times out. */
  readMetricFile: (
    reader: FileReader,
    path: string,
    isStamped: boolean,
    keepBytes: boolean,
    directory?: string,
  ): Promise<InspectedFiles> => {
    const named = directory === undefined ? path : `${directory}/${path}`;
    const stamp = Uint8Array.of(Number(isStamped));
    return bounded(
      named,
      () => reader.readFiles([path], stamp, keepBytes, directory),
      () => isLocalFile(named),
    );
  },
};

async function bounded<T>(
  path: string,
  start: (path: string) => Promise<T>,
  isOnlySlow: () => Promise<boolean> = async () => false,
): Promise<T> {
  if (hung.has(path) || hung.size >= MAX_HUNG) throw new NoAnswerError(path);
  const operation = start(path);
  let timer: NodeJS.Timeout;
  let isOver = false;
  const timeout = new Promise<never>((_, reject) => {
    const giveUp = async () => {
      // An operation that ended while this thread was busy settles first.
      await nextTurn();
      if (isOver || (await isOnlySlow()) || isOver) return;
      hung.add(path);
      const comesBack = () => hung.delete(path);
      operation.then(comesBack, comesBack);
      reject(new NoAnswerError(path));
    };
    timer = setTimeout(() => void giveUp(), TIMEOUT_MS);
  });
  try {
    return await Promise.race([operation, timeout]);
  } finally {
    isOver = true;
    clearTimeout(timer!);
  }
}

/** Reading a large local file on a busy machine may be slow, but it ends. */
async function isLocalFile(path: string): Promise<boolean> {
  return boundedIo.isLocal(resolve(Buffer.from(path, 'latin1').toString())).catch(() => false);
}
