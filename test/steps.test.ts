import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { atOnce, inSlices, type Steps } from '../src/steps.js';

function* count(to: number): Steps<number> {
  let counted = 0;
  for (; counted < to; counted++) yield;
  return counted;
}

/** Keeps the processor busy at each step. */
function* slow(steps: number, milliseconds: number): Steps<string> {
  for (let i = 0; i < steps; i++) {
    yield;
    const end = performance.now() + milliseconds;
    while (performance.now() < end);
  }
  return 'done';
}

function* failing(): Steps<never> {
  yield;
  throw new Error('in a step');
}

describe('steps', () => {
  it('run to their end at once', () => assert.equal(atOnce(count(1000)), 1000));

  it('run to their end in slices', async () => assert.equal(await inSlices(count(1000)), 1000));

  it('without any are done', async () => {
    assert.equal(atOnce(count(0)), 0);
    assert.equal(await inSlices(count(0)), 0);
  });

  it('let others run in between', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    assert.equal(await inSlices(slow(40, 2)), 'done');
    clearInterval(timer);
    assert.ok(turns >= 5, `${turns} turns`);
  });

  it('propagate errors', async () => {
    assert.throws(() => atOnce(failing()), /in a step/);
    await assert.rejects(inSlices(failing()), /in a step/);
  });
});
