/**
 * Where `run` makes the directory: in $TMPDIR, else /tmp, else /var/tmp, where there is room.
 *
 * A store into a mapped file that gets no room ends the writer (SIGBUS). A container's /dev/shm has 64 MB, and
 * a tmpfs counts against its memory: so 1 GiB must be free, or it is the roomiest of them, with a warning.
 */

import type { Stats } from 'node:fs';
import { lstat, mkdir, mkdtemp, stat, statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { formatBytes } from '../inspect/quantity.js';
import { systemErrorText } from './system-error.js';

const ENOUGH_BYTES = 1024 ** 3;

/** Some twenty processes of vLLM; below it the command is better off without. */
const LEAST_BYTES = 32 * 1024 ** 2;

/** The best first. */
export function temporaryPlaces({
  TMPDIR,
}: Readonly<Record<string, string | undefined>>): string[] {
  return [...new Set([...(TMPDIR ? [resolve(TMPDIR)] : []), '/tmp', '/var/tmp'])];
}

/** @throws Error that says of each place why not */
export async function makeFreshDirectory(
  parents: readonly string[],
  warn: (message: string, fields: Record<string, unknown>) => void,
): Promise<string> {
  const reasons: string[] = [];
  const tight: { parent: string; freeBytes: number }[] = [];
  for (const parent of parents) {
    const freeBytes = await freeBytesOf(parent);
    if (freeBytes !== undefined && freeBytes < ENOUGH_BYTES) {
      tight.push({ parent, freeBytes });
      reasons.push(`${parent}: ${formatBytes(freeBytes)} free`);
      continue;
    }
    const made = await makeIn(parent, reasons);
    if (made === undefined) continue;
    if (reasons.length > 0)
      warn('directory made elsewhere', { directory: made, cause: reasons.join('; ') });
    return made;
  }
  for (const { parent, freeBytes } of tight.sort((a, b) => b.freeBytes - a.freeBytes)) {
    if (freeBytes < LEAST_BYTES) continue;
    const made = await makeIn(parent, reasons);
    if (made === undefined) continue;
    warn('little room for metric files: a full file system ends the processes that write them', {
      directory: made,
      freeBytes,
    });
    return made;
  }
  throw new Error(reasons.join('; '));
}

/** `--dir`: made where it is missing. A link must be of this user or of root. @throws Error */
export async function makeGivenDirectory(path: string): Promise<string> {
  const directory = resolve(path);
  let found: Stats;
  try {
    await makeWithParents(directory);
    found = await lstat(directory);
  } catch (error) {
    throw new Error(`${directory}: ${systemErrorText(error)}`);
  }
  // In /tmp anybody may have made it, and the command writes where it leads.
  if (found.isSymbolicLink() && ![process.geteuid!(), 0].includes(found.uid))
    throw new Error(`${directory}: expected a directory, got a link of uid ${found.uid}`);
  return directory;
}

/** Not mkdir's `recursive`: below /proc, where a directory says ENOENT to mkdir, Node 20 tries for ever. */
async function makeWithParents(directory: string): Promise<void> {
  const make = () => mkdir(directory, { mode: 0o700 });
  try {
    await make();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await stat(directory)).isDirectory()) return;
    if (code !== 'ENOENT' || dirname(directory) === directory) throw error;
    await makeWithParents(dirname(directory));
    await make();
  }
}

async function makeIn(parent: string, reasons: string[]): Promise<string | undefined> {
  try {
    return await mkdtemp(join(parent, 'promfold-'));
  } catch (error) {
    reasons.push(`${parent}: ${systemErrorText(error)}`);
    return undefined;
  }
}

/** Undefined where it cannot be told. */
async function freeBytesOf(path: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}
