/** The message when a command fails: path or flag, what was found, what to do, and the code. */
import { MetricFileError, UsageError } from '../errors.js';

/** Undefined for a bug. */
export function errorLine(error: unknown): string | undefined {
  if (error instanceof UsageError) return `promfold: ${error.message}`;
  if (!(error instanceof MetricFileError)) return undefined;
  const { message, code } = error;
  return `promfold: ${message}${adviceOn(error)} [${code}]`;
}

/** Only a missing directory has advice; for the rest, the topic `errors` has a section for each code. */
function adviceOn({ code, cause }: MetricFileError): string {
  const isMissing =
    code === 'DIRECTORY_UNREADABLE' &&
    (cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
  return isMissing ? `; ${WHERE_TO_LOOK}` : '';
}

export const WHERE_TO_LOOK = 'promfold discover lists those in use';
