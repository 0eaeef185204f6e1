/**
 * What dead processes left, under each `--dead-processes`: real workers that are killed, a container that is
 * restarted on a volume that stayed (same pids), vLLM's own files, and a promfold that may not look.
 */
import assert from 'node:assert/strict';
import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProcThread } from '../../src/processes/proc-thread.js';
import type { DeadProcesses } from '../../src/scrape/directory/dead-processes.js';
import { Scraper } from '../../src/scrape/scraper.js';
import { Daemon, promfold } from '../support/cli.js';
import { TEXT } from '../support/dialect.js';
import { valuesOf } from '../support/exposition.js';
import { Mappers } from '../support/mapper.js';
import { fileBytes, gauge } from '../support/metric-file.js';
import { currentPython } from '../support/parts.js';
import { VLLM_CORPUS } from '../support/paths.js';
import { tempDirectory } from '../support/temp.js';
import { CONTAINER, Worker } from '../support/worker.js';

const python = currentPython();

/** A file newer than this may be about to be mapped (processes/liveness-scan.ts), and scans are 5 s apart. */
const CREATION_GRACE_MS = 2_100;

const page = async (
  directory: string,
  action: DeadProcesses,
): Promise<ReadonlyMap<string, number>> => {
  const { stdout } = await promfold(['scrape', '--dead-processes', action, directory]);
  return valuesOf(stdout);
};

async function until<T>(what: string, ask: () => Promise<T | undefined | false>): Promise<T> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`not within a minute: ${what}`);
    await sleep(200);
  }
}

describe('workers of which one was killed', { skip: python.skip }, () => {
  const directory = tempDirectory();
  const workers: Worker[] = [];
  let dead: Worker;
  before(async () => {
    for (let i = 0; i < 2; i++) workers.push(await Worker.start(python.path, directory));
    dead = workers[1]!;
    await workers[0]!.set(3);
    await dead.set(7);
    await dead.kill();
    await sleep(CREATION_GRACE_MS);
  });
  after(() => Promise.all(workers.map((worker) => worker.kill())));

  const counted = (values: ReadonlyMap<string, number>) => {
    assert.equal(values.get('jobs_total'), 10);
    assert.equal(values.get('seconds_bucket{le="10.0"}'), 2);
    assert.equal(values.get('size_bytes_sum'), 10);
  };
  const all = (worker: Worker, name = 'g_all') => `${name}{pid="${worker.pid}"}`;

  it('are all served under keep', async () => {
    const values = await page(directory, 'keep');
    counted(values);
    assert.equal(values.get('g_sum'), 10);
    assert.equal(values.get('g_livesum'), 10);
    assert.equal(values.get('g_mostrecent'), 7);
    assert.equal(values.get(all(dead)), 7);
  });

  it('keep their counts and lose its live gauges under hide-live', async () => {
    const values = await page(directory, 'hide-live');
    counted(values);
    assert.equal(values.get('g_livesum'), 3);
    assert.equal(values.get('g_livemax'), 3);
    assert.equal(values.get('g_livemostrecent'), 3);
    assert.equal(values.get(all(dead, 'g_liveall')), undefined);
    assert.equal(values.get(all(workers[0]!, 'g_liveall')), 3);
    assert.equal(values.get('g_sum'), 10);
    assert.equal(values.get('g_max'), 7);
    assert.equal(values.get('g_mostrecent'), 7);
    assert.equal(values.get(all(dead)), 7);
  });

  it('keep their counts and lose all its gauges under hide-gauges', async () => {
    const values = await page(directory, 'hide-gauges');
    counted(values);
    for (const mode of ['sum', 'livesum', 'max', 'livemax', 'mostrecent', 'livemostrecent']) {
      assert.equal(values.get(`g_${mode}`), 3, mode);
    }
    assert.equal(values.get(all(dead)), undefined);
    assert.equal(values.get(all(workers[0]!)), 3);
  });

  it('are what they are to a daemon: hidden soon, told of, and taken back when adopted', async () => {
    const daemon = await Daemon.serve(directory, ['--dead-processes', 'hide-gauges']);
    const mappers = new Mappers();
    try {
      const { body } = await daemon.get('/metrics');
      // The first answer waited for a scan.
      const values = valuesOf(body);
      counted(values);
      assert.equal(values.get('g_sum'), 3);
      assert.equal(values.get('promfold_dead_processes'), 1);
      assert.equal(values.get('promfold_skipped_files{reason="corrupt"}'), undefined);

      const own = readdirSync(directory).filter((name) => name.endsWith(`_${dead.pid}.db`));
      await mappers.start('w', ...own.map((name) => join(directory, name)));
      const back = await until('its gauges are back', async () => {
        const now = valuesOf((await daemon.get('/metrics')).body);
        return now.get('g_sum') === 10 && now;
      });
      counted(back);
      assert.equal(back.get('promfold_dead_processes'), 0);
    } finally {
      mappers.close();
      await daemon.stop();
    }
  });

  it('lose its live gauges for good under remove-live', async () => {
    const removed = ['liveall', 'livemax', 'livesum', 'livemostrecent'].map((mode) =>
      join(directory, `gauge_${mode}_${dead.pid}.db`),
    );
    const daemon = await Daemon.serve(directory, ['--dead-processes', 'remove-live']);
    try {
      const values = valuesOf((await daemon.get('/metrics')).body);
      assert.equal(values.get('g_livesum'), 3);
      await until('its files are removed', async () => !removed.some((path) => existsSync(path)));
      await until('it is logged', async () => daemon.log.includes(removed[0]!));
      const now = valuesOf((await daemon.get('/metrics')).body);
      counted(now);
      assert.equal(now.get('g_sum'), 10);
      assert.equal(now.get('g_livesum'), 3);
    } finally {
      await daemon.stop();
    }
  });
});

describe('a damaged gauge file of a dead process', () => {
  it('is told all the same, and hidden once it reads well', async () => {
    const directory = tempDirectory();
    const mappers = new Mappers();
    const procThread = new ProcThread();
    const path = join(directory, 'gauge_sum_999999999.db');
    const healthy = fileBytes('dict4-16', [gauge('depth', 5)], 4096);
    writeFileSync(path, Buffer.concat([healthy.subarray(0, 8), Buffer.alloc(4088, 255)]));
    const scraper = new Scraper(directory, { deadProcesses: 'hide-gauges', procThread });
    const scrape = async () => valuesOf(String(await scraper.scrape({ dialect: TEXT })));
    const problems = () =>
      scraper.problems().flatMap((problem) => (problem.path === path ? [problem.code] : []));
    try {
      await mappers.start('w', join(directory, 'counter_{pid}.db'));
      await sleep(CREATION_GRACE_MS);
      await scrape();
      assert.deepEqual(problems(), ['FILE_CORRUPT']);
      writeFileSync(path, healthy);
      assert.deepEqual([...(await scrape())], [['depth', 5]]);
      await until('it is hidden', async () => (await scrape()).size === 0);
      assert.deepEqual(problems(), []);
    } finally {
      mappers.close();
      await scraper.close();
      await procThread.close();
    }
  });
});

describe('a container that is restarted on a volume that stayed', {
  skip: python.skip || process.getuid!() !== 0,
}, () => {
  it('continues the files of an earlier process: counters continue, gauges are its own', async () => {
    const directory = tempDirectory();
    const start = (without: readonly string[] = []) =>
      Worker.start(python.path, directory, { wrapper: CONTAINER, without });
    const first = await start();
    await first.set(7);
    await first.kill();
    // Boot time is known to the second: what is closer to the start of the second life is not told from it.
    await sleep(4_000);
    const second = await start(['all']);
    const daemon = await Daemon.serve(directory, ['--dead-processes', 'hide-gauges']);
    try {
      assert.equal(second.pid, first.pid);
      const values = valuesOf((await daemon.get('/metrics')).body);
      assert.equal(values.get('jobs_total'), 7);
      // Set by the first life, and the file says when.
      assert.equal(values.get('g_mostrecent'), undefined);
      assert.equal(values.get('g_livemostrecent'), undefined);
      // The second life has no such gauge: nobody maps the file.
      assert.equal(values.get(`g_all{pid="${first.pid}"}`), undefined);
      // Adopted, and whose the value is cannot be told.
      assert.equal(values.get('g_max'), 7);
      await second.set(2);
      const now = valuesOf((await daemon.get('/metrics')).body);
      assert.equal(now.get('jobs_total'), 9);
      assert.equal(now.get('g_mostrecent'), 2);
      assert.equal(now.get('g_max'), 2);
    } finally {
      await second.kill();
      await daemon.stop();
    }
  });
});

describe('a promfold that may not look into the processes of others', {
  skip: python.skip || process.getuid!() !== 0,
}, () => {
  it('hides nothing', async () => {
    const directory = tempDirectory();
    const workers = [
      await Worker.start(python.path, directory),
      await Worker.start(python.path, directory),
    ];
    await workers[0]!.set(3);
    await workers[1]!.set(7);
    await workers[1]!.kill();
    await sleep(CREATION_GRACE_MS);
    chmodSync(directory, 0o755);
    for (const name of readdirSync(directory)) chmodSync(join(directory, name), 0o644);
    const daemon = await Daemon.serve(directory, ['--dead-processes', 'hide-gauges'], {
      uid: 65_534,
    });
    try {
      const values = valuesOf((await daemon.get('/metrics')).body);
      assert.equal(values.get('g_sum'), 10);
      assert.equal(values.get('g_mostrecent'), 7);
      assert.equal(values.get('promfold_dead_processes'), 0);
    } finally {
      await daemon.stop();
      await Promise.all(workers.map((worker) => worker.kill()));
    }
  });
});

describe("vLLM's files with dead pids", {
  skip: !existsSync(`${VLLM_CORPUS}/with-dead-pids`) && 'no corpus',
}, () => {
  const corpus = `${VLLM_CORPUS}/with-dead-pids`;
  const directory = tempDirectory();
  const mappers = new Mappers();
  /** Of the corpus, by the pid that took its place: the ids of a directory are pids. */
  const idOf = new Map<string, string>();
  before(async () => {
    const alive = new Set(['776', '778']);
    const files = readdirSync(`${corpus}/files`).map((name) => {
      const [, kind = '', id = ''] = /^(.*)_(\d+)\.db$/.exec(name)!;
      return { name, kind, id };
    });
    for (const { name, id } of files) {
      if (!alive.has(id)) cpSync(`${corpus}/files/${name}`, join(directory, name));
    }
    for (const id of alive) {
      const own = files.filter((file) => file.id === id);
      const paths = own.map(({ kind }) => join(directory, `${kind}_{pid}.db`));
      const { pid } = await mappers.start('w', ...paths);
      idOf.set(String(pid), id);
      for (const { name, kind } of own) {
        writeFileSync(
          join(directory, `${kind}_${pid}.db`),
          setLater(readFileSync(`${corpus}/files/${name}`)),
        );
      }
    }
    await sleep(CREATION_GRACE_MS);
  });
  after(() => mappers.close());

  const under = async (action: DeadProcesses) => {
    const { stdout } = await promfold(['scrape', '--dead-processes', action, directory]);
    return stdout.replace(/pid="(\d+)"/g, (all, pid: string) =>
      idOf.has(pid) ? `pid="${idOf.get(pid)}"` : all,
    );
  };
  /** The values as if they were set an hour from now: their process was started after the corpus was made. */
  const setLater = (file: Buffer): Buffer => {
    const used = file.readInt32LE(0);
    for (let at = 8; at < used; ) {
      const keyBytes = file.readInt32LE(at);
      at += 4 + keyBytes + (8 - ((keyBytes + 4) % 8)) + 16;
      const set = file.readDoubleLE(at - 8);
      if (set > 0) file.writeDoubleLE(set + Date.now() / 1000 + 3600, at - 8);
    }
    return file;
  };
  const expected = (what: string) => readFileSync(`${corpus}/expected.${what}prom`, 'utf8');
  /** Samples of the families of a type. Other pids are another order, which float sums show. */
  const samples = (text: string, isWanted: (type: string) => boolean) => {
    const wanted: string[] = [];
    let isIn = false;
    for (const line of text.split('\n')) {
      const [, type] = /^# TYPE \S+ (\w+)$/.exec(line) ?? [];
      if (type !== undefined) isIn = isWanted(type);
      else if (isIn && line !== '' && !line.startsWith('#')) wanted.push(line);
    }
    const rounded = wanted.map((line) => {
      const blank = line.lastIndexOf(' ');
      return `${line.slice(0, blank)} ${Number(line.slice(blank + 1)).toPrecision(12)}`;
    });
    return rounded.sort();
  };
  const isGauge = (type: string) => type === 'gauge';
  const isCount = (type: string) => type !== 'gauge';

  it('give the gauges of the living and the counts of all under hide-gauges', async () => {
    const text = await under('hide-gauges');
    assert.deepEqual(samples(text, isGauge), samples(expected('aliveonly.'), isGauge));
    assert.deepEqual(samples(text, isCount), samples(expected(''), isCount));
    // What mark_process_dead leaves of a dead model.
    assert.match(expected('markdead.'), /^vllm:num_requests_running\{[^}]*"meta-llama/m);
    assert.doesNotMatch(text, /num_requests_running\{[^}]*"meta-llama/);
  });

  it('give what mark_process_dead leaves under hide-live', async () => {
    const text = await under('hide-live');
    for (const which of [isGauge, isCount]) {
      assert.deepEqual(samples(text, which), samples(expected('markdead.'), which));
    }
  });
});
