import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Dialect } from '../../src/expose/dialect.js';
import type { ExposedFamily } from '../../src/expose/family.js';
import { dialectFor } from '../../src/expose/formats.js';
import { selectSeries } from '../../src/expose/select.js';

const TEXT = dialectFor('text');
const TEXT_DOTS = dialectFor('text-1.0.0', 'dots');
const OPENMETRICS = dialectFor('openmetrics');
const OPENMETRICS_UTF8 = dialectFor('openmetrics', 'allow-utf-8');

function family(type: ExposedFamily['type'], name: string, sampleNames: string[]): ExposedFamily {
  const series = sampleNames.map((sampleName) => ({ sampleName, labels: [] }));
  return { name, type, help: 'h', keepsRawName: false, series };
}

const HISTOGRAM = family('histogram', 'h', ['h_sum', 'h_bucket', 'h_bucket', 'h_count']);
const COUNTER = family('counter', 'x', ['x_total', 'x_created']);
const DOTTED = family('counter', 'a.b', ['a.b_total', 'a.b_created']);
const EMPTY = family('gauge', 'e', []);

describe('name[] selects', () => {
  const cases: [string, Dialect, ExposedFamily, string[], number[]][] = [
    ['a whole family by its name', TEXT, HISTOGRAM, ['h'], [0, 1, 2, 3]],
    ['samples by their name', TEXT, HISTOGRAM, ['h_bucket'], [1, 2]],
    ['samples by several names, in their order', TEXT, HISTOGRAM, ['h_count', 'h_sum'], [0, 3]],
    ['a counter by its name', TEXT, COUNTER, ['x'], [0, 1]],
    ['a counter as HELP calls it in text', TEXT, COUNTER, ['x_total'], [0, 1]],
    ['its samples where HELP does not call it so', OPENMETRICS, COUNTER, ['x_total'], [0]],
    ['a family by its own name in any escaping', TEXT, DOTTED, ['a.b'], [0, 1]],
    ['a family by its escaped name', TEXT_DOTS, DOTTED, ['a_dot_b'], [0, 1]],
    ['a family by its name in underscores', OPENMETRICS_UTF8, DOTTED, ['a_b'], [0, 1]],
    ['a family by the name a renamed one has', TEXT, DOTTED, ['U__a_2e_b'], [0, 1]],
    ['samples by their own name', OPENMETRICS_UTF8, DOTTED, ['a.b_total'], [0]],
    ['samples by their escaped name', TEXT_DOTS, DOTTED, ['a_dot_b__created'], [1]],
    ['samples by their name in underscores', OPENMETRICS_UTF8, DOTTED, ['a_b_created'], [1]],
    ['a family without series by its name', TEXT, EMPTY, ['e'], []],
    ['among names of other families', TEXT, HISTOGRAM, ['nope', 'h_sum'], [0]],
  ];
  for (const [title, dialect, exposed, wanted, expected] of cases) {
    it(title, () => assert.deepEqual(selectSeries(dialect, exposed, new Set(wanted)), expected));
  }
});

describe('name[] does not select', () => {
  const cases: [string, Dialect, ExposedFamily, string[]][] = [
    ['a family by another name', TEXT, HISTOGRAM, ['g']],
    ['a family by the beginning of its name', TEXT, DOTTED, ['a']],
    ['a family by the name of a sample it lacks', TEXT, HISTOGRAM, ['h_created']],
    ['a family by its name in a scheme that is not printed', TEXT, DOTTED, ['a_dot_b']],
    ['anything by no name', TEXT, HISTOGRAM, []],
    ['a family without series by a sample name', TEXT, EMPTY, ['e_total']],
  ];
  for (const [title, dialect, exposed, wanted] of cases) {
    it(title, () => assert.equal(selectSeries(dialect, exposed, new Set(wanted)), undefined));
  }
});
