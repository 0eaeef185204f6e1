/**
 * Which directory is meant when a command line leaves it out.
 *
 * Source: prometheus_client multiprocess.py, MultiProcessCollector.__init__: the variable's name was
 * lower case once, and is still read, with a warning.
 */
import { UsageError } from '../errors.js';
import { WHERE_TO_LOOK } from './error-line.js';

export const DIRECTORY_VARIABLE = 'PROMETHEUS_MULTIPROC_DIR';
export const OLD_DIRECTORY_VARIABLE = 'prometheus_multiproc_dir';

/** For --help of commands that read what readPath reads. */
export const INSTEAD_OF_DIRECTORY =
  'In place of DIR: a metric file, a snapshot, either of them through a pipe (- is stdin), or the URL of a running promfold.';

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
