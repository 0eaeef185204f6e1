/**
 * How sources share the memory of the recorder: so that all of them reach back about as far. Half of it is divided evenly, so
 * that one that was quiet has room; the other half by what each was recorded with lately.
 */

/** @param bytesPerSecond of each source */
export function sharesOf(bytes: number, bytesPerSecond: readonly number[]): number[] {
  const even = 1 / bytesPerSecond.length;
  const sum = bytesPerSecond.reduce((a, b) => a + b, 0);
  return bytesPerSecond.map((rate) => {
    const needed = sum > 0 ? rate / sum : even;
    return Math.floor(bytes * (even / 2 + needed / 2));
  });
}
