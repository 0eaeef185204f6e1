/** How ends are noticed from lookup to lookup, and when they are judged. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import type { Writer } from '../../src/processes/writer.js';
import type { Ends } from '../../src/record/ends.js';
import { WriterWatch } from '../../src/record/writer-watch.js';

const T0 = 1_000_000;

function alive(pid: number, startSeconds = T0 - 100): Writer {
  const processId = String(pid);
  return { processId, liveness: 'alive', pid, role: 'w', program: 'python3', startSeconds };
}

function unseen(pid: number, liveness: 'dead' | 'unknown'): Writer {
  return { ...alive(pid), liveness, pid: undefined };
}

class Watched {
  readonly running = new Set<number>();
  readonly watch = new WriterWatch(
    (pid) => this.running.has(pid),
    async (pid) => this.running.has(pid) && !this.zombies.has(pid),
  );
  readonly zombies = new Set<number>();
  seconds = 0;

  /** Those that are alive run. */
  at(seconds: number, ...writers: Writer[]): Promise<Ends | undefined> {
    this.seconds = seconds;
    this.running.clear();
    for (const { pid } of writers) if (pid !== undefined) this.running.add(pid);
    return this.lookUp(seconds, ...writers);
  }

  check(seconds: number): boolean {
    return this.watch.check(T0 + seconds, seconds * 1000);
  }

  lookUp(seconds: number, ...writers: Writer[]): Promise<Ends | undefined> {
    const byId = new Map(writers.map((writer) => [writer.processId, writer]));
    return this.watch.saw(byId, T0 + seconds, seconds * 1000);
  }
}

const pids = (writers: readonly { readonly pid: number }[] = []) =>
  writers.map(({ pid }) => pid).sort();

describe('the watch of writers', () => {
  it('judges an end 10 s after it was found', async () => {
    const watched = new Watched();
    await watched.at(0, alive(1), alive(2));
    assert.equal(await watched.at(3, alive(1), unseen(2, 'dead')), undefined);
    assert.equal(await watched.at(12.9, alive(1), unseen(2, 'dead')), undefined);
    const ends = await watched.at(13, alive(1), unseen(2, 'dead'));
    assert.deepEqual(pids(ends!.before), [1, 2]);
    assert.deepEqual(pids(ends!.ended), [2]);
    assert.equal(ends!.ended[0]!.lastSeenSeconds, T0);
    assert.deepEqual(ends!.began, []);
    assert.equal(await watched.at(60, alive(1)), undefined);
  });

  it('tells those that were dead when it began from those that ended', async () => {
    const watched = new Watched();
    await watched.at(0, alive(1), unseen(2, 'dead'), unseen(3, 'unknown'));
    await watched.at(3, alive(1));
    assert.equal(watched.watch.conclude(), undefined);
  });

  it('takes no process for ended that runs: without files, or where its maps cannot be read', async () => {
    const watched = new Watched();
    await watched.at(0, alive(1), alive(2));
    await watched.lookUp(3, unseen(2, 'unknown'));
    assert.equal(watched.watch.conclude(), undefined);
    watched.running.delete(2);
    await watched.lookUp(6, unseen(2, 'unknown'));
    assert.deepEqual(pids(watched.watch.conclude()?.ended), [2]);
  });

  it('has those that began before and after an end, and none that was there at first', async () => {
    const watched = new Watched();
    await watched.at(0, alive(1));
    // It started long ago, and writes only now.
    await watched.at(3, alive(1), alive(2, T0 - 50));
    await watched.at(6, alive(1), alive(2, T0 - 50), alive(3, T0 + 5));
    await watched.at(9, alive(2, T0 - 50), alive(3, T0 + 5));
    await watched.at(12, alive(2, T0 - 50), alive(3, T0 + 5), alive(4, T0 + 11));
    const ends = await watched.at(19, alive(2, T0 - 50), alive(3, T0 + 5), alive(4, T0 + 11));
    assert.deepEqual(pids(ends!.before), [1, 2]);
    assert.deepEqual(pids(ends!.began), [3, 4]);
  });

  it('judges ends together that follow each other, after a minute at last', async () => {
    const watched = new Watched();
    const all = Array.from({ length: 30 }, (_, i) => alive(i + 1));
    await watched.at(0, ...all);
    let ends: Ends | undefined;
    for (let i = 1; ends === undefined; i++) ends = await watched.at(3 * i, ...all.slice(i));
    assert.equal(watched.seconds, 63);
    assert.equal(ends.ended.length, 21);
    assert.equal(ends.before.length, 30);
  });

  it('has a process that began and ended in between: a crash loop', async () => {
    const watched = new Watched();
    await watched.at(0, alive(1), alive(2));
    await watched.at(3, alive(1));
    await watched.at(6, alive(1), alive(3, T0 + 4));
    await watched.at(9, alive(1));
    const ends = await watched.at(19, alive(1));
    assert.deepEqual(pids(ends!.ended), [2, 3]);
    assert.deepEqual(pids(ends!.before), [1, 2]);
    assert.deepEqual(pids(ends!.began), [3]);
  });

  it('finds an end without a lookup, and then asks for one', async () => {
    const watched = new Watched();
    await watched.at(0, alive(1), alive(2));
    assert.equal(watched.check(1), false);
    watched.running.delete(2);
    // Not more often than every second.
    assert.equal(watched.check(1.9), false);
    assert.equal(watched.check(2), false);
    assert.equal(watched.check(11.9), false);
    assert.equal(watched.check(12), true);
    assert.equal(watched.check(21.9), false);
    assert.equal(watched.check(22), true);
    const ends = await watched.lookUp(22.5, alive(1));
    assert.deepEqual(pids(ends!.ended), [2]);
    assert.equal(ends!.ended[0]!.lastSeenSeconds, T0 + 1);
    assert.equal(watched.check(40), false);
  });

  it('has an end once, whatever a lookup says that began before it', async () => {
    const watched = new Watched();
    await watched.at(0, alive(1), alive(2));
    watched.running.delete(2);
    watched.check(1);
    await watched.lookUp(1.5, alive(1), alive(2));
    watched.check(3);
    assert.deepEqual(pids(watched.watch.conclude()!.ended), [2]);
    watched.check(5);
    assert.equal(watched.watch.conclude(), undefined);
  });

  it('takes a zombie for ended, at the next lookup', async () => {
    const watched = new Watched();
    await watched.at(0, alive(1), alive(2));
    watched.zombies.add(2);
    watched.check(1);
    assert.equal(watched.watch.conclude(), undefined);
    await watched.lookUp(3, alive(1), unseen(2, 'dead'));
    assert.deepEqual(pids(watched.watch.conclude()!.ended), [2]);
  });

  it('ignores a lookup that it knows', async () => {
    const watched = new Watched();
    await watched.at(0, alive(1));
    watched.running.clear();
    const known = new Map<string, Writer>();
    await watched.watch.saw(known, T0 + 6, 6000);
    assert.equal(await watched.watch.saw(known, T0 + 60, 60_000), undefined);
  });

  it('knows by itself whether a process runs', async () => {
    const watch = new WriterWatch();
    await watch.saw(new Map([['1', alive(process.pid)]]), T0, 0);
    await watch.saw(new Map(), T0 + 3, 3000);
    watch.check(T0 + 4, 4000);
    assert.equal(watch.conclude(), undefined);
    const child = spawn('sleep', ['60']);
    await watch.saw(new Map([['2', alive(child.pid!)]]), T0 + 6, 6000);
    const ended = once(child, 'exit');
    child.kill();
    await ended;
    watch.check(T0 + 9, 9000);
    assert.deepEqual(pids(watch.conclude()?.ended), [child.pid]);
  });
});
