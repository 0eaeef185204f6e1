/** All four schemes against prometheus_client itself: client.test.ts. Here: what differs on purpose. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ESCAPINGS, type Escaping } from '../../src/expose/dialect.js';
import {
  escapeHelp,
  escapeLabelName,
  escapeMetricName,
  escapeQuoted,
  forceLabelName,
  forceMetricName,
} from '../../src/expose/escaping.js';

describe('a name that ends in a newline', () => {
  const cases: [Escaping, string, string][] = [
    ['underscores', 'nl\n', 'nl_'],
    ['dots', 'nl\n', 'nl__'],
    ['values', 'nl\n', 'U__nl_a_'],
    ['allow-utf-8', 'nl\n', '"nl\\n"'],
  ];
  for (const [escaping, name, expected] of cases) {
    it(`is escaped in ${escaping}`, () => {
      assert.equal(escapeMetricName(name, escaping), expected);
      assert.equal(escapeLabelName(name, escaping), expected);
    });
  }
});

describe('a label without a name', () => {
  for (const escaping of ESCAPINGS) {
    it(`is called U__ in ${escaping}`, () => assert.equal(escapeLabelName('', escaping), 'U__'));
  }
});

describe('a forced name', () => {
  const cases: [string, string, string][] = [
    ['is a legal one in values', 'a_b', 'U__a__b'],
    ['is an illegal one in values', 'a.b', 'U__a_2e_b'],
    ['escapes what values made', 'U__a__b', 'U__U____a____b'],
    ['escapes a pair of surrogates as one', '\u{1f600}', 'U___1f600_'],
    ['escapes half a pair', '\ud83d', 'U___FFFD_'],
  ];
  for (const [title, name, expected] of cases) {
    it(title, () => {
      assert.equal(forceMetricName(name), expected);
      assert.equal(forceLabelName(name), expected);
    });
  }

  it('keeps the colon of a metric name', () => assert.equal(forceMetricName('a:b'), 'U__a:b'));
  it('escapes the colon of a label name', () => assert.equal(forceLabelName('a:b'), 'U__a_3a_b'));

  it('is legal, and differs wherever names differ', () => {
    const character = fc.constantFrom('_', '.', 'a', '2', 'e', 'U', ':', '✓', '\u{1f600}');
    const name = fc.array(character, { minLength: 1, maxLength: 8 }).map((all) => all.join(''));
    fc.assert(
      fc.property(name, name, (a, b) => {
        assert.match(forceMetricName(a), /^[a-zA-Z_:][a-zA-Z0-9_:]*$/);
        assert.match(forceLabelName(a), /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/);
        assert.equal(forceMetricName(a) === forceMetricName(b), a === b);
        assert.equal(forceLabelName(a) === forceLabelName(b), a === b);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('any name', () => {
  it('is legal or quoted, in one line, in every scheme', () => {
    const escapings = fc.constantFrom(...ESCAPINGS);
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), escapings, (name, escaping) => {
        const legal = /^([a-zA-Z_:][a-zA-Z0-9_:]*|"([^"\\\n]|\\["\\n])*")$/;
        assert.match(escapeMetricName(name, escaping), legal);
        assert.match(escapeLabelName(name, escaping), legal);
      }),
    );
  });
});

describe('a name of half a MiB', () => {
  it('takes the memory of its text, not of an object for each character', () => {
    const before = process.memoryUsage().heapUsed;
    const spelled = Array.from({ length: 16 }, (_, i) =>
      forceMetricName(`jobs.${i}.${'x'.repeat(2 ** 19)}`),
    );
    const grownMebibytes = (process.memoryUsage().heapUsed - before) / 2 ** 20;
    assert.equal(new Set(spelled).size, spelled.length);
    // Up to 4 for each on the way; it was 16 and more.
    assert.ok(grownMebibytes < 100, `${grownMebibytes} MiB`);
  });
});

describe('text', () => {
  const text = 'a "quoted" \\ and\na\rline';
  it('between quotes has its quotes, backslashes and newlines escaped', () => {
    assert.equal(escapeQuoted(text), 'a \\"quoted\\" \\\\ and\\na\rline');
  });
  it('of a help in the text formats keeps its quotes', () => {
    assert.equal(escapeHelp(text), 'a "quoted" \\\\ and\\na\rline');
  });
});
