import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Budget, exceededText, NO_LIMITS, UNLIMITED, withChosen } from '../../src/plan/budget.js';

const limits = (series: number) => ({ ...NO_LIMITS, series });

describe('a budget', () => {
  it('has room up to the limit and not for one more', () => {
    const budget = new Budget('file', limits(3));
    assert.equal(budget.exceededBy('series', 3), undefined);
    assert.deepEqual(budget.exceededBy('series', 4), {
      quantity: 'series',
      limit: 3,
      scope: 'file',
    });
    budget.add('series', 2);
    assert.equal(budget.room('series'), 1);
    assert.equal(budget.exceededBy('series', 1), undefined);
    assert.equal(budget.exceededBy('series', 2)?.scope, 'file');
    assert.equal(budget.exceededBy('families', 1e9), undefined);
  });

  it('is part of its outer budgets', () => {
    const all = new Budget('all', limits(10));
    const source = new Budget('source', limits(8), all);
    const other = new Budget('source', limits(8), all);
    const file = new Budget('file', limits(5), source);
    file.add('series', 5);
    assert.equal(file.exceededBy('series', 1)?.scope, 'file');
    assert.equal(source.exceededBy('series', 4)?.scope, 'source');
    assert.equal(source.room('series'), 3);
    other.add('series', 5);
    assert.equal(all.used.series, 10);
    assert.equal(source.exceededBy('series', 1)?.scope, 'all');
    assert.equal(source.room('series'), 0);
    assert.equal(source.maxOf('series'), 8);
  });

  it('tells when something was given back, by another source too', () => {
    const all = new Budget('all', limits(10));
    const source = new Budget('source', NO_LIMITS, all);
    const other = new Budget('source', NO_LIMITS, all);
    other.add('series', 5);
    const before = source.returns;
    source.add('series', 1);
    assert.equal(source.returns, before);
    other.reset();
    assert.notEqual(source.returns, before);
    assert.equal(all.used.series, 1);
  });

  it('says which limit was reached, and of what', () => {
    const texts = (['file', 'source', 'all'] as const).map((scope) =>
      exceededText({ quantity: 'label-names', limit: 20_000, scope }),
    );
    assert.deepEqual(texts, [
      'needs more than 20,000 label names, the limit for a file',
      'needs more than 20,000 label names, the limit for a source',
      'needs more than 20,000 label names, the limit for all sources',
    ]);
  });

  it('has the limits that the operator chose', () => {
    const chosen = withChosen(UNLIMITED, [
      { scope: undefined, quantity: 'series', amount: 7 },
      { scope: 'file', quantity: 'series', amount: 5 },
      { scope: 'all', quantity: 'families', amount: 2 },
    ]);
    assert.deepEqual([chosen.file.series, chosen.source.series, chosen.all.series], [5, 7, 7]);
    assert.deepEqual([chosen.source.families, chosen.all.families], [Infinity, 2]);
  });
});
