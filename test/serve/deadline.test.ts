import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DeadlineError, deadlineSeconds, within } from '../../src/serve/deadline.js';

describe('the time until an answer is due', () => {
  const cases: [title: string, header: string | undefined, seconds: number | undefined][] = [
    ['is half a second before the timeout', '10', 9.5],
    ['takes a fraction', '2.5', 2],
    ['is half of a timeout below a second', '0.5', 0.25],
    ['is endless without a header', undefined, undefined],
    ['is endless for a timeout of 0', '0', undefined],
    ['is endless for a negative timeout', '-1', undefined],
    ['is endless for what is not a number', 'soon', undefined],
    ['is endless for an empty header', '', undefined],
    ['is endless for Infinity', 'Infinity', undefined],
  ];
  for (const [title, header, seconds] of cases) {
    it(title, () => assert.equal(deadlineSeconds(header), seconds));
  }
});

describe('work with a deadline', () => {
  it('gives its result when it is in time', async () => {
    assert.equal(await within(1, Promise.resolve('done')), 'done');
  });

  it('gives its own failure when it is in time', async () => {
    await assert.rejects(within(1, Promise.reject(new RangeError('broken'))), RangeError);
  });

  it('is late afterwards', async () => {
    await assert.rejects(within(0.01, new Promise(() => {})), DeadlineError);
  });

  it('is not late at once for a timeout longer than any timer', async () => {
    const work = new Promise((resolve) => setTimeout(resolve, 20, 'done'));
    assert.equal(await within(1e12, work), 'done');
  });
});
