/**
 * Which directory is used when a command line does not name one.
 *
 * Source: prometheus_client multiprocess.py, MultiProcessCollector.__init__: the name of the variable used to be in
 * lower case; it is still read, with a warning.
 */
import { UsageError } from '../errors.js';
import { WHERE_TO_LOOK } from './error-line.js';

export const DIRECTORY_VARIABLE = 'PROMETHEUS_MULTIPROC_DIR';
export const OLD_DIRECTORY_VARIABLE = 'prometheus_multiproc_dir';

/** For --help of the commands that use readPath. */
export const INSTEAD_OF_DIRECTORY =
  'Instead of DIR: a metric file, a snapshot or a recording, also through a pipe (- is stdin), or the URL of a running promfold.';

/** Whether the environment names a directory. */
export function hasDirectory(environment: Readonly<Record<string, string | undefined>>): boolean {
  return Boolean(environment[DIRECTORY_VARIABLE] || environment[OLD_DIRECTORY_VARIABLE]);
}

/** @throws UsageError when nothing names a directory */
export function chooseDirectory(
  given: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
  warn: (line: string) => void,
): string {
  if (given === '') throw new UsageError("expected a directory, got ''");
  if (given !== undefined) return given;

  const current = environment[DIRECTORY_VARIABLE];
  if (current) return current;

  const old = environment[OLD_DIRECTORY_VARIABLE];
  if (old) {
    warn(`${OLD_DIRECTORY_VARIABLE} is deprecated, use ${DIRECTORY_VARIABLE}`);
    return old;
  }
  throw new UsageError(`expected DIR or $${DIRECTORY_VARIABLE}, got neither; ${WHERE_TO_LOOK}`);
}
