/**
 * Ends work that takes too long in the middle: a regular expression can need more time than the machine has, and while it
 * runs, nothing else does. Only for code that changes nothing but what it returns.
 */
import { Script } from 'node:vm';
import { UsageError } from '../../errors.js';

/** What the script runs; it has no arguments. */
const CALLED = Symbol.for('promfold.time-limit');
const script = new Script(`globalThis[Symbol.for('promfold.time-limit')]()`);

/**
 * @param what is named in the error
 * @throws UsageError when the time is over
 */
export function withinMilliseconds<T>(milliseconds: number, what: string, work: () => T): T {
  const place = globalThis as { [CALLED]?: () => T };
  place[CALLED] = work;
  try {
    // The one timeout of V8 that also ends a regular expression.
    return script.runInThisContext({ timeout: milliseconds }) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    throw new UsageError(
      `${what}: expected one that ends within ${milliseconds} ms, got one that does not`,
    );
  } finally {
    delete place[CALLED];
  }
}
