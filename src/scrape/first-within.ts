/** How long a result is waited for, when there is an answer without it. The work goes on. */

/** @returns undefined if it takes longer; rejects as the work does */
export async function firstWithin<T>(
  milliseconds: number,
  work: Promise<T>,
): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
