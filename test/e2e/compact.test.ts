/**
 * `compact` with real workers of both clients: what they read afterwards is what they read before, and what a promfold serves
 * is right at every moment.
 */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CompactionReport } from '../../src/compact/report.js';
import type { CheckView } from '../../src/inspect/findings/finding.js';
import type { ProcessesView } from '../../src/inspect/processes.js';
import type { TopView } from '../../src/inspect/top.js';
import { Daemon, promfold } from '../support/cli.js';
import { valuesOf } from '../support/exposition.js';
import { Monotone } from '../support/monotone.js';
import { currentPython, debianPython, type Part } from '../support/parts.js';
import { run } from '../support/process.js';
import { until } from '../support/session.js';
import { tempDirectory } from '../support/temp.js';
import { Worker } from '../support/worker.js';

const READ = `
import sys
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
registry = CollectorRegistry()
MultiProcessCollector(registry, sys.argv[1])
sys.stdout.write(generate_latest(registry).decode())
`;

/** What prometheus_client says of a directory. */
async function read({ path }: Part, directory: string): Promise<ReadonlyMap<string, number>> {
  const { exitCode, stdout, stderr } = await run(path, ['-c', READ, directory]);
  assert.equal(exitCode, 0, stderr);
  return valuesOf(stdout);
}

/** Names, inodes and sizes. */
const listing = (directory: string) =>
  readdirSync(directory).map((name) => {
    const { ino, size } = statSync(join(directory, name));
    return `${name} ${ino} ${size}`;
  });

const newDirectory = (): string => {
  const directory = join(tempDirectory(), 'prom');
  mkdirSync(directory);
  return directory;
};

async function applied(directory: string, flags: readonly string[] = []) {
  const { exitCode, stdout, stderr } = await promfold([
    'compact',
    '--apply',
    '--json',
    ...flags,
    directory,
  ]);
  assert.deepEqual([exitCode, stderr], [0, '']);
  return JSON.parse(stdout) as CompactionReport;
}

// Gauges of these modes say something only of a process that lives.
const isOfDead = (series: string) => /^g_(?:all|live)/.test(series);

/** The same series, none of them lower, and none higher but by rounding: Python adds in the order of the directory. */
function assertSame(after: ReadonlyMap<string, number>, before: ReadonlyMap<string, number>): void {
  const counted = (values: ReadonlyMap<string, number>) =>
    [...values.keys()].filter((series) => !isOfDead(series)).sort();
  assert.deepEqual(counted(after), counted(before));
  for (const series of counted(before)) {
    const [was, is] = [before.get(series)!, after.get(series)!];
    assert.ok(is >= was && is - was <= 2 * Number.EPSILON * was, `${series}: ${was}, then ${is}`);
  }
}

const CLIENTS: readonly [name: string, python: Part, without: readonly string[]][] = [
  ['prometheus_client 0.26.0', currentPython(), []],
  // The modes came later.
  ['prometheus_client 0.16.0', debianPython(), ['mostrecent', 'livemostrecent']],
];

for (const [name, python, without] of CLIENTS) {
  describe(`a directory of ${name}`, { skip: python.skip }, () => {
    it('says the same with the archives, for every reader, again and again', async () => {
      const directory = newDirectory();
      const workers: Worker[] = [];
      const start = async (number: number) => {
        const worker = await Worker.start(python.path, directory, { without });
        workers.push(worker);
        await worker.set(number);
        return worker;
      };
      try {
        const living = await start(0.7);
        for (const number of [3, 0.1, 12]) await (await start(number)).kill();
        const before = await read(python, directory);
        const files = listing(directory);

        const dry = await promfold(['compact', directory]);
        assert.deepEqual([dry.exitCode, dry.stderr], [0, '']);
        assert.match(dry.stdout, /\nfold +counter +3 +3 .* into 1 entry[,\n]/);
        assert.match(dry.stdout, /\nremove +gauge livesum +3 +3 .* gauges of dead processes\n/);
        assert.match(dry.stdout, /nothing was changed: --apply does it\n$/);
        assert.deepEqual(listing(directory), files);

        const { outcome, filesAfter } = await applied(directory);
        const kinds = 5 + Number(without.length === 0);
        assert.equal(outcome!.archives.length, kinds);
        assert.equal(
          readdirSync(directory).filter((each) => each.endsWith('.db')).length,
          filesAfter,
        );
        // Nothing is left next to it.
        assert.deepEqual(readdirSync(join(directory, '..')), ['prom']);
        const after = await read(python, directory);
        assertSame(after, before);
        assert.equal(after.get('g_livesum'), 0.7);
        assert.deepEqual(
          [...after.keys()].filter((series) => series.startsWith('g_all')),
          [`g_all{pid="${living.pid}"}`],
        );

        // The living one counts on in its own file, a new one in its own.
        await living.set(5);
        await (await start(2)).kill();
        const more = await read(python, directory);
        assert.ok(Math.abs(more.get('jobs_total')! - before.get('jobs_total')! - 7) < 1e-12);
        const second = await applied(directory);
        assert.ok(second.folded.every(({ archives }) => archives === 1));
        assert.equal(second.outcome!.archives.length, kinds);
        const last = await read(python, directory);
        assertSame(last, more);
        const { stdout: scraped } = await promfold(['scrape', directory]);
        for (const [series, value] of valuesOf(scraped)) {
          assert.ok(Math.abs(value - last.get(series)!) <= 2 * Number.EPSILON * value, series);
        }

        const ls = await promfold(['ls', '--json', directory]);
        const { processes, total } = JSON.parse(ls.stdout) as ProcessesView;
        assert.deepEqual(total.processes, { alive: 1, dead: 0, unknown: 0 });
        assert.equal(total.archives, 1);
        const archive = processes.find(({ liveness }) => liveness === 'archive')!;
        assert.equal(archive.role, 'archive');
        const check = await promfold(['check', '--json', directory]);
        const { findings } = JSON.parse(check.stdout) as CheckView;
        assert.deepEqual(
          findings.map(({ code }) => code).filter((code) => !['LINT', 'OLD_CLIENT'].includes(code)),
          [],
        );
        const { stdout: explained } = await promfold(['explain', 'jobs_total', directory]);
        assert.match(explained, /1 process and an archive: 1 alive, 1 archive/);

        // Nothing is left to be done, and nothing is done.
        const settled = listing(directory);
        assert.match(
          (await promfold(['compact', '--apply', directory])).stdout,
          /nothing to compact/,
        );
        assert.deepEqual(listing(directory), settled);
      } finally {
        await Promise.all(workers.map((worker) => worker.kill()));
      }
    });
  });
}

const python = currentPython();

describe('a daemon, while a directory is compacted', { skip: python.skip }, () => {
  for (const flags of [[], ['--retain-removed'], ['--dead-processes=hide-gauges']]) {
    it(`fails no scrape and has each value once, with ${flags[0] ?? 'no flags'}`, async () => {
      const directory = newDirectory();
      const workers: Worker[] = [];
      const daemon = await Daemon.serve(directory, flags);
      const kept = new Monotone();
      try {
        const living = await Worker.start(python.path, directory);
        workers.push(living);
        await living.set(0.7);
        let jobs = 0.7;
        // An archive is folded again in the second round.
        const rounds = flags[0] === '--retain-removed' ? 2 : 1;
        for (let round = 0; round < rounds; round++) {
          for (const number of [3, 0.1]) {
            const worker = await Worker.start(python.path, directory);
            workers.push(worker);
            await worker.set(number);
            await worker.kill();
            jobs += number;
          }
          if (flags[0]?.startsWith('--dead')) {
            await until(
              async () => {
                const { body } = await daemon.get('/metrics');
                return valuesOf(body).get('g_max') === 0.7;
              },
              () => 'gauges of the dead to be hidden',
            );
          }
          let scrapes = 0;
          let isOver = false;
          const compacting = applied(directory).finally(() => {
            isOver = true;
          });
          const before = valuesOf((await daemon.get('/metrics')).body);
          while (!isOver) {
            const { status, body } = await daemon.get('/metrics');
            assert.equal(status, 200, body);
            assert.deepEqual(kept.dips(body), []);
            const values = valuesOf(body);
            for (const series of [
              'jobs_total',
              'seconds_count',
              'size_bytes_sum',
              'g_sum',
              'g_max',
            ]) {
              const was = before.get(series)!;
              const is = values.get(series)!;
              assert.ok(
                Math.abs(is - was) <= Number.EPSILON * was,
                `${series}: ${was}, then ${is}`,
              );
            }
            scrapes++;
          }
          assert.ok(scrapes > 100, `${scrapes} scrapes`);
          assert.ok((await compacting).outcome!.folded >= 10);
        }
        const values = valuesOf((await daemon.get('/metrics')).body);
        assert.ok(Math.abs(values.get('jobs_total')! - jobs) < 1e-12);
        // Two compactions, of which it knows what they folded; what they removed were gauges.
        assert.equal(values.get('promfold_retained_files_total') ?? 0, 0);
      } finally {
        await Promise.all(workers.map((worker) => worker.kill()));
        await daemon.stop();
      }
    });
  }

  it('does it by itself, after processes have been dead for so long', async () => {
    const directory = newDirectory();
    const workers: Worker[] = [];
    const daemon = await Daemon.serve(directory, ['--compact-dead-after=1s', '--retain-removed']);
    const kept = new Monotone();
    let isQuiet = false;
    const scraped = async () => {
      const { status, body } = await daemon.get('/metrics');
      assert.equal(status, 200, body);
      assert.deepEqual(kept.dips(body), []);
      const top = JSON.parse((await daemon.get('/api/v1/top')).body) as TopView;
      // An archive that appears has counted nothing.
      if (isQuiet) assert.deepEqual([top.incrementsPerSecond, top.observationsPerSecond], [0, 0]);
      return valuesOf(body);
    };
    try {
      for (const number of [0.7, 3, 0.1]) {
        const worker = await Worker.start(python.path, directory);
        workers.push(worker);
        await worker.set(number);
      }
      const expected = (await scraped()).get('jobs_total')!;
      await workers[1]!.kill();
      await workers[2]!.kill();
      // Rates are since a second ago.
      await sleep(1_100);
      await scraped();
      isQuiet = true;
      const compactions = async () => (await scraped()).get('promfold_compactions_total') ?? 0;
      await until(
        async () => (await compactions()) > 0,
        () => daemon.log,
      );
      const values = await scraped();
      assert.ok(Math.abs(values.get('jobs_total')! - expected) <= Number.EPSILON * expected);
      assert.equal(values.get('promfold_compacted_files_total'), 22);
      assert.ok(values.get('promfold_compaction_freed_bytes_total')! > 0);
      assert.equal(values.get('promfold_retained_files_total'), 0);
      assert.match(daemon.log, /files of dead processes were compacted.*folded=12.*archives=6/);
      const archives = readdirSync(directory).filter((name) => name.includes('-promfold-'));
      assert.equal(archives.length, 6);
      // The archives are not folded again while nothing else is.
      const files = listing(directory);
      await sleep(3_000);
      assert.deepEqual(listing(directory), files);
      // To the views and the watchdog it is no process.
      const { body: told } = await daemon.get('/api/v1/verdicts');
      assert.doesNotMatch(told, /-promfold-/);
      const { body: shown } = await daemon.get('/api/v1/processes');
      const { processes, total } = JSON.parse(shown) as ProcessesView;
      assert.deepEqual(total.processes, { alive: 1, dead: 0, unknown: 0 });
      assert.deepEqual(
        processes.filter(({ liveness }) => liveness === 'archive').map(({ files: own }) => own),
        [6],
      );
      // Two workers ended, if they were seen before, and nothing else did.
      const ends = [...(await scraped())].filter(([name]) => /^promfold_incidents_/.test(name));
      assert.ok(ends.reduce((sum, [, count]) => sum + count, 0) <= 2);
    } finally {
      await Promise.all(workers.map((worker) => worker.kill()));
      await daemon.stop();
    }
  });
});
