/**
 * `-o FILE`: a reader sees the old content or the new, never half of it, and no user who can write to the directory
 * can redirect the output.
 *
 * | FILE is                                   | what happens                                              |
 * |-------------------------------------------|-----------------------------------------------------------|
 * | missing, a regular file, a symbolic link  | replaced; a link itself is replaced, never followed       |
 * | a FIFO, a character device                | written to; refused where the FIFO is of another user     |
 * | /dev/stdout, /dev/stderr, /dev/fd/N       | that descriptor is written to                             |
 * | a directory, a socket, a block device     | refused                                                   |
 *
 * Replacing means to write a temporary file in the same directory and to rename it. Its name cannot be predicted, and
 * O_EXCL makes sure that it is new. It does not end in `.prom`, since node_exporter's textfile collector reads all
 * such files at any moment.
 */
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import {
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  openSync,
  renameSync,
  rmSync,
  type Stats,
} from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { InterruptedError, UsageError } from '../errors.js';
import { systemErrorText } from './system-error.js';

const close = promisify(fs.close);
const fsync = promisify(fs.fsync);
const writeFile = promisify(fs.writeFile);

// libuv adds O_CLOEXEC to every open.
const { O_CREAT, O_EXCL, O_NOCTTY, O_NOFOLLOW, O_WRONLY } = constants;

/** By default each of these ends a command. */
const ENDING_SIGNALS = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const;

const PERMISSION_BITS = 0o777;

const OWNER_BITS = 0o700;

/** Bytes, or a text in pieces that are made one after the other. */
export type Content = Uint8Array | AsyncIterable<string>;

export interface OutputFileOptions {
  /** Mode 0600, whatever the umask and the mode of an earlier file: only the owner can read it. */
  readonly isPrivate?: boolean;
}

/**
 * Writes FILE.
 *
 * A file that is not private gets its mode from the umask. If it replaces a regular file of the same user, it gets
 * the mode and group of that file.
 *
 * @throws UsageError `FILE: no such file or directory`; a file that was to be replaced is then unchanged
 * @throws InterruptedError a signal came before the file was complete; likewise
 */
export async function writeOutputFile(
  file: string,
  content: Content,
  { isPrivate = false }: OutputFileOptions = {},
): Promise<void> {
  try {
    const descriptor = descriptorNamed(file);
    if (descriptor !== undefined) return await writeContent(descriptor, content);

    const found = await linkStat(file);
    if (found?.isFIFO() || found?.isCharacterDevice()) await writeInto(file, found, content);
    else if (found === undefined || found.isFile() || found.isSymbolicLink())
      await replace(file, found, content, isPrivate);
    else throw new UsageError(`${file}: expected a file, got a ${kindOf(found)}`);
  } catch (error) {
    if (error instanceof UsageError || error instanceof InterruptedError) throw error;
    throw new UsageError(`${file}: ${systemErrorText(error)}`);
  }
}

/**
 * By name, as in gawk: /dev/stdout is a link to a link of /proc. Opening it again would overwrite the beginning of a
 * file to which stdout is redirected.
 */
function descriptorNamed(file: string): number | undefined {
  if (file === '/dev/stdout') return 1;
  if (file === '/dev/stderr') return 2;
  const [, number] = /^\/(?:dev|proc\/self)\/fd\/(\d+)$/.exec(file) ?? [];
  return number === undefined ? undefined : Number(number);
}

/** Of the name itself, not of the target of a link; undefined if nothing exists. */
async function linkStat(file: string): Promise<Stats | undefined> {
  try {
    return await lstat(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'directory';
  if (stats.isSocket()) return 'socket';
  return 'block device';
}

/** Waits for a reader of a FIFO, as a shell does. */
async function writeInto(file: string, found: Stats, content: Content): Promise<void> {
  // Any user can create one in /tmp and read what is written to it.
  if (found.isFIFO() && ![process.geteuid!(), 0].includes(found.uid)) {
    throw new UsageError(
      `${file}: expected a FIFO of this user or of root, got one of uid ${found.uid}`,
    );
  }
  const handle = await open(file, O_WRONLY | O_NOFOLLOW | O_NOCTTY);
  try {
    const { dev, ino } = await handle.stat();
    if (dev !== found.dev || ino !== found.ino)
      throw new UsageError(`${file}: replaced by another file while it was opened`);
    await writeContent(handle.fd, content);
  } finally {
    await handle.close();
  }
}

async function replace(
  file: string,
  found: Stats | undefined,
  content: Content,
  isPrivate: boolean,
): Promise<void> {
  const temporary = join(dirname(file), `.promfold-${randomBytes(12).toString('hex')}.tmp`);
  const earlier = found?.isFile() && found.uid === process.geteuid!() ? found : undefined;
  // Never more permissive than in the end: a process that has opened the file can read everything written later.
  let mode = 0o666;
  if (isPrivate) mode = 0o600;
  else if (earlier !== undefined) mode = earlier.mode & OWNER_BITS;

  const signal = nextSignal();
  try {
    // Blocking: a signal that arrives meanwhile is handled afterwards, when the file exists and can be removed.
    const descriptor = openSync(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
    const filled = fill(descriptor, content, () => {
      if (isPrivate) makePrivate(descriptor, file);
      else if (earlier !== undefined) copyAccess(earlier, descriptor);
    });
    await Promise.race([filled, signal.interruption]);
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    signal.ignore();
  }
}

/** Closes the descriptor, also after an error. The rename is not synced: both the old and the new file are complete. */
async function fill(descriptor: number, content: Content, setAccess: () => void): Promise<void> {
  try {
    setAccess();
    await writeContent(descriptor, content);
    // Otherwise a crash after the rename may leave an empty file.
    await fsync(descriptor);
  } finally {
    await close(descriptor);
  }
}

/** Where the descriptor is at. */
async function writeContent(descriptor: number, content: Content): Promise<void> {
  if (content instanceof Uint8Array) return writeFile(descriptor, content);
  for await (const piece of content) await writeFile(descriptor, piece);
}

function makePrivate(descriptor: number, file: string): void {
  try {
    setMode(descriptor, 0o600);
  } catch (error) {
    throw new UsageError(`${file}: mode 0600 cannot be set: ${systemErrorText(error)}`);
  }
}

function copyAccess({ mode, uid, gid }: Stats, descriptor: number): void {
  let allowed = mode & PERMISSION_BITS;
  if (fstatSync(descriptor).gid !== gid) {
    try {
      fchownSync(descriptor, uid, gid);
    } catch {
      // Not a member of that group any more: the group of this process gets the permissions of others.
      allowed = (allowed & 0o707) | ((allowed & 0o007) << 3);
    }
  }
  setMode(descriptor, allowed);
}

function setMode(descriptor: number, mode: number): void {
  // A file system without modes (vfat) refuses to set one, even its own.
  if ((fstatSync(descriptor).mode & PERMISSION_BITS) !== mode) fchmodSync(descriptor, mode);
}

/**
 * A signal that would end the process rejects `interruption`, until `ignore` is called; the next one ends the
 * process.
 */
function nextSignal(): { readonly interruption: Promise<never>; ignore(): void } {
  let ignore = () => {};
  const interruption = new Promise<never>((_, reject) => {
    const tell = (signal: NodeJS.Signals) => {
      ignore();
      reject(new InterruptedError(signal));
    };
    ignore = () => {
      for (const signal of ENDING_SIGNALS) process.removeListener(signal, tell);
    };
    for (const signal of ENDING_SIGNALS) process.on(signal, tell);
  });
  // If opening fails, nothing awaits it.
  interruption.catch(() => {});
  return { interruption, ignore };
}
