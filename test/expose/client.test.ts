/**
 * Names, numbers and families against what prometheus_client 0.26.0 itself made of them; see
 * client-0.26.0.py for how the tables were made and what they leave out.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Dialect, ESCAPINGS, type Escaping, type Format } from '../../src/expose/dialect.js';
import { escapeLabelName, escapeMetricName } from '../../src/expose/escaping.js';
import type { ExposedFamily } from '../../src/expose/family.js';
import { dialectFor } from '../../src/expose/formats.js';
import { familyBlocks } from '../../src/expose/template.js';
import { compareCodePoints } from '../../src/format/code-point.js';
import type { MetricType } from '../../src/format/filename.js';
import { formatNumber, parsePythonFloat } from '../../src/format/number.js';
import { FAMILIES, FLOATS, NAMES, NUMBERS } from './client-0.26.0.js';

function fromBits(bits: string): number {
  return Buffer.from(bits, 'hex').readDoubleBE(0);
}

function expose(dialect: Dialect, family: ExposedFamily): string {
  const blocks = familyBlocks(dialect, family, false);
  const text = blocks.map(
    ({ header, seriesIndex, lineOf }) =>
      header + seriesIndex.map((i) => `${lineOf(i)}1.0\n`).join(''),
  );
  return text.join('') + (dialect.format === 'openmetrics' ? '# EOF\n' : '');
}

describe('the same as prometheus_client 0.26.0', () => {
  for (const { name, metric, label } of NAMES) {
    it(`is the metric name ${JSON.stringify(name)} in all schemes`, () => {
      assert.deepEqual(
        ESCAPINGS.map((escaping) => escapeMetricName(name, escaping)),
        metric,
      );
    });
    it(`is the label name ${JSON.stringify(name)} in all schemes`, () => {
      assert.deepEqual(
        ESCAPINGS.map((escaping) => escapeLabelName(name, escaping)),
        label,
      );
    });
  }

  for (const [bits, printed] of NUMBERS) {
    it(`is the number ${printed}`, () => assert.equal(formatNumber(fromBits(bits)), printed));
  }

  for (const [text, bits] of FLOATS) {
    it(`is ${JSON.stringify(text)} read as a number`, () => {
      assert.equal(parsePythonFloat(text), bits === null ? undefined : fromBits(bits));
    });
  }

  for (const { name, type, help, samples, printed } of FAMILIES) {
    const series = samples.map(([sampleName, labels]) => ({
      sampleName,
      labels: Object.entries(labels).sort((a, b) => compareCodePoints(a[0], b[0])),
    }));
    const family = { name, type: type as MetricType, help, keepsRawName: false, series };
    for (const [dialect, text] of Object.entries(printed)) {
      it(`is the ${type} ${name} with ${series.length} series in ${dialect}`, () => {
        const [format, escaping] = dialect.split(' ') as [Format, Escaping];
        assert.equal(expose(dialectFor(format, escaping), family), text);
      });
    }
  }
});
