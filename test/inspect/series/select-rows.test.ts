/** Rows of the table of series: as many, and the same ones, as Selector selects one by one. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { explain } from '../../../src/inspect/explain/explain.js';
import { explainPage } from '../../../src/inspect/explain/explain-page.js';
import { Selector } from '../../../src/inspect/selector.js';
import { listSeries, rowsOf } from '../../../src/inspect/series/list-series.js';
import { seriesTable } from '../../../src/inspect/series/series-table.js';
import { SeriesIndex } from '../../../src/inspect/series-index.js';
import { atOnce } from '../../../src/steps.js';
import { seed } from '../../support/random.js';
import { makeReading } from '../make-reading.js';

const reading = makeReading({
  'counter_1.db': {
    entries: [
      { name: 'a', labels: { x: '1', 'y.z': 'b' }, value: 3 },
      { name: 'a', labels: { x: '2', y_z: 'c' } },
      { name: 'a', labels: {} },
      { name: 'b.c', labels: { x: '', 'y.z': 'b', y_z: 'c' } },
      { name: 'b_c', labels: { x: 'two\nlines "q"' } },
    ],
  },
  'gauge_all_1.db': { entries: [{ name: 'g', labels: { x: '1' } }] },
  'gauge_all_2.db': { entries: [{ name: 'g', labels: { x: '1' } }] },
  'gauge_mostrecent_2.db': { entries: [{ name: 'never', labels: { x: '1' } }] },
  'histogram_2.db': {
    entries: ['1', '2'].flatMap((x) => [
      ...['0.5', '1.0', '+Inf'].map((le) => ({
        name: 'h',
        sampleName: 'h_bucket',
        labels: { le, x },
        value: 2,
      })),
      { name: 'h', sampleName: 'h_sum', labels: { x }, value: 1.5 },
    ]),
  },
});
const index = new SeriesIndex(reading);

const matcher = fc
  .record({
    label: fc.constantFrom('__name__', 'x', 'y.z', 'y_z', 'le', 'pid', 'none'),
    operator: fc.constantFrom('=', '!=', '=~', '!~'),
    value: fc.constantFrom(
      ...[
        '',
        '1',
        '2',
        'b',
        'c',
        '.*',
        '.+',
        'h',
        'h_bucket',
        'h_sum',
        'a',
        'a_total',
        'b.c',
        'b_c',
      ],
      ...['b_c_total', '0.5', '1|2', '[a-g].*', 'two\nlines "q"', 'never'],
    ),
  })
  .map(
    ({ label, operator, value }) => `${JSON.stringify(label)}${operator}${JSON.stringify(value)}`,
  );
const selector = fc
  .array(matcher, { minLength: 1, maxLength: 3 })
  .map((matchers) => `{${matchers.join(',')}}`);

describe('rows', () => {
  it('are selected as Selector selects each series', () => {
    const table = atOnce(seriesTable(index.layout));
    fc.assert(
      fc.property(fc.array(selector, { minLength: 1, maxLength: 2 }), (texts) => {
        const selectors = texts.map((text) => new Selector(text));
        const expected = table.series.flatMap(({ sampleName, labels }, row) => {
          const family = table.families[table.family[row]!]!.name;
          const one = { family, sampleName, labels };
          return selectors.some((each) => each.selects(one)) ? [row] : [];
        });
        assert.deepEqual([...atOnce(rowsOf(table, selectors))], expected);
      }),
      { seed: seed(), numRuns: 2_000 },
    );
  });

  it('are explained page by page as explain() does all', () => {
    fc.assert(
      fc.property(selector, fc.integer({ min: 1, max: 5 }), (text, limit) => {
        const whole = explain(reading, new Selector(text));
        const series: unknown[] = [];
        const histograms: unknown[] = [];
        const total = whole.series.length + whole.histograms.length;
        for (let offset = 0; offset === 0 || offset < total; offset += limit) {
          const page = atOnce(explainPage(reading, index, new Selector(text), { offset, limit }));
          assert.equal(page.total, total);
          const { explanation } = page;
          const count = explanation.series.length + explanation.histograms.length;
          assert.equal(count, Math.min(limit, total - offset));
          series.push(...explanation.series);
          histograms.push(...explanation.histograms);
        }
        assert.deepEqual([series, histograms], [[...whole.series], [...whole.histograms]]);
      }),
      { seed: seed(), numRuns: 500 },
    );
  });

  it('have the value that a scrape prints, or none', () => {
    const page = { offset: 0, limit: 100 };
    const query = { selectors: [], search: undefined, sort: undefined, page };
    const { series } = atOnce(listSeries(index, query));
    const values = series.map((each) => [each.series, each.value]);
    const found = new Map(values as [string, number | undefined][]);
    assert.equal(found.get('h_bucket{le="1.0",x="1"}'), 4);
    assert.equal(found.get('h_count{x="2"}'), 6);
    assert.equal(found.get('a_total{x="1","y.z"="b"}'), 3);
    assert.ok(found.has('never{x="1"}'));
    assert.equal(found.get('never{x="1"}'), undefined);
  });

  it('have the values that are given by slot', () => {
    const page = { offset: 0, limit: 3 };
    const sort = { column: 'value', descending: true } as const;
    const { slotCount } = index.layout;
    const table = atOnce(seriesTable(index.layout));
    const last = table.series.find(({ slot }) => slot === slotCount - 1)!;
    const printed = new SeriesIndex({
      ...reading,
      printedValue: (slot) => (slot === last.slot ? undefined : slot),
    });
    const query = { selectors: [], search: undefined, sort, page };
    const { series } = atOnce(listSeries(printed, query));
    assert.deepEqual(
      series.map((each) => each.value),
      [2, 3, 4].map((back) => slotCount - back),
    );
    const all = { ...query, sort: undefined, page: { offset: 0, limit: 100 } };
    const found = atOnce(listSeries(printed, all)).series;
    assert.equal(found.filter((each) => each.value === undefined).length, 1);
  });

  it('have the increase per second that is given by slot', () => {
    const page = { offset: 0, limit: 2 };
    const sort = { column: 'perSecond', descending: true } as const;
    const rates = new Float64Array(index.layout.slotCount).fill(Number.NaN);
    const table = atOnce(seriesTable(index.layout));
    rates[table.series[1]!.slot] = 5;
    const query = { selectors: [], search: undefined, sort, page };
    const { series } = atOnce(listSeries(index, query, rates));
    assert.deepEqual(
      series.map((each) => [each.series, each.perSecond]),
      [
        ['a_total{x="2",y_z="c"}', 5],
        ['a_total{x="1","y.z"="b"}', undefined],
      ],
    );
  });
});
