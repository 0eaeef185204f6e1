/**
 * Numbers for people, in one style for all commands: bytes, ages, counts, rates, values, and means with
 * their unit.
 */
import { formatNumber } from '../format/number.js';

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `0 B`, `512 B`, `64 KiB`, `1.5 MiB`: three digits at most before the unit, one after the point below ten. */
export function formatBytes(bytes: number): string {
  let unit = 0;
  let left = bytes;
  // 1024 would be 1 of the next unit.
  while (left >= 1023.5 && unit < BYTE_UNITS.length - 1) {
    left /= 1024;
    unit++;
  }
  const text = left.toFixed(unit > 0 && left < 9.95 ? 1 : 0);
  return `${text.replace(/\.0$/, '')} ${BYTE_UNITS[unit]}`;
}

/** `0s`, `45s`, `12m`, `3h5m`, `4d`: rounded down, two units at most. A negative age is `0s`, an unknown one `-`. */
export function formatAge(seconds: number | undefined): string {
  if (seconds === undefined) return '-';
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole}s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 10) return minutes % 60 === 0 ? `${hours}h` : `${hours}h${minutes % 60}m`;
  if (hours < 48) return `${hours}h`;
  return `${Math.floor(hours / 24)}d`;
}

/** `1,234,567`. REQUIRES: a whole number. */
export function formatCount(count: number): string {
  return grouped(String(count));
}

/** `1 file`, `2 files`, `1 process`, `2 processes`. */
export function counted(count: number, singular: string, plural = `${singular}s`): string {
  return `${formatCount(count)} ${count === 1 ? singular : plural}`;
}

/** Per second, three digits: `0`, `0.25`, `12.5`, `1,250`. */
export function formatRate(perSecond: number): string {
  if (perSecond === 0) return '0';
  const size = Math.abs(perSecond);
  if (size >= 99.95) return formatCount(Math.round(perSecond));
  const text = perSecond.toFixed(size >= 9.995 ? 1 : 2);
  return Number(text) === 0 ? '<0.01' : text;
}

/**
 * A value of a series, exactly: `15`, `1,234,567`, `0.25`. Very long numbers have an exponent, as in an exposition:
 * `1e+16`, `9.1e-05`.
 */
export function formatValue(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value) || size >= 1e15 || (size < 1e-4 && size > 0)) {
    return formatNumber(value);
  }
  return Object.is(value, -0) ? '-0' : grouped(String(value));
}

/** Digits of a number that is not compared with another. */
const SHOWN_DIGITS = 6;

/** A value of a series to six digits, whole numbers exactly: `0.00480813`. */
export function formatShortValue(value: number): string {
  if (!Number.isFinite(value) || Number.isInteger(value)) return formatValue(value);
  return formatValue(Number(value.toPrecision(SHOWN_DIGITS)));
}

/**
 * Two values and their difference, to the digits that differ: three of the difference, `0.004808`, `0.005780`,
 * `+0.000972`. Whole numbers are exact.
 */
export function formatChange(before: number, after: number): readonly [string, string, string] {
  const delta = after - before;
  const sign = delta > 0 && Number.isFinite(delta) ? '+' : '';
  const size = Math.max(Math.abs(before), Math.abs(after));
  const isPlain = Number.isFinite(size) && size < 1e15 && size >= 1e-4 && delta !== 0;
  if (!isPlain) {
    const rounded = Number.isFinite(delta) ? Number(delta.toPrecision(3)) : delta;
    return [formatValue(before), formatValue(after), sign + formatValue(rounded)];
  }
  const exact = Math.max(decimalsOf(before), decimalsOf(after));
  const enough = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(delta))));
  const decimals = Math.min(exact, enough, MAX_DECIMALS);
  const text = (value: number) => grouped(withDecimals(value, decimals));
  return [text(before), text(after), sign + text(delta)];
}

/** As toFixed, but padded with zeros beyond the digits that a double has: 0.3 becomes 0.3000…. */
function withDecimals(value: number, decimals: number): string {
  const shortest = String(value);
  if (shortest.includes('e') || decimalsOf(value) > decimals) return value.toFixed(decimals);
  const [whole, fraction = ''] = shortest.split('.');
  return decimals === 0 ? whole! : `${whole}.${fraction.padEnd(decimals, '0')}`;
}

/** The most significant digits of a double that toFixed can give. */
const MAX_DECIMALS = 20;

/** Digits after the point that identify a number. */
function decimalsOf(value: number): number {
  const [, digits = '', exponent = '0'] = /^-?\d+(?:\.(\d+))?(?:e(.+))?$/.exec(String(value)) ?? [];
  return Math.max(0, digits.length - Number(exponent));
}

export type Unit = 'seconds' | 'milliseconds' | 'bytes' | undefined;

/** The unit in the name of a family, which is that of its observations. */
export function unitOf(family: string): Unit {
  const [, word] = /_(seconds|milliseconds|ms|bytes)$/.exec(family) ?? [];
  return word === 'ms' ? 'milliseconds' : (word as Unit);
}

const SECONDS: readonly (readonly [name: string, seconds: number])[] = [
  ['s', 1],
  ['ms', 1e-3],
  ['µs', 1e-6],
  ['ns', 1e-9],
];

/**
 * A mean or an estimate, three digits and its unit: `183 µs`, `2.5 s`, `12 KiB`, `1,230`; `-` for NaN, the mean of no
 * observations.
 */
export function formatMeasure(value: number, unit: Unit): string {
  if (Number.isNaN(value)) return '-';
  if (!Number.isFinite(value)) return formatNumber(value);
  if (unit === 'bytes' && value >= 0) return formatBytes(value);
  if (unit === undefined || unit === 'bytes') return threeDigits(value);
  const seconds = unit === 'milliseconds' ? value / 1000 : value;
  const size = Math.abs(seconds);
  // 1000 would be 1 of the next unit.
  const [name, unitSeconds] =
    SECONDS.find(([, own]) => size >= 0.9995 * own) ?? SECONDS[size > 0 ? SECONDS.length - 1 : 0]!;
  return `${threeDigits(seconds / unitSeconds)} ${name}`;
}

function threeDigits(value: number): string {
  return formatValue(Number(value.toPrecision(3)));
}

/** A comma between thousands, before the point only. */
function grouped(number: string): string {
  const [whole = '', fraction] = number.split('.');
  const groups = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? groups : `${groups}.${fraction}`;
}
