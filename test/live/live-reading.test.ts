/** The reading of a served directory, from the columns of a scrape, against one of the same directory from its files. */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { check } from '../../src/inspect/check.js';
import { withDamagedBytes } from '../../src/inspect/damage-bytes.js';
import { viewEntries } from '../../src/inspect/entries.js';
import { NO_ENTRIES } from '../../src/inspect/entry-columns.js';
import { explain } from '../../src/inspect/explain/explain.js';
import { viewFiles, viewProcesses } from '../../src/inspect/processes.js';
import { readDirectory } from '../../src/inspect/read-directory.js';
import type { Reading } from '../../src/inspect/reading.js';
import { Selector } from '../../src/inspect/selector.js';
import { Instants, type TakenInstant } from '../../src/live/instants.js';
import { UNLIMITED } from '../../src/plan/budget.js';
import { ProcThread } from '../../src/processes/proc-thread.js';
import type { PageRequest } from '../../src/scrape/page/page-templates.js';
import { printSlots } from '../../src/scrape/page/print-slots.js';
import { type ScraperOptions, UnknownSourceError } from '../../src/scrape/scrape-run.js';
import { Scraper } from '../../src/scrape/scraper.js';
import { DirectoryModel } from '../property/directory-model.js';
import { dialect, OPENMETRICS, TEXT } from '../support/dialect.js';
import { valuesOf } from '../support/exposition.js';
import { copyOfFiles, goldenCases } from '../support/golden-case.js';
import { counter, int32, overwrite, writeMetricFile } from '../support/metric-file.js';
import { currentPython } from '../support/parts.js';
import { GOLDEN } from '../support/paths.js';
import { Random, seed } from '../support/random.js';
import { until } from '../support/session.js';
import { tempDirectory } from '../support/temp.js';
import { Worker } from '../support/worker.js';

const thread = new ProcThread();
after(() => thread.close());

/** Runs a test with instants of a directory. */
async function served(
  directory: string,
  test: (take: () => Promise<TakenInstant>, scraper: Scraper) => Promise<void>,
  options: ScraperOptions = {},
): Promise<void> {
  const scraper = new Scraper(directory, options);
  const instants = new Instants(scraper, thread);
  try {
    await test(() => instants.take(undefined), scraper);
  } finally {
    instants.close();
    await scraper.close();
  }
}

const EVERYTHING = new Selector('{__name__=~".*"}');

/** Plain data, with what differs between two readings left out. */
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (name, member) => {
      if (name === 'takenAtSeconds' || name === 'ageSeconds') return 0;
      if (name === 'verdict') return member.replace(/set \S+ ago/, 'set some time ago');
      if (typeof member === 'number' && !Number.isFinite(member)) return String(member);
      return member !== null && typeof member === 'object' && Symbol.iterator in member
        ? [...member]
        : member;
    }),
  );

const VIEWS: Readonly<Record<string, (reading: Reading) => unknown>> = {
  processes: viewProcesses,
  files: viewFiles,
  findings: (reading) => check(reading),
  explanation: (reading) => explain(reading, EVERYTHING),
  entries: (reading) => viewEntries(reading, undefined, 64),
};

/** A daemon knows nothing of what is in a file that has no good entry, but the bytes round the damage. */
function asServed(read: Reading): Reading {
  const files = read.files.map((file) =>
    file.fault === undefined && file.usedBytes !== 0
      ? file
      : { ...file, entries: NO_ENTRIES, usedBytes: -1, valueBytes: 0 },
  );
  return { ...read, files };
}

async function assertSame(live: Reading, directory: string): Promise<void> {
  const files = await Promise.all(live.files.map(withDamagedBytes));
  const read = asServed(await readDirectory(directory));
  for (const [name, view] of Object.entries(VIEWS)) {
    const of = name === 'entries' ? { ...live, files } : live;
    assert.deepEqual(plain(view(of)), plain(view(read)), name);
  }
}

/** A number that is in JSON, and in a page. */
const same = (a: number, b: number) => Object.is(a + 0, b + 0);

const FULL = dialect('text-1.0.0', 'allow-utf-8');

/** Each series is explained as it is printed, and its shares add up to that. @returns how many sums there were */
async function assertExplained({ reading, taken }: TakenInstant): Promise<number> {
  const request = { dialect: FULL };
  const page = String(await printSlots(taken.state.layout, taken.columns.slot, request));
  const values = valuesOf(page);
  // With a label in it, a selector chooses the series of a histogram, not the histogram.
  const { series } = explain(reading, new Selector('{__name__=~".+",le!="no such bucket"}'));
  const hasHuge = taken.columns.value.some((each) => Math.abs(each) > 1e12);
  let sums = 0;
  const explained = new Set<string>();
  for (const { series: name, operation, shares, value } of series) {
    if (value === undefined) continue;
    explained.add(name);
    assert.ok(same(value, values.get(name)!), `${name}: ${value}, ${values.get(name)}`);
    if (operation !== 'sum') continue;
    // Shares are in another order than entries, and doubles are not associative.
    let sum = 0;
    let size = 0;
    for (const share of shares) {
      sum += share.value;
      size += Math.abs(share.value);
    }
    const isNear = same(sum, value) || Math.abs(sum - value) <= 1e-12 * size;
    // Of a bucket, and of the count of a histogram, a share is itself a sum.
    if (hasHuge && /_(bucket|count)(\{|$)/.test(name)) continue;
    assert.ok(isNear || !Number.isFinite(value), `${name}: ${sum} in shares, ${value}`);
    sums++;
  }
  assert.deepEqual(
    [...values.keys()].filter((name) => !explained.has(name)),
    [],
  );
  return sums;
}

/** An instant and a page of the same run agree in every byte. */
async function assertOneRun(
  take: () => Promise<TakenInstant>,
  scraper: Scraper,
): Promise<TakenInstant> {
  const [instant, page, openMetrics, some] = await Promise.all([
    take(),
    ...PAGES.map((request) => scraper.scrape(request)),
  ]);
  const { layout } = instant.taken.state;
  for (const [i, expected] of [page, openMetrics, some].entries()) {
    const printed = await printSlots(layout, instant.taken.columns.slot, PAGES[i]!);
    assert.equal(String(printed), String(expected));
  }
  return instant;
}

const PAGES: readonly PageRequest[] = [
  { dialect: TEXT },
  { dialect: OPENMETRICS },
  { dialect: FULL, names: ['jobs', 'g_max', 'seconds_bucket', 'm0', 'm1_total'] },
];

describe('a reading of a served directory is that of its files', () => {
  for (const golden of goldenCases(GOLDEN)) {
    it(golden.name, async () => {
      const directory = copyOfFiles(golden);
      await served(directory, async (take, scraper) => {
        const instant = await assertOneRun(take, scraper);
        await assertSame(instant.reading, directory);
        await assertExplained(instant);
      });
    });
  }

  const python = currentPython();
  it('where real workers write it', { skip: python.skip }, async () => {
    const directory = tempDirectory();
    const workers: Worker[] = [];
    try {
      for (const number of [3, 4, 5]) {
        const worker = await Worker.start(python.path, directory);
        await worker.set(number);
        workers.push(worker);
      }
      await workers[0]!.kill();
      // A file that was written just now would have been seen last when each reading was taken.
      await sleep(50);
      await served(directory, async (take, scraper) => {
        const instant = await assertOneRun(take, scraper);
        await assertSame(instant.reading, directory);
        assert.ok((await assertExplained(instant)) > 5);
        await workers[1]!.set(7);
        await sleep(50);
        await assertSame((await take()).reading, directory);
      });
    } finally {
      for (const worker of workers) await worker.kill();
    }
  });
});

const jobs = (value: number) => [counter('jobs', value)];
const printedIn = async ({ taken }: TakenInstant, name = 'jobs_total') =>
  valuesOf(String(await printSlots(taken.state.layout, taken.columns.slot, { dialect: FULL }))).get(
    name,
  );

describe('an instant', () => {
  it('has the last good values of a file that is held', async () => {
    const directory = tempDirectory();
    for (const id of [1, 2]) writeMetricFile(join(directory, `counter_${id}.db`), jobs(id));
    await served(directory, async (take, scraper) => {
      await take();
      overwrite(join(directory, 'counter_2.db'), 0, int32(9));
      const instant = await assertOneRun(take, scraper);
      const [, held] = instant.reading.files;
      assert.equal(held!.fault?.code, 'FILE_CORRUPT');
      assert.equal(held!.entries.length, 1);
      assert.equal(await printedIn(instant), 3);
      assert.equal(await assertExplained(instant), 1);
      const [, view] = viewEntries(instant.reading, undefined, 0).files;
      assert.equal(view!.entryCount, 1);
      const { excerpt } = await withDamagedBytes(held!);
      assert.ok(excerpt!.bytes.length > 0);
    });
  });

  it('has no value of a file that is damaged or over budget, and names both', async () => {
    const directory = tempDirectory();
    for (const id of [1, 2]) writeMetricFile(join(directory, `counter_${id}.db`), jobs(id));
    const many = Array.from({ length: 100 }, (_, i) => counter('many', i, { i: `${i}` }));
    writeMetricFile(join(directory, 'counter_3.db'), many);
    writeFileSync(join(directory, 'counter_4.db'), Buffer.alloc(64, 0xff));
    writeFileSync(join(directory, 'notes.db'), 'notes');
    const limits = { ...UNLIMITED, file: { ...UNLIMITED.file, entries: 50 } };
    await served(
      directory,
      async (take, scraper) => {
        const instant = await assertOneRun(take, scraper);
        assert.deepEqual(
          instant.reading.files.map(({ name, fault, entries }) => [
            name,
            fault?.code,
            entries.length,
          ]),
          [
            ['counter_1.db', undefined, 1],
            ['counter_2.db', undefined, 1],
            ['counter_3.db', 'BUDGET_EXCEEDED', 0],
            ['counter_4.db', 'FILE_CORRUPT', 0],
            ['notes.db', 'FILE_FOREIGN', 0],
          ],
        );
        assert.equal(await assertExplained(instant), 1);
        const codes = check(instant.reading, undefined, undefined, limits).findings;
        assert.ok(codes.length > 0);
      },
      { limits },
    );
  });

  it('has the values of files that were removed, where they are retained', async () => {
    const directory = tempDirectory();
    for (const id of [1, 2]) writeMetricFile(join(directory, `counter_${id}.db`), jobs(id));
    await served(
      directory,
      async (take, scraper) => {
        await take();
        rmSync(join(directory, 'counter_2.db'));
        const instant = await assertOneRun(take, scraper);
        assert.equal(await printedIn(instant), 3);
        assert.equal(await assertExplained(instant), 1);
        assert.deepEqual(
          instant.reading.files.map(({ name }) => name),
          ['counter_1.db'],
        );
        const [jobsTotal] = explain(instant.reading, new Selector('jobs')).series;
        assert.deepEqual(Array.from(jobsTotal!.shares, ({ file, value }) => [file, value]).sort(), [
          ['counter_1.db', 1],
          ['removed counter files', 2],
        ]);
        viewProcesses(instant.reading);
        check(instant.reading);
      },
      { retainRemoved: true },
    );
  });

  it('has no live gauges of dead writers, where they are hidden', {
    skip: currentPython().skip,
  }, async () => {
    const directory = tempDirectory();
    const worker = await Worker.start(currentPython().path, directory);
    const other = await Worker.start(currentPython().path, directory);
    try {
      await worker.set(3);
      await other.set(4);
      await worker.kill();
      await served(
        directory,
        async (take, scraper) => {
          // A process is dead after a scan.
          await until(
            async () => (await printedIn(await take(), 'g_livesum')) === 4,
            () => 'the dead process',
          );
          const instant = await assertOneRun(take, scraper);
          assert.equal(await printedIn(instant), 7);
          await assertExplained(instant);
          const hidden = instant.reading.files.filter(({ name }) =>
            /live.*_${worker.pid}.db/.test(name),
          );
          for (const file of hidden) assert.equal(file.entries.length, 0);
          const { processes } = viewProcesses(instant.reading);
          assert.deepEqual(
            Object.fromEntries(processes.map((each) => [each.processId, each.liveness])),
            { [worker.pid]: 'dead', [other.pid]: 'alive' },
          );
        },
        { procThread: thread, deadProcesses: 'hide-live' },
      );
    } finally {
      await worker.kill();
      await other.kill();
    }
  });

  it('is of one of several sources', async () => {
    const directories = [1, 2].map((value) => {
      const directory = tempDirectory();
      writeMetricFile(join(directory, 'counter_1.db'), jobs(value));
      return { name: `s${value}`, directory };
    });
    const scraper = new Scraper(directories);
    const instants = new Instants(scraper, thread);
    try {
      const [one, two, again] = await Promise.all(['s1', 's2', 's1'].map((s) => instants.take(s)));
      assert.equal(await printedIn(one!, 'jobs_total{promfold_source="s1"}'), 1);
      assert.equal(await printedIn(two!, 'jobs_total{promfold_source="s2"}'), 2);
      assert.equal(again!.reading, one!.reading);
      for (const instant of [one!, two!]) await assertExplained(instant);
      await assert.rejects(instants.take('s3'), UnknownSourceError);
      await scraper.detach('s2');
      await assert.rejects(instants.take('s2'), UnknownSourceError);
      // What was taken is still whole.
      await assertExplained(two!);
    } finally {
      instants.close();
      await scraper.close();
    }
  });

  it('is empty of an empty directory, and there is none of a directory that does not exist', async () => {
    const directory = tempDirectory();
    await served(directory, async (take, scraper) => {
      const instant = await assertOneRun(take, scraper);
      await assertSame(instant.reading, directory);
      assert.equal(instant.reading.files.length, 0);
    });
    await served(join(directory, 'none'), async (take) => {
      await assert.rejects(take(), { code: 'DIRECTORY_UNREADABLE' });
      mkdirSync(join(directory, 'none'));
      assert.equal((await take()).reading.files.length, 0);
      rmSync(join(directory, 'none'), { recursive: true });
      await assert.rejects(take(), { code: 'DIRECTORY_UNREADABLE' });
    });
  });

  it('is shared by the views of one turn, and another one after that', async () => {
    const directory = tempDirectory();
    writeMetricFile(join(directory, 'counter_1.db'), jobs(1));
    await served(directory, async (take) => {
      const [a, b, c] = await Promise.all([take(), take(), take()]);
      for (const each of [b, c]) {
        assert.equal(each.snapshotId, a.snapshotId);
        assert.equal(each.reading, a.reading);
      }
      const later = await take();
      assert.notEqual(later.snapshotId, a.snapshotId);
      // Nothing changed but the time.
      assert.equal(later.taken.state, a.taken.state);
      assert.equal(later.index.structure, a.index.structure);
    });
  });

  it('is whole as long as one view holds it, or it is kept', async () => {
    const directory = tempDirectory();
    writeMetricFile(join(directory, 'counter_1.db'), jobs(1));
    const scraper = new Scraper(directory);
    const instants = new Instants(scraper, thread);
    try {
      const [first, second] = await Promise.all([0, 0].map(() => instants.take(undefined)));
      first!.release();
      await assertExplained(second!);
      second!.release();
      const kept = instants.kept(second!.snapshotId)!;
      assert.equal(await printedIn(kept), 1);
      // Three later ones, and it is not kept any more.
      for (let i = 0; i < 3; i++) (await instants.take(undefined)).release();
      assert.equal(instants.kept(second!.snapshotId), undefined);
      await assertExplained(kept);
      kept.release();
      assert.equal(kept.taken.columns.value.length, 0);
    } finally {
      instants.close();
      await scraper.close();
    }
  });

  it('is made from what is kept for a while only', async () => {
    const directory = tempDirectory();
    writeMetricFile(join(directory, 'counter_1.db'), jobs(1));
    const scraper = new Scraper(directory, { keepInstantsMs: 50 });
    let forgotten = 0;
    const madeUp = {
      writers: async () => new Map(),
      forget: async () => {
        forgotten++;
      },
    };
    const instants = new Instants(scraper, madeUp as unknown as ProcThread, {
      keepMs: 50,
    });
    try {
      const states = new Set<unknown>();
      const facts = new Set<unknown>();
      for (let i = 0; i < 10; i++) {
        const { taken } = await instants.take(undefined);
        states.add(taken.state);
        facts.add(taken.facts);
        await sleep(15);
      }
      assert.deepEqual([states.size, facts.size, forgotten], [1, 1, 0]);
      await sleep(120);
      assert.equal(forgotten, 1);
      const { taken } = await instants.take(undefined);
      assert.ok(!states.has(taken.state));
      assert.ok(!facts.has(taken.facts));
      // Again after that.
      await sleep(120);
      assert.equal(forgotten, 2);
    } finally {
      instants.close();
      await scraper.close();
    }
  });
});

describe('instants of a directory that changes', () => {
  it('agree with the page of their run, and with themselves', async (t) => {
    const random = new Random(seed());
    t.diagnostic(`seed ${random.seed}`);
    const directory = tempDirectory();
    const model = new DirectoryModel(directory, random);
    await served(directory, async (take, scraper) => {
      for (let step = 0; step < 150; step++) {
        const change = model.change();
        const instant = await assertOneRun(take, scraper);
        await assertExplained(instant).catch((error) => {
          throw new Error(`seed ${random.seed}, step ${step}, ${change}: ${error}`);
        });
      }
    });
  });

  it('agree with themselves while files appear, grow, vanish and are replaced', async (t) => {
    const random = new Random(seed());
    t.diagnostic(`seed ${random.seed}`);
    const directory = tempDirectory();
    const model = new DirectoryModel(directory, random);
    await served(directory, async (take, scraper) => {
      let isOver = false;
      const changing = (async () => {
        while (!isOver) {
          model.change();
          await turn();
        }
      })();
      try {
        for (let round = 0; round < 60; round++) {
          const instants = await Promise.all([take(), scraper.prepare().then(take), take()]);
          for (const instant of instants) {
            await assertExplained(instant);
            viewProcesses(instant.reading);
            check(instant.reading);
          }
        }
      } finally {
        isOver = true;
        await changing;
      }
    });
  });
});
