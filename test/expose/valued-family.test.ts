import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ExposedFamily } from '../../src/expose/family.js';
import { dialectFor } from '../../src/expose/formats.js';
import { printFamilies, type ValuedFamily } from '../../src/expose/valued-family.js';

const TEXT = dialectFor('text');

function gauge(name: string, values: Record<string, string>, help = 'help'): ValuedFamily {
  const zones = Object.keys(values);
  return {
    name,
    type: 'gauge',
    help,
    keepsRawName: false,
    series: zones.map((zone) => ({ sampleName: name, labels: zone ? [['zone', zone]] : [] })),
    value: Object.values(values),
  };
}

describe('printFamilies', () => {
  describe('with the same existing families as before', () => {
    const before = [gauge('one', { a: '1.0', b: '2.0' }), gauge('two', { '': '3.0' })];
    // What comes next, and why what is kept of the text around the numbers may not serve.
    const cases: [string, ValuedFamily[]][] = [
      ['other numbers', [gauge('one', { a: '7.0', b: '8.0' }), gauge('two', { '': '9.0' })]],
      ['a series more', [gauge('one', { a: '1.0', b: '2.0', c: '4.0' }), before[1]!]],
      ['a series less', [gauge('one', { b: '2.0' }), before[1]!]],
      ['another label value', [gauge('one', { a: '1.0', c: '2.0' }), before[1]!]],
      ['another label', [before[0]!, gauge('two', { a: '3.0' })]],
      ['another help', [before[0]!, gauge('two', { '': '3.0' }, 'other')]],
      ['another type', [before[0]!, { ...before[1]!, type: 'unknown' }]],
      ['another name', [before[0]!, gauge('three', { '': '3.0' })]],
      ['another order', [before[1]!, before[0]!]],
      ['a family less', [before[1]!]],
      ['no family', []],
    ];
    for (const [title, next] of cases) {
      it(`prints ${title} as if it came first`, () => {
        const existing: ExposedFamily[] = [];
        printFamilies(TEXT, before, existing);
        assert.equal(printFamilies(TEXT, next, existing), printFamilies(TEXT, next, []));
        assert.equal(printFamilies(TEXT, before, existing), printFamilies(TEXT, before, []));
      });
    }

    it('keeps each dialect apart', () => {
      const existing: ExposedFamily[] = [];
      const families: ValuedFamily[] = [
        {
          ...gauge('a.b', { x: '1.0' }),
          type: 'counter',
          series: [{ sampleName: 'a.b_total', labels: [] }],
        },
      ];
      const dialects = [
        TEXT,
        dialectFor('openmetrics'),
        dialectFor('text-1.0.0', 'allow-utf-8'),
        dialectFor('text-1.0.0', 'dots'),
      ];
      const alone = dialects.map((dialect) => printFamilies(dialect, families, []));
      const kept = () => dialects.map((dialect) => printFamilies(dialect, families, existing));
      assert.deepEqual(kept(), alone);
      assert.deepEqual(kept(), alone);
      assert.equal(new Set(alone).size, alone.length);
    });

    it('prints a selection, and then all', () => {
      const existing: ExposedFamily[] = [];
      const all = printFamilies(TEXT, before, existing);
      const two = printFamilies(TEXT, before, existing, new Set(['two']));
      assert.equal(two, '# HELP two help\n# TYPE two gauge\ntwo 3.0\n');
      assert.equal(printFamilies(TEXT, before, existing), all);
    });
  });

  it('renames a family where one that is printed already has the same name', () => {
    const existing = [gauge('a_b', { x: '1.0' })];
    const text = printFamilies(TEXT, [gauge('a.b', { x: '2.0' })], existing);
    assert.match(text, /^# HELP U__a_2e_b /);
  });

  it('prints the number of each selected series', () => {
    const family: ValuedFamily = {
      name: 'h',
      type: 'summary',
      help: '',
      keepsRawName: false,
      series: ['h_count', 'h_sum'].map((sampleName) => ({ sampleName, labels: [] })),
      value: ['1.0', '2.0'],
    };
    assert.equal(
      printFamilies(TEXT, [family], [], new Set(['h_sum'])),
      '# HELP h \n# TYPE h summary\nh_sum 2.0\n',
    );
  });
});
