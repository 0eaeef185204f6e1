/**
 * Where `run` creates the directory: in $TMPDIR, else /tmp, else /var/tmp, wherever there is space.
 *
 * The kernel kills a writer whose mapped file gets no more space (SIGBUS). A container's /dev/shm has 64 MB, and a
 * tmpfs counts against its memory: so 1 GiB must be free, else the place with the most space is taken, with a
 * warning.
 */

import type { Stats } from 'node:fs';
import { lstat, mkdir, mkdtemp, stat, statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { formatBytes } from '../inspect/quantity.js';
import { systemErrorText } from './system-error.js';

const ENOUGH_BYTES = 1024 ** 3;

/** Enough for twenty processes of vLLM; with less, the command runs without metrics. */
const LEAST_BYTES = 32 * 1024 ** 2;

/** In order of preference. */
export function temporaryPlaces({
  TMPDIR,
}: Readonly<Record<string, string | undefined>>): string[] {
  return [...new Set([...(TMPDIR ? [resolve(TMPDIR)] : []), '/tmp', '/var/tmp'])];
}

/** @throws Error that says why each place was refused */
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
      warn('directory created in another place', { directory: made, cause: reasons.join('; ') });
    return made;
  }
  for (const { parent, freeBytes } of tight.sort((a, b) => b.freeBytes - a.freeBytes)) {
    if (freeBytes < LEAST_BYTES) continue;
    const made = await makeIn(parent, reasons);
    if (made === undefined) continue;
    warn('little space for metric files: a full file system kills the processes that write them', {
      directory: made,
      freeBytes,
    });
    return made;
  }
  throw new Error(reasons.join('; '));
}

/** `--dir`: created if missing. A link must belong to this user or to root. @throws Error */
export async function makeGivenDirectory(path: string): Promise<string> {
  const directory = resolve(path);
  let found: Stats;
  try {
    await makeWithParents(directory);
    found = await lstat(directory);
  } catch (error) {
    throw new Error(`${directory}: ${systemErrorText(error)}`);
  }
  // In /tmp any user can create one, and the command would write to its target.
  if (found.isSymbolicLink() && ![process.geteuid!(), 0].includes(found.uid))
    throw new Error(`${directory}: expected a directory, got a link of uid ${found.uid}`);
  return directory;
}

/** Not mkdir's `recursive`: below /proc, where mkdir fails with ENOENT, Node 20 retries for ever. */
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

/** Undefined if unknown. */
async function freeBytesOf(path: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}
