/** The names that promtool complains of, and promtool itself as a judge of ours. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { lintFamily } from '../../../src/inspect/findings/lint.js';
import { readDirectory } from '../../../src/inspect/read-directory.js';
import { SeriesIndex } from '../../../src/inspect/series-index.js';
import { GOLDEN } from '../../support/paths.js';
import { metricLint } from '../../support/promtool.js';

const PROMTOOL = '/usr/bin/promtool';

const lint = (name: string, type = 'gauge', rest: { help?: string; labels?: string[] } = {}) =>
  lintFamily({
    name,
    type: type as 'gauge',
    help: rest.help ?? 'help',
    labelNames: new Set(rest.labels),
  });

describe('lintFamily', () => {
  const cases: [name: string, type: string, complaints: string[]][] = [
    ['http_requests', 'counter', []],
    ['latency_seconds', 'histogram', []],
    ['x_total', 'gauge', ['non-counter metrics should not have "_total" suffix']],
    ['x_bucket', 'gauge', ['non-histogram metrics should not have "_bucket" suffix']],
    ['x_count', 'gauge', ['non-histogram and non-summary metrics should not have "_count" suffix']],
    ['x_sum', 'gauge', ['non-histogram and non-summary metrics should not have "_sum" suffix']],
    ['wait_milliseconds', 'gauge', ['use base unit "seconds" instead of "milliseconds"']],
    ['up_hours', 'gauge', ['use base unit "seconds" instead of "hours"']],
    ['size_kilobytes_max', 'gauge', ['use base unit "bytes" instead of "kilobytes"']],
    ['size_mb', 'gauge', ['metric names should not contain abbreviated units']],
    ['my_gauge', 'gauge', ["metric name should not include type 'gauge'"]],
    ['a:b', 'gauge', ["metric names should not contain ':'"]],
    ['queueDepth', 'gauge', ["metric names should be written in 'snake_case' not 'camelCase'"]],
    ['x_total', 'unknown', []],
  ];
  for (const [name, type, complaints] of cases) {
    it(`${type} ${name}`, () => assert.deepEqual(lint(name, type), complaints));
  }
  it('help and labels', () => {
    assert.deepEqual(lint('a', 'gauge', { help: '', labels: ['le', 'quantile', 'pathName'] }), [
      'no help text',
      'non-histogram metrics should not have "le" label',
      'non-summary metrics should not have "quantile" label',
      "label names should be written in 'snake_case' not 'camelCase'",
    ]);
  });
});

describe('promtool', { skip: !existsSync(PROMTOOL) }, () => {
  for (const name of ['names', 'web-v0.26.0', 'colons', 'gauge-modes', 'summary']) {
    if (!readdirSync(GOLDEN).includes(name)) continue;
    it(`says the same of ${name}`, async () => {
      const exposition = readFileSync(`${GOLDEN}/${name}/expected.prom`, 'utf8');
      const { output } = await metricLint(PROMTOOL, exposition);
      const theirs = new Set(output.split('\n').filter(Boolean));
      const reading = await readDirectory(`${GOLDEN}/${name}/files`);
      const ours = new Set<string>();
      for (const { name: family, type, help, series } of new SeriesIndex(reading).families) {
        // A mostrecent gauge that was never set prints nothing, and promtool sees nothing.
        if (!exposition.includes(`\n${family}`)) continue;
        const labelNames = new Set<string>();
        for (const { kind } of series) {
          if (!kind.isBucket) for (const label of kind.keyNames) labelNames.add(label);
        }
        const printed = type === 'counter' ? `${family}_total` : family;
        for (const text of lintFamily({ name: family, type, help, labelNames })) {
          ours.add(`${printed} ${text}`);
        }
      }
      assert.deepEqual([...ours].sort(), [...theirs].sort());
    });
  }
});
