/**
 * Why a directory cannot be compacted, found out before anything is written: what was found, and what to do. The table of
 * the topic `compacting` of the manual is made from these codes.
 *
 * A compaction swaps the directory for another one of its name. That is refused where a process would stay in the old one,
 * and where the swap could not be made, or would not keep what the directory is. What only the attempt shows, such as a full
 * file system, is in fault-text.ts.
 */
import { access, constants, lstat, readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { boundedIo } from '../bounded-io.js';
import { directoryError } from '../files/directory-error.js';
import { mountOf, readMounts } from '../files/mounts.js';
import { identityOf } from '../processes/namespace-path.js';
import { type Pin, pinOf } from '../processes/pinned-directory.js';

export const REFUSALS = {
  symlink: 'the directory is a symbolic link',
  owner: 'it belongs to another user',
  subdirectory: 'there is a directory in it',
  'mount-point': 'a process has it mounted',
  'working-directory': 'a process has it as its working directory or root',
  parent: 'the directory above it cannot be written',
  'read-only': 'its file system cannot be written',
} as const;

export type RefusalCode = keyof typeof REFUSALS;

export interface Refusal {
  readonly code: RefusalCode;
  readonly found: string;
  readonly advice: string;
}

/** Where it can be compacted, or why not. */
export interface Checked {
  /** Absolute, and without links. */
  readonly path: string;
  readonly refusal: Refusal | undefined;
}

/** For a directory that cannot be swapped. */
const INSTEAD = 'or stop what reads and writes it, and use --readers-stopped';

/**
 * @param readersStopped there is no swap
 * @throws MetricFileError DIRECTORY_UNREADABLE
 */
export async function checkDirectory(given: string, readersStopped: boolean): Promise<Checked> {
  const named = resolve(given);
  try {
    const isLink = (await lstat(named)).isSymbolicLink();
    const target = await boundedIo.realPath(named);
    // A link above it is followed by everybody.
    const path = isLink ? target : join(await boundedIo.realPath(dirname(named)), basename(named));
    if (isLink) return { path, refusal: linkRefusal(target) };
    const common = (await ownerRefusal(path)) ?? (await writableRefusal(path));
    if (common !== undefined || readersStopped) return { path, refusal: common };
    return { path, refusal: await swapRefusal(path) };
  } catch (error) {
    throw await directoryError(given, error as NodeJS.ErrnoException);
  }
}

function linkRefusal(target: string): Refusal {
  return {
    code: 'symlink',
    found: `it is a symbolic link to ${target}`,
    advice: `name that directory itself: promfold compact ${target}`,
  };
}

async function ownerRefusal(path: string): Promise<Refusal | undefined> {
  const { uid } = await boundedIo.stat(path);
  const own = process.geteuid!();
  if (own === 0 || own === uid) return undefined;
  return {
    code: 'owner',
    found: `it belongs to uid ${uid}, and promfold runs as uid ${own}`,
    advice: 'run promfold as the user of the writers',
  };
}

async function writableRefusal(path: string): Promise<Refusal | undefined> {
  const error = await whyNotWritable(path);
  if (error === undefined) return undefined;
  return {
    code: 'read-only',
    found: error === 'EROFS' ? 'it is mounted read-only' : `it cannot be written (${error})`,
    advice: 'mount the volume writable for promfold, and give the owner write permission',
  };
}

/** What forbids the swap alone. */
async function swapRefusal(path: string): Promise<Refusal | undefined> {
  return (
    (await mountRefusal(path)) ??
    (await parentRefusal(path)) ??
    (await subdirectoryRefusal(path)) ??
    pinRefusal(await pinOf(path))
  );
}

/** The root of a file system is no entry of a directory that could be swapped. */
async function mountRefusal(path: string): Promise<Refusal | undefined> {
  const parent = dirname(path);
  const [own, above] = await Promise.all([boundedIo.stat(path), boundedIo.stat(parent)]);
  const isRoot = identityOf(own) === identityOf(above);
  const isMountPoint = own.dev !== above.dev || mountOf(path, readMounts())?.mountPoint === path;
  if (!isRoot && !isMountPoint) return undefined;
  return {
    code: 'mount-point',
    found: 'it is a mount point, and a mount stays with the old directory',
    advice: `make it a sub-directory of the volume, ${INSTEAD}`,
  };
}

async function parentRefusal(path: string): Promise<Refusal | undefined> {
  const parent = dirname(path);
  const error = await whyNotWritable(parent);
  if (error === undefined) return undefined;
  return {
    code: 'parent',
    found: `${parent}, in which the new directory is made, cannot be written (${error})`,
    advice: `let the user of the writers write it, ${INSTEAD}`,
  };
}

async function subdirectoryRefusal(path: string): Promise<Refusal | undefined> {
  const entries = await readdir(path, { withFileTypes: true });
  // What an interrupted compaction left is for the next one.
  const isLeft = (name: string) => name.startsWith('.promfold-');
  const directory = entries.find((entry) => entry.isDirectory() && !isLeft(entry.name));
  if (directory === undefined) return undefined;
  return {
    code: 'subdirectory',
    found: `it has the directory ${directory.name}, and a directory cannot be linked`,
    advice: `move it out: the client makes none, ${INSTEAD}`,
  };
}

function pinRefusal(pin: Pin | undefined): Refusal | undefined {
  if (pin === undefined) return undefined;
  const name = pin.role ?? pin.program;
  const who = `process ${pin.pid}${name === undefined ? '' : ` (${name})`}`;
  if (pin.by === 'mount') {
    return {
      code: 'mount-point',
      found: `${who} has it mounted at ${pin.mountPoint}, and would stay in the old directory`,
      advice: `mount the volume, with the directory as a sub-directory of it, ${INSTEAD}`,
    };
  }
  return {
    code: 'working-directory',
    found: `it is the ${pin.by} of ${who}, which would stay in the old directory`,
    advice: `start the process elsewhere, with an absolute path, ${INSTEAD}`,
  };
}

/** @returns an errno; undefined if entries can be made and removed there */
async function whyNotWritable(path: string): Promise<string | undefined> {
  try {
    await access(path, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown';
  }
}
