/** How often the writers are looked up, and who waits for it: with a thread that is made up, and with real workers. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Instants } from '../../src/live/instants.js';
import { WriterLookup, type Writers } from '../../src/live/writer-lookup.js';
import type { WrittenFile } from '../../src/processes/find-writers.js';
import { ProcThread } from '../../src/processes/proc-thread.js';
import type { Writer } from '../../src/processes/writer.js';
import { Scraper } from '../../src/scrape/scraper.js';
import { currentPython } from '../support/parts.js';
import { tempDirectory } from '../support/temp.js';
import { Worker } from '../support/worker.js';

const filesOf = (...processIds: string[]): WrittenFile[] =>
  processIds.map((processId) => ({ processId, identity: `0:${processId}`, path: processId }));

/** Answers when it is told to. */
class MadeUpThread {
  readonly asked: (readonly WrittenFile[] | undefined)[] = [];
  forgotten = 0;
  mode: 'answers' | 'fails' | 'hangs' = 'answers';
  tookMs = 0;
  pid: number | undefined;
  #files: readonly WrittenFile[] = [];

  async writers(_watch: number, files: readonly WrittenFile[] | undefined): Promise<Writers> {
    this.asked.push(files);
    if (this.mode === 'fails') throw new Error('the thread ended with 1');
    // Its timer keeps the process alive, as a question to a thread does.
    if (this.mode === 'hangs') await sleep(5_000);
    this.#files = files ?? this.#files;
    const answer = this.#files.map(({ processId }): [string, Writer] => [
      processId,
      {
        processId,
        liveness: 'alive',
        pid: this.pid,
        role: undefined,
        program: undefined,
        startSeconds: undefined,
      },
    ]);
    await sleep(this.tookMs);
    return new Map(answer);
  }

  async forget(): Promise<void> {
    this.forgotten++;
  }
}

/** Milliseconds. */
async function timeOf(work: Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work;
  return performance.now() - begin;
}

describe('a lookup of writers', () => {
  it('is one for many views, and renewed each second at most, while views use the last one', async () => {
    const thread = new MadeUpThread();
    thread.tookMs = 20;
    const lookup = new WriterLookup(thread, 1_000);
    const files = filesOf('1', '2');
    const first = await Promise.all(Array.from({ length: 20 }, () => lookup.writers(files)));
    assert.equal(thread.asked.length, 1);
    for (const writers of first) assert.deepEqual([...writers.keys()], ['1', '2']);
    let views = 0;
    for (const begin = performance.now(); performance.now() - begin < 1_300; views++) {
      const ms = await timeOf(lookup.writers(files));
      assert.ok(ms < 15, `a view waited ${ms} ms`);
      await sleep(20);
    }
    assert.ok(views > 20);
    // The files are sent once.
    assert.deepEqual(thread.asked, [files, undefined]);
    lookup.close();
    assert.equal(thread.forgotten, 1);
  });

  it('is awaited where a process that is known has ended, once', async () => {
    const thread = new MadeUpThread();
    thread.pid = 7;
    const there = new Set([7]);
    const pace = { share: 1, maxAgeMs: 60_000 };
    const lookup = new WriterLookup(thread, 60_000, pace, (pid) => there.has(pid));
    const files = filesOf('7');
    await lookup.writers(files);
    await lookup.writers(files);
    assert.equal(thread.asked.length, 1);
    there.clear();
    await lookup.writers(files);
    assert.equal(thread.asked.length, 2);
    // It is said to be alive once more; that is not asked again.
    await lookup.writers(files);
    assert.equal(thread.asked.length, 2);
  });

  it('is not awaited where files change, but no process is new', async () => {
    const thread = new MadeUpThread();
    const lookup = new WriterLookup(thread, 1_000);
    await lookup.writers(filesOf('1', '2'));
    thread.mode = 'hangs';
    for (let i = 0; i < 5; i++) {
      assert.ok((await timeOf(lookup.writers(filesOf('1')))) < 100);
    }
    assert.equal(thread.asked.length, 1);
  });

  it('is awaited for a process that is new, also behind one of earlier files', async () => {
    const thread = new MadeUpThread();
    thread.tookMs = 50;
    const lookup = new WriterLookup(thread, 1_000);
    const earlier = lookup.writers(filesOf('1'));
    await sleep(10);
    const later = filesOf('1', '2');
    const writers = await lookup.writers(later);
    assert.equal(writers.get('2')?.liveness, 'alive');
    assert.deepEqual([...(await earlier).keys()], ['1']);
    assert.equal((await lookup.writers(filesOf('1', '2', '3'))).get('3')?.liveness, 'alive');
    assert.equal(thread.asked.length, 3);
  });

  it('that fails gives unknown writers, is repeated each second, and with all files', async () => {
    const thread = new MadeUpThread();
    thread.mode = 'fails';
    const lookup = new WriterLookup(thread, 1_000);
    const files = filesOf('1');
    for (let i = 0; i < 10; i++) {
      const begin = performance.now();
      assert.equal((await lookup.writers(files)).size, 0);
      assert.ok(performance.now() - begin < 500);
    }
    assert.deepEqual(thread.asked, [files]);
    thread.mode = 'answers';
    await sleep(1_050);
    assert.equal((await lookup.writers(files)).size, 1);
    assert.deepEqual(thread.asked, [files, files]);
  });

  it('that hangs gives unknown writers after 2 s, and then at once', async () => {
    const thread = new MadeUpThread();
    thread.mode = 'hangs';
    const lookup = new WriterLookup(thread, 1_000);
    const files = filesOf('1');
    const views = Array.from({ length: 5 }, () => timeOf(lookup.writers(files)));
    for (const ms of await Promise.all(views)) assert.ok(ms > 1_900 && ms < 2_500, `${ms} ms`);
    for (let i = 0; i < 3; i++) assert.ok((await timeOf(lookup.writers(files))) < 100);
    assert.equal(thread.asked.length, 1);
  });
});

describe('a worker that is killed', () => {
  const python = currentPython();
  it('is dead in a view within 2 s', { skip: python.skip }, async () => {
    const directory = tempDirectory();
    const workers = [
      await Worker.start(python.path, directory),
      await Worker.start(python.path, directory),
    ];
    const scraper = new Scraper(directory);
    const thread = new ProcThread();
    const instants = new Instants(scraper, thread);
    const liveness = async ({ pid }: Worker) => {
      const { reading } = await instants.take(undefined);
      return reading.writers.get(String(pid))?.liveness;
    };
    try {
      for (const worker of workers) assert.equal(await liveness(worker), 'alive');
      await workers[0]!.kill();
      const killed = performance.now();
      while ((await liveness(workers[0]!)) !== 'dead') {
        assert.ok(performance.now() - killed < 2_000);
        await sleep(500);
      }
      assert.equal(await liveness(workers[1]!), 'alive');
    } finally {
      for (const worker of workers) await worker.kill();
      instants.close();
      await scraper.close();
      await thread.close();
    }
  });
});
