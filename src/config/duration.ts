/** Go's durations, as time.ParseDuration reads them: `1s`, `1m30s`, `1.5h`, `100ms`. */

const SECONDS_OF: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  μs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3_600,
};

const PART = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/gy;

/** @returns seconds; undefined if it is not a duration */
export function parseDuration(text: string): number | undefined {
  const sign = text.startsWith('-') ? -1 : 1;
  const rest = text.replace(/^[-+]/, '');
  if (rest === '0') return 0;
  let seconds = 0;
  let at = 0;
  for (const [part, number, unit] of rest.matchAll(PART)) {
    seconds += Number(number) * SECONDS_OF[unit!]!;
    at += part.length;
  }
  return at === 0 || at < rest.length ? undefined : sign * seconds;
}
