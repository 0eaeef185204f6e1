import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  formatAge,
  formatBytes,
  formatChange,
  formatMeasure,
  formatRate,
  formatShortValue,
  formatValue,
  type Unit,
  unitOf,
} from '../../src/inspect/quantity.js';

const table = <T extends readonly unknown[]>(
  format: (...args: T) => string,
  rows: readonly (readonly [...T, string])[],
) => {
  for (const row of rows) {
    const args = row.slice(0, -1) as unknown as T;
    it(`${args.join(' ')} → ${row.at(-1)}`, () => assert.equal(format(...args), row.at(-1)));
  }
};

describe('bytes', () => {
  table(formatBytes, [
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1 KiB'],
    [9728, '9.5 KiB'],
    [65_536, '64 KiB'],
    [1_048_500, '1 MiB'],
    [1_572_864, '1.5 MiB'],
  ]);
});

describe('an age', () => {
  table(formatAge, [
    [undefined, '-'],
    [-5, '0s'],
    [59.9, '59s'],
    [60, '1m'],
    [41 * 60 + 30, '41m'],
    [3 * 3600 + 5 * 60, '3h5m'],
    [3 * 3600, '3h'],
    [47 * 3600 + 59, '47h'],
    [4 * 86_400, '4d'],
  ]);
});

describe('a rate', () => {
  table(formatRate, [
    [0, '0'],
    [0.001, '<0.01'],
    [0.25, '0.25'],
    [12.54, '12.5'],
    [1250.4, '1,250'],
  ]);
});

describe('a value', () => {
  table(formatValue, [
    [15, '15'],
    [1_234_567, '1,234,567'],
    [-1_234_567, '-1,234,567'],
    [1234.5678, '1,234.5678'],
    [0.1 + 0.2, '0.30000000000000004'],
    [999_999_999_999_999, '999,999,999,999,999'],
    [1e15, '1e+15'],
    [0.0001, '0.0001'],
    [0.000091, '9.1e-05'],
    [-0, '-0'],
    [Number.NaN, 'NaN'],
    [-Infinity, '-Inf'],
  ]);
});

describe('a value alone', () => {
  table(formatShortValue, [
    [0.004808134999393587, '0.00480813'],
    [1_234_567, '1,234,567'],
    [1234567.891, '1,234,570'],
    [0.25, '0.25'],
    [Infinity, '+Inf'],
  ]);
});

describe('a change', () => {
  const rows: [before: number, after: number, texts: [string, string, string]][] = [
    [15, 25, ['15', '25', '+10']],
    [1_000_000, 999_999, ['1,000,000', '999,999', '-1']],
    [0.004808134999393587, 0.005779950999340144, ['0.004808', '0.005780', '+0.000972']],
    [0.5, 0.25, ['0.50', '0.25', '-0.25']],
    [1e9, 1e9 + 0.001, ['1,000,000,000.000', '1,000,000,000.001', '+0.001']],
    [0.1 + 0.2, 0.3, ['0.30000000000000004', '0.30000000000000000', '-0.00000000000000006']],
    [1000.5, 5000.123456, ['1,001', '5,000', '+4,000']],
    [0, 1e-9, ['0', '1e-09', '+1e-09']],
    [1e15, 2e15, ['1e+15', '2e+15', '+1e+15']],
    [1, Infinity, ['1', '+Inf', '+Inf']],
    [Number.NaN, 1, ['NaN', '1', 'NaN']],
    [0, -0, ['0', '-0', '0']],
  ];
  for (const [before, after, texts] of rows) {
    it(`${before} → ${after}`, () => assert.deepEqual(formatChange(before, after), texts));
  }
});

describe('a mean', () => {
  const rows: [value: number, unit: Unit, text: string][] = [
    [0.000183, 'seconds', '183 µs'],
    [0.0009996, 'seconds', '1 ms'],
    [0.9994, 'seconds', '999 ms'],
    [2.5, 'seconds', '2.5 s'],
    [4000, 'seconds', '4,000 s'],
    [1.5e-10, 'seconds', '0.15 ns'],
    [0, 'seconds', '0 s'],
    [-0.25, 'seconds', '-250 ms'],
    [12.5, 'milliseconds', '12.5 ms'],
    [1500, 'milliseconds', '1.5 s'],
    [51_200, 'bytes', '50 KiB'],
    [-51_200, 'bytes', '-51,200'],
    [1_234_567, undefined, '1,230,000'],
    [0.12345, undefined, '0.123'],
    [Number.NaN, 'seconds', '-'],
    [Infinity, 'bytes', '+Inf'],
  ];
  table(formatMeasure, rows);

  const names: [family: string, unit: Unit][] = [
    ['http_request_duration_seconds', 'seconds'],
    ['latency_ms', 'milliseconds'],
    ['payload_bytes', 'bytes'],
    ['request_prompt_tokens', undefined],
    ['seconds', undefined],
  ];
  for (const [family, unit] of names) {
    it(`of ${family} is in ${unit}`, () => assert.equal(unitOf(family), unit));
  }
});
