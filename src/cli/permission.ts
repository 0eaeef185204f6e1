/**
 * Adds to a `permission denied` who owns what is in the way, and its mode: the two facts that say what
 * to change.
 */
import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { MetricFileError } from '../errors.js';

/** Returns the error itself where permission is not the problem. */
export async function whoMayRead(error: MetricFileError): Promise<MetricFileError> {
  const { code } = (error.cause ?? {}) as NodeJS.ErrnoException;
  if (code !== 'EACCES' && code !== 'EPERM') return error;

  const obstacle = await nearestStatable(resolve(error.path));
  if (!obstacle) return error;
  const { path, uid, gid, mode } = obstacle;
  const of = path === resolve(error.path) ? '' : `${path}: `;
  const facts = `${of}owner ${uid}, group ${gid}, mode ${(mode & 0o7777).toString(8).padStart(4, '0')}`;
  return new MetricFileError(error.code, error.path, `${error.found} (${facts})`, {
    offset: error.offset,
    cause: error.cause,
  });
}

/** What cannot even be stated lies behind a directory that may not be searched. */
async function nearestStatable(
  path: string,
): Promise<{ path: string; uid: number; gid: number; mode: number } | undefined> {
  for (let at = path; ; at = dirname(at)) {
    try {
      const { uid, gid, mode } = await stat(at);
      return { path: at, uid, gid, mode };
    } catch {
      if (dirname(at) === at) return undefined;
    }
  }
}
