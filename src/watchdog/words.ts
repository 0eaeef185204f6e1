/** Numbers as evidence says them. */

export function seconds(number: number): string {
  if (number < 120) return `${Math.round(number)} s`;
  if (number < 7_200) return `${Math.round(number / 60)} min`;
  return `${Math.round(number / 3_600)} h`;
}

/** Three digits. */
export function short(number: number): string {
  if (number >= 1_000) return Math.round(number).toLocaleString('en-US');
  return String(Number(number.toPrecision(3)));
}

/** @param logOdds negative natural logarithm of a probability */
export function odds(logOdds: number): string {
  return `1 in 10^${Math.floor(logOdds / Math.LN10)}`;
}
