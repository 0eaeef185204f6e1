import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { toJson } from '../../src/inspect/json.js';

const jsonOf = (value: unknown): string => [...toJson(value)].join('');

describe('toJson', () => {
  const cases: [title: string, value: unknown, json: string][] = [
    ['an object', { a: 1, b: 'x' }, '{"a":1,"b":"x"}'],
    ['what is not known', { a: undefined, b: { c: undefined, d: [] } }, '{"b":{"d":[]}}'],
    ['nothing in a list', { a: [undefined, null] }, '{"a":[null,null]}'],
    [
      'numbers that JSON has not',
      [NaN, { a: Infinity, b: -Infinity }],
      '["NaN",{"a":"+Inf","b":"-Inf"}]',
    ],
    ['empty ones', { a: [], b: {}, c: '' }, '{"a":[],"b":{},"c":""}'],
    ['a number alone', NaN, '"NaN"'],
    ['names in need of escapes', { 'a"\n': [1] }, '{"a\\"\\n":[1]}'],
  ];
  for (const [title, value, json] of cases) {
    it(title, () => assert.equal(jsonOf(value), `${json}\n`));
  }

  it('a list that makes its elements', () => {
    const list = {
      *[Symbol.iterator]() {
        yield { a: 1 };
        yield { a: [2] };
      },
    };
    assert.equal(jsonOf({ list }), '{"list":[{"a":1},{"a":[2]}]}\n');
  });

  it('is what JSON.stringify says', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        assert.equal(jsonOf(value), `${JSON.stringify(value)}\n`);
      }),
    );
  });

  it('makes no piece longer than an element', () => {
    const rows = Array.from({ length: 1_000 }, (_, i) => ({ series: `s${i}`, value: i }));
    const lengths = [...toJson({ rows })].map((piece) => piece.length);
    assert.ok(lengths.every((length) => length < 40));
  });
});
