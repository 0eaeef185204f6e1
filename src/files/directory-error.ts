/**
 * Describes why a directory cannot be listed; a permission error names the owner.
 */
import { dirname, resolve } from 'node:path';
import { boundedIo, NoAnswerError } from '../bounded-io.js';
import { MetricFileError } from '../errors.js';

/** Timeout of one operation on a served directory: a stat, or a part of its listing. A local one takes microseconds. */
export const DIRECTORY_SECONDS = 3;

/**
 * A compaction with --readers-stopped is under way, or was killed: what is left in the directory is a part of it. With the
 * code that the addon gives (native/core/directory.h).
 */
export class FilesMovedAwayError extends Error {
  readonly code = 'EINPROGRESS';
}

export async function directoryError(
  path: string,
  error: NodeJS.ErrnoException,
): Promise<MetricFileError> {
  const found = await describe(path, error);
  return new MetricFileError('DIRECTORY_UNREADABLE', path, found, { cause: error });
}

async function describe(path: string, error: NodeJS.ErrnoException): Promise<string> {
  switch (error.code) {
    case 'ENOENT':
      return 'no such directory';
    case 'ENOTDIR':
      return 'not a directory';
    case 'EACCES':
    case 'EPERM':
      return `permission denied, ${await owner(resolve(path))}`;
    case 'EINPROGRESS':
      return 'files are moved away: a compaction with --readers-stopped is under way, or was interrupted; promfold compact --apply puts it in order';
    case 'ETIMEDOUT':
      return `the directory does not answer (${error instanceof NoAnswerError ? error.seconds : DIRECTORY_SECONDS} s)`;
    default:
      return error.message;
  }
}

/** The owner of the directory, or where that cannot be read, of the nearest parent where it can. */
async function owner(path: string): Promise<string> {
  for (let at = path; ; at = dirname(at)) {
    const stats = await boundedIo.stat(at).catch(() => undefined);
    if (stats === undefined && at !== dirname(at)) continue;
    const mode = ((stats?.mode ?? 0) & 0o7777).toString(8).padStart(4, '0');
    const what = at === path ? 'it' : at;
    return `${what} belongs to uid ${stats?.uid} gid ${stats?.gid} with mode ${mode}`;
  }
}
