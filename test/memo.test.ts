import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Memo } from '../src/memo.js';
import { atOnce } from '../src/steps.js';

describe('a memo', () => {
  it('makes a value once for each object', () => {
    const memo = new Memo<object, number>();
    const [a, b] = [{}, {}];
    let made = 0;
    const make = () => ++made;
    assert.deepEqual([memo.get(a, make), memo.get(a, make), memo.get(b, make)], [1, 1, 2]);
  });

  it('caches undefined like any other value', () => {
    const memo = new Memo<object, undefined>();
    const key = {};
    let made = 0;
    const make = () => {
      made++;
      return undefined;
    };
    memo.get(key, make);
    memo.get(key, make);
    assert.equal(made, 1);
  });

  it('keeps nothing where making fails', () => {
    const memo = new Memo<object, number>();
    const key = {};
    assert.throws(() =>
      memo.get(key, () => {
        throw new Error('not yet');
      }),
    );
    assert.equal(
      memo.get(key, () => 7),
      7,
    );
  });

  it('makes a value in steps, once', () => {
    const memo = new Memo<{ readonly size: number }, number>();
    let steps = 0;
    function* make({ size }: { readonly size: number }) {
      for (let i = 0; i < size; i++) {
        steps++;
        yield;
      }
      return size;
    }
    const key = { size: 3 };
    assert.equal(atOnce(memo.getInSteps(key, make)), 3);
    assert.equal(atOnce(memo.getInSteps(key, make)), 3);
    assert.equal(steps, 3);
  });
});
