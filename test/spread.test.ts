/**
 * No call in src/ or scripts/ spreads a list of any length: a directory with 130,000 series in one family would
 * overflow the stack, and cost every scrape.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ROOT } from './support/paths.js';
import { spreadCallsBelow, spreadCallsIn } from './support/spreads.js';

describe('src/ and scripts/', () => {
  it('spread no list of any length into a call', () => {
    const found = spreadCallsBelow(ROOT, ['src', 'scripts']);
    assert.deepEqual(
      found.map(({ file, line, call }) => `${file}:${line}: ${call}`),
      [],
    );
  });
});

describe('the check itself', () => {
  const refused: [title: string, text: string][] = [
    ['push', 'series.push(...plain);'],
    ['Math.max', 'const most = Math.max(...values);'],
    ['Math.max of what a call returns', 'Math.min(0, ...values.map(length));'],
    ['fromCharCode', 'String.fromCharCode(...codes);'],
    ['new', 'new Set(...lists);'],
    ['an optional call', 'listen?.(...rows);'],
    ['a spread in a spread literal', 'f(...[1, ...rows]);'],
    ['super', 'class A extends B { constructor(rows: C[]) { super(...rows); } }'],
    ['apply', 'series.push.apply(series, plain);'],
    ['apply by its name in brackets', "Math.max['apply'](undefined, values);"],
    ['apply that is called later', 'const push = series.push.apply;'],
    ['Reflect.apply', 'Reflect.apply(series.push, series, plain);'],
    ['Reflect.construct', 'Reflect.construct(Set, lists);'],
    ['a parameter that is not a rest parameter', 'function f(rows: A[]) { g(...rows); }'],
    [
      'a variable called like a rest parameter',
      'function f(...a: A[]) { { const a = b; g(...a); } }',
    ],
    [
      'a parameter called like an outer rest',
      'function f(...a: A[]) { return (a: A[]) => g(...a); }',
    ],
    ['a loop variable called so', 'function f(...a: A[]) { for (const a of b) g(...a); }'],
    ['what a rest parameter holds', 'function f(...a: A[][]) { g(...a[0]); }'],
    ['a call over several lines', 'series.push(\n  // all\n  ...plain,\n);'],
  ];
  for (const [title, text] of refused) {
    it(`refuses ${title}`, () => assert.equal(spreadCallsIn('src/a.ts', text).length, 1));
  }

  const allowed: [title: string, text: string][] = [
    ['an array', 'const all = [...first, ...second];'],
    ['an object', 'const all = { ...first };'],
    ['a rest parameter that is handed on', 'function f(...a: A[]) { g(0, ...a); }'],
    ['the same of an arrow function', 'const f = (...a: A[]) => h(() => g(...a));'],
    ['the same of a method', 'class A { f(...a: B[]) { return super.f(...a); } }'],
    ['a literal', 'f(...[1, 2, 3]);'],
    ['a type of rest elements', 'type A = [string, ...string[]];'],
    ['a pattern', 'const [first, ...others] = all;'],
    ['a function of that name', 'apply(rows);'],
    ['text that looks like it', "const text = 'push(...rows)'; // push(...rows)"],
  ];
  for (const [title, text] of allowed) {
    it(`allows ${title}`, () => assert.deepEqual(spreadCallsIn('src/a.ts', text), []));
  }

  it('says where', () => {
    assert.deepEqual(spreadCallsIn('src/a.ts', '\n\nseries.push(\n  ...plain,\n);'), [
      { file: 'src/a.ts', line: 3, call: 'series.push( ...plain, )' },
    ]);
  });
});
