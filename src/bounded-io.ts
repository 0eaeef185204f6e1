/**
 * File operations that give up: for whatever may be on a file system that hangs, or belong to a process that does.
 *
 * An operation that does not come back in time holds a thread of the addon, and its path is not asked for again
 * until it does. Neither Node's four threads nor the exit of the process wait for it.
 */
import { resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type InspectedFile,
  isOnLocalFileSystems,
  type PathStats,
  readLink,
  readMetricFile,
  readNames,
  readWhole,
  realPath,
  statPath,
} from './native.js';

export type { InspectedFile, PathStats } from './native.js';

/** Local ones take microseconds, those over a network milliseconds. */
const TIMEOUT_MS = 2_000;

/** Each holds a thread; with so many hanging, nothing more is tried. */
const MAX_HUNG = 128;

const SLASH = Buffer.from('/');

/** Paths with an operation that has not come back in time. */
const hung = new Set<string>();

export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
  readonly code = 'ETIMEDOUT';
  /** For how long it was waited for, now or before. */
  readonly seconds = TIMEOUT_MS / 1000;

  constructor(path: string) {
    super(`ETIMEDOUT: '${path}' does not answer`);
  }
}

/** All reject with an errno `code`; ETIMEDOUT is also that of NoAnswerError. */
export const boundedIo = {
  /** @param name what the path names lastingly, where that is not the path */
  stat: (path: string, name = path): Promise<PathStats> => bounded(name, () => statPath(path)),
  readLink: (path: string): Promise<string> => bounded(path, readLink),
  realPath: (path: string): Promise<string> => bounded(path, realPath),
  /** As bytes, in no order. */
  readNames: (path: string): Promise<Uint8Array[]> => bounded(path, readNames),
  readFile: (path: string): Promise<Uint8Array> => bounded(path, readWhole),
  /** Whether watching it, or asking for it, cannot hang. */
  isLocal: (path: string): Promise<boolean> => bounded(path, isOnLocalFileSystems),
  /** As readMetricFile; rejects where that would not come back. */
  readMetricFile: (
    path: Uint8Array,
    isStamped: boolean,
    keepBytes: boolean,
    directory?: Uint8Array,
  ): Promise<InspectedFile> => {
    const named = Buffer.concat([...(directory ? [directory, SLASH] : []), path]).toString(
      'latin1',
    );
    return bounded(
      named,
      () => readMetricFile(path, isStamped, keepBytes, directory),
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
      // What came back while this thread was busy is taken first.
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

/** A large file takes its time on a busy machine, and comes back. */
async function isLocalFile(path: string): Promise<boolean> {
  return boundedIo.isLocal(resolve(Buffer.from(path, 'latin1').toString())).catch(() => false);
}
