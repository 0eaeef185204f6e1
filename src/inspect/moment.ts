/**
 * A moment of the past as a user names it, and which one it is in a recording.
 *
 *   02:20  02:20:30          that time of day, the last one up to the end of the recording; of the local time zone
 *   -15m  -90s  -1h          before the end of the recording
 *   2026-03-01T02:20:00Z     RFC 3339; without an offset, of the local time zone
 *   1772331600               seconds since 1970, with fractions
 */
import { UsageError } from '../errors.js';

export type Moment =
  | {
      readonly kind: 'time of day';
      readonly hour: number;
      readonly minute: number;
      readonly second: number;
      readonly text: string;
    }
  | { readonly kind: 'before the end' | 'time'; readonly seconds: number; readonly text: string };

/** What is recorded: the times of the first and of the last moment. */
export interface Span {
  readonly fromSeconds: number;
  readonly toSeconds: number;
}

/** For error messages and --help. */
export const A_MOMENT = 'a time such as 02:20, -15m, 2026-03-01T02:20:00Z or seconds since 1970';

const TIME_OF_DAY = /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/;
const BEFORE_END = /^-(\d{1,6}(?:\.\d{1,3})?)(ms|s|m|h|d)$/;
const SECONDS = /^\d{9,11}(?:\.\d+)?$/;
const RFC_3339 =
  /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:[Zz]|[+-]\d{2}:\d{2})?$/;

const SECONDS_OF: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 };

/** @returns undefined for any other text */
export function parseMoment(text: string): Moment | undefined {
  const [, hour, minute, second = '0'] = TIME_OF_DAY.exec(text) ?? [];
  if (hour !== undefined) {
    const [h, m, s] = [Number(hour), Number(minute), Number(second)];
    return { kind: 'time of day', hour: h, minute: m, second: s, text };
  }
  const [, number, unit] = BEFORE_END.exec(text) ?? [];
  if (number !== undefined) {
    return { kind: 'before the end', seconds: Number(number) * SECONDS_OF[unit!]!, text };
  }
  if (SECONDS.test(text)) return { kind: 'time', seconds: Number(text), text };
  const milliseconds = RFC_3339.test(text) ? Date.parse(text.toUpperCase()) : Number.NaN;
  if (!Number.isNaN(milliseconds)) return { kind: 'time', seconds: milliseconds / 1000, text };
  return undefined;
}

/**
 * @param name of the flag or the parameter, for the error
 * @throws UsageError with what there is, if it was not recorded
 */
export function secondsOf(moment: Moment, span: Span, name: string): number {
  const seconds = resolve(moment, span);
  if (seconds >= span.fromSeconds && seconds <= span.toSeconds) return seconds;
  throw new UsageError(`${name}: expected a time from ${spanText(span)}, got '${moment.text}'`);
}

/**
 * From one moment to another, as far as it was recorded.
 *
 * @param start the beginning where absent; `end` the end
 * @throws UsageError with what there is, if none of it was recorded
 */
export function spanWithin(span: Span, start: Moment | undefined, end: Moment | undefined): Span {
  const from = start === undefined ? span.fromSeconds : resolve(start, span);
  const to = end === undefined ? span.toSeconds : resolve(end, span);
  const fromSeconds = Math.max(from, span.fromSeconds);
  const toSeconds = Math.min(to, span.toSeconds);
  if (fromSeconds <= toSeconds) return { fromSeconds, toSeconds };
  if (from > to) {
    throw new UsageError(`end: expected a time after start, got '${end?.text ?? isoText(to)}'`);
  }
  const [wrong, found] = from > span.toSeconds ? ['start', start] : ['end', end];
  throw new UsageError(`${wrong}: expected a time from ${spanText(span)}, got '${found?.text}'`);
}

/** `2026-03-01T02:05:01Z to 2026-03-01T02:20:00Z`, both of them recorded. */
export function spanText({ fromSeconds, toSeconds }: Span): string {
  // Rounded inwards, so that both can be copied; a recording within one second has neither.
  const [from, to] = [Math.ceil(fromSeconds), Math.floor(toSeconds)];
  if (from > to) return `${isoText(fromSeconds)} to ${isoText(toSeconds)}`;
  return `${isoText(from)} to ${isoText(to)}`;
}

/** RFC 3339 in the local time zone, with milliseconds where there are any. It is a moment, too. */
export function isoText(seconds: number): string {
  const date = new Date(Math.round(seconds * 1000));
  const offset = -date.getTimezoneOffset();
  if (offset === 0) return date.toISOString().replace('.000Z', 'Z');
  const local = new Date(date.getTime() + offset * 60_000)
    .toISOString()
    .replace(/(?:\.000)?Z$/, '');
  const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
  return `${local}${offset < 0 ? '-' : '+'}${twoDigits(hours)}:${twoDigits(minutes)}`;
}

/** `02:20:00`, likewise. */
export function clockText(seconds: number): string {
  const date = new Date(seconds * 1000);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(':');
}

const twoDigits = (number: number) => String(number).padStart(2, '0');

function resolve(moment: Moment, { toSeconds }: Span): number {
  switch (moment.kind) {
    case 'time':
      return moment.seconds;
    case 'before the end':
      return toSeconds - moment.seconds;
    case 'time of day': {
      const { hour, minute, second } = moment;
      const date = new Date(toSeconds * 1000);
      date.setHours(hour, minute, second, 0);
      // By date, since a day may have 23 or 25 hours.
      if (date.getTime() > toSeconds * 1000) date.setDate(date.getDate() - 1);
      return date.getTime() / 1000;
    }
  }
}
