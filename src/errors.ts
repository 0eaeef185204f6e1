/**
 * Operating errors: what can go wrong with a directory, a file or an entry, as stable codes.
 *
 * A code keeps its meaning for good; src/manual/errors.md has one section per code and a test keeps both
 * equal. The advice lives there, not in the message: a message is path, what was
 * found, and where.
 */

/** Add codes at the end. */
export const ERROR_CODES = [
  /** The directory cannot be listed: missing, not a directory, no permission. */
  'DIRECTORY_UNREADABLE',
  /** The chain of entries is broken, or `used` cannot be right: the whole file is left out. */
  'FILE_CORRUPT',
  /** Still 0 bytes or all zeros five seconds after it was made. */
  'FILE_EMPTY',
  /** open, stat, map or read failed: permission, a dangling link, an I/O error. */
  'FILE_UNREADABLE',
  /** A directory, FIFO, socket or device called `*.db`: never opened. */
  'FILE_NOT_REGULAR',
  /** A name no client writes: unknown type word, or a gauge without a mode. */
  'FILE_FOREIGN',
  /** The entry is intact, its key is not: bad UTF-8, bad JSON, wrong shape, a value that is not text. */
  'KEY_UNUSABLE',
  /** A help that is not text, or a text with half a surrogate pair: repaired and served. */
  'TEXT_REPAIRED',
  /** One family with two types or two gauge modes: served as the reference does. */
  'FAMILY_CONFLICT',
  /** Two series of one family print the same line: only the last is printed. */
  'SERIES_IDENTICAL',
  /** Escaping makes two families, or two labels of a series, equal: one is printed in `values`. */
  'NAMES_COLLIDE',
  /** A flag, an argument or an environment variable that cannot be used. */
  'USAGE',
  /** A series has a label of the same name as the source label: printed as `exported_…`. */
  'LABEL_IN_USE',
  'RULE_REFUSED',
  /** An endpoint of --append-url gave no page that can be read: its families are missing. */
  'APPEND_FAILED',
  /** A file would exceed a limit: it, or the part by which it grew, is left out. */
  'BUDGET_EXCEEDED',
  /** A metric file that is a link, where link, target and directory do not belong to one user: not read. */
  'LINK_TO_OTHER_OWNER',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** A problem with what is on disk: path, what was found, and the first wrong byte. */
export class MetricFileError extends Error {
  override readonly name = 'MetricFileError';
  readonly code: ErrorCode;
  readonly path: string;
  readonly found: string;
  /** First byte that is wrong, from the start of the file. */
  readonly offset: number | undefined;

  constructor(
    code: ErrorCode,
    path: string,
    found: string,
    options: { offset?: number | undefined; cause?: unknown } = {},
  ) {
    const at = options.offset === undefined ? '' : ` at byte ${options.offset}`;
    super(`${path}: ${found}${at}`, { cause: options.cause });
    this.code = code;
    this.path = path;
    this.found = found;
    this.offset = options.offset;
  }
}

/** A wrong command line: `main.ts` prints the message and exits 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code: ErrorCode = 'USAGE';
}

/** A signal arrived before the work was complete: `main.ts` ends the process with it. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
  readonly signal: NodeJS.Signals;

  constructor(signal: NodeJS.Signals) {
    super(`interrupted by ${signal}`);
    this.signal = signal;
  }
}
