/**
 * When a scrape must be answered: before Prometheus gives up on it.
 *
 * Prometheus says its timeout in a header. Half a second before it, or at half of it when it is
 * shorter than a second, promfold's own answer still arrives and says what happened; a scrape that Prometheus cancels
 * says nothing. Other exporters call the half second --timeout-offset.
 */

/** With more, a timer of Node fires at once. */
const LONGEST_MILLISECONDS = 2 ** 31 - 1;

/** The scrape did not finish in time. It continues, and the next one joins or follows it. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

/**
 * @param header X-Prometheus-Scrape-Timeout-Seconds
 * @returns seconds until an answer is due; undefined without a valid header
 */
export function deadlineSeconds(header: string | undefined): number | undefined {
  if (header === undefined || !/^\d+(\.\d*)?$/.test(header.trim())) return undefined;
  const timeout = Number(header);
  return timeout > 0 ? Math.max(timeout - 0.5, timeout / 2) : undefined;
}

/** Settles as `work` does, or rejects with DeadlineError if `seconds` pass first. */
export async function within<T>(seconds: number | undefined, work: Promise<T>): Promise<T> {
  if (seconds === undefined) return work;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new DeadlineError(`the scrape did not finish within ${seconds} s`)),
      Math.min(seconds * 1000, LONGEST_MILLISECONDS),
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
