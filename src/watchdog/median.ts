/** The median of all numbers but one. */

/** @param sorted ascending, two at least, `own` among them */
export function medianOfOthers(sorted: readonly number[], own: number): number {
  const place = sorted.indexOf(own);
  const middle = sorted.length / 2 - 1;
  const other = (i: number) => sorted[i < place ? i : i + 1]!;
  return (other(Math.floor(middle)) + other(Math.ceil(middle))) / 2;
}
