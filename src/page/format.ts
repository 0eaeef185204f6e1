/** Numbers, sizes, times and ages as people read them. */
import { numberOf } from './api.js';

const SUFFIXES = ['', 'k', 'M', 'G', 'T', 'P'];

/** `12`, `12.3k`, `0.0042`; what JSON does not have is shown as the exposition has it. */
export function shortNumber(value: number | string | null | undefined): string {
  if (value === undefined || value === null) return '–';
  if (typeof value === 'string') return value;
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size < 0.001 || size >= 1e18) return value.toPrecision(3).replace(/\.?0+e/, 'e');
  if (size < 1000) return trimmed(value, size < 1 ? 3 : size < 10 ? 2 : 1);
  let power = Math.min(SUFFIXES.length - 1, Math.floor(Math.log10(size) / 3));
  if (size / 1000 ** power >= 999.5 && power < SUFFIXES.length - 1) power++;
  const scaled = value / 1000 ** power;
  return `${trimmed(scaled, Math.abs(scaled) < 10 ? 2 : Math.abs(scaled) < 100 ? 1 : 0)}${SUFFIXES[power]}`;
}

function trimmed(value: number, digits: number): string {
  const text = value.toFixed(digits);
  return digits === 0 ? text : text.replace(/\.?0+$/, '');
}

/** Numbers of an axis, ascending. Where some would look the same, those after the first are what they are above it. */
export function axisNumbers(
  numbers: readonly number[],
  format: (value: number) => string,
): string[] {
  const texts = numbers.map((value) => format(value));
  if (new Set(texts).size === texts.length) return texts;
  return numbers.map((value, i) => (i === 0 ? texts[0]! : `+${format(value - numbers[0]!)}`));
}

/** All digits. */
export function exactNumber(value: number | string | null | undefined): string {
  if (value === undefined || value === null) return '–';
  return String(value);
}

/** `1,234`. */
export function wholeNumber(value: number | undefined): string {
  return value === undefined ? '–' : Math.round(value).toLocaleString('en-US');
}

export function perSecond(value: number | string | null | undefined): string {
  return value === undefined || value === null ? '–' : `${shortNumber(value)}/s`;
}

export function bytesText(value: number | undefined): string {
  if (value === undefined) return '–';
  if (value < 1024) return `${value} B`;
  let scaled = value;
  let unit = 0;
  while (scaled >= 1023.5 && unit < 4) {
    scaled /= 1024;
    unit++;
  }
  return `${trimmed(scaled, scaled < 10 ? 1 : 0)} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][unit]}`;
}

export function percentText(part: number, whole: number): string {
  if (!(whole > 0)) return '–';
  const percent = (part / whole) * 100;
  return `${percent > 0 && percent < 0.1 ? '<0.1' : trimmed(percent, percent < 10 ? 1 : 0)} %`;
}

/** `3 s`, `12 min`, `5 h`, `3 d`. */
export function ageText(seconds: number | undefined): string {
  if (seconds === undefined || Number.isNaN(seconds)) return '–';
  const size = Math.max(0, seconds);
  if (size < 0.95) return size < 0.05 ? 'now' : `${trimmed(size, 1)} s`;
  if (size < 99.5) return `${Math.round(size)} s`;
  if (size < 99 * 60) return `${Math.round(size / 60)} min`;
  if (size < 48 * 3600) return `${trimmed(size / 3600, size < 36_000 ? 1 : 0)} h`;
  return `${Math.round(size / 86_400)} d`;
}

/** Of observations, which may be short. */
export function durationText(seconds: number | string | undefined): string {
  const value = numberOf(seconds);
  if (!Number.isFinite(value)) return shortNumber(seconds);
  return shortNumber(value);
}

const two = (value: number) => String(value).padStart(2, '0');

/** `14:03:10`, local. */
export function clockText(seconds: number): string {
  const date = new Date(seconds * 1000);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
}

/** With the date where it is another day. */
export function timeText(seconds: number): string {
  const date = new Date(seconds * 1000);
  const isToday = date.toDateString() === new Date().toDateString();
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return isToday ? clockText(seconds) : `${day} ${clockText(seconds)}`;
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${wholeNumber(count)} ${count === 1 ? one : many}`;
}

/** What cannot be seen is shown: controls, and what changes the direction of text. */
export function visibleText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  const hidden = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
  return text.replace(hidden, (character) => {
    const code = character.charCodeAt(0);
    return code === 10 ? '↵' : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** @param least where all are less, or there is none */
export function largest(values: Iterable<number | null | undefined>, least: number): number {
  let most = least;
  for (const value of values) if (typeof value === 'number' && value > most) most = value;
  return most;
}
