import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PendingScrapes } from '../../src/scrape/pending-scrapes.js';

const NEVER = new Promise<never>(() => {});

/** A clock that is set by the test. */
function setUp() {
  const clock = { ms: 1_000_000 };
  return { clock, pending: new PendingScrapes(() => clock.ms) };
}

/** The time in a message, milliseconds ago. */
function agoMs(text: string | undefined): number {
  const [time] = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/.exec(text ?? '') ?? [];
  assert.ok(time !== undefined, text);
  return Date.now() - Date.parse(time);
}

describe('a scrape', () => {
  it('is overdue after 10 seconds, and not before', () => {
    const { clock, pending } = setUp();
    void pending.asked(NEVER);
    clock.ms += 9_999;
    assert.equal(pending.overdue(), undefined);
    clock.ms += 1;
    const text = pending.overdue();
    assert.match(text!, /^a scrape that was asked for at \S+Z$/);
    assert.ok(Math.abs(agoMs(text) - 10_000) < 2_000, text);
  });

  it('that was answered is not waited for, however it was', async () => {
    const { clock, pending } = setUp();
    assert.equal(await pending.asked(Promise.resolve(7)), 7);
    await assert.rejects(pending.asked(Promise.reject(new Error('gone'))), /gone/);
    clock.ms += 60_000;
    assert.equal(pending.overdue(), undefined);
  });

  it('that is the oldest counts, though later ones wait too', async () => {
    const { clock, pending } = setUp();
    let answer = (_: unknown) => {};
    const first = pending.asked(
      new Promise((resolve) => {
        answer = resolve;
      }),
    );
    clock.ms += 30_000;
    void pending.asked(NEVER);
    assert.ok(Math.abs(agoMs(pending.overdue()) - 30_000) < 2_000);
    answer(undefined);
    await first;
    assert.equal(pending.overdue(), undefined, 'the later one waits for a moment only');
    clock.ms += 10_000;
    assert.ok(Math.abs(agoMs(pending.overdue()) - 10_000) < 2_000);
  });
});

describe('what is waited for', () => {
  it('names the directories that are being read, and not those that were', async () => {
    const { clock, pending } = setUp();
    void pending.asked(NEVER);
    clock.ms += 20_000;
    await pending.reading('/run/done', Promise.resolve());
    await pending.reading('/run/failed', Promise.reject(new Error())).catch(() => {});
    void pending.reading('/run/a', NEVER);
    assert.match(pending.overdue()!, /Z and reads \/run\/a$/);
    for (const name of ['/run/a', '/run/b', '/run/c', '/run/d', '/run/e']) {
      void pending.reading(name, NEVER);
    }
    assert.match(pending.overdue()!, /Z and reads \/run\/a, \/run\/b, \/run\/c and 2 more$/);
  });

  it('is the run, where no scrape was asked for', async () => {
    const { clock, pending } = setUp();
    assert.equal(pending.run(), undefined);
    assert.equal(pending.runMs, 0);
    await pending.running(Promise.resolve());
    assert.equal(pending.run(), undefined);
    void pending.running(NEVER);
    void pending.reading('/run/a', NEVER);
    clock.ms += 5_000;
    assert.equal(pending.runMs, 5_000);
    assert.match(pending.run()!, /^a run that began at \S+Z and reads \/run\/a$/);
    assert.equal(pending.overdue(), undefined);
  });
});
