/** `--retain-removed` with real workers whose files a reaper deletes once they are dead, as LiteLLM's does. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Daemon } from '../support/cli.js';
import { valuesOf } from '../support/exposition.js';
import { Monotone } from '../support/monotone.js';
import { currentPython } from '../support/parts.js';
import { tempDirectory } from '../support/temp.js';
import { CONTAINER, Worker } from '../support/worker.js';

const python = currentPython();

/** Deletes all files of processes that are not among the living. */
function reap(directory: string, living: readonly Worker[]): void {
  for (const name of readdirSync(directory)) {
    const [, pid] = /_(\d+)\.db$/.exec(name)!;
    if (!living.some((worker) => String(worker.pid) === pid)) rmSync(join(directory, name));
  }
}

describe('workers that are replaced, and a reaper', { skip: python.skip }, () => {
  it('count on, with and without a scrape before the end', async () => {
    const directory = tempDirectory();
    const retaining = await Daemon.serve(directory, ['--retain-removed']);
    const plain = await Daemon.serve(directory);
    const kept = new Monotone();
    const lost = new Monotone();
    let dips = 0;
    const read = async () => {
      const { body } = await retaining.get('/metrics');
      assert.deepEqual(kept.dips(body), []);
      dips += lost.dips((await plain.get('/metrics')).body).length;
      return valuesOf(body);
    };
    const living: Worker[] = [];
    try {
      living.push(await Worker.start(python.path, directory));
      let jobs = 0;
      for (const amount of [3, 0.1, 0.7]) {
        const worker = await Worker.start(python.path, directory);
        living.push(worker);
        await worker.set(amount);
        await read();
        // The last of it is told to nobody before it dies.
        await worker.set(amount);
        await worker.kill();
        living.pop();
        reap(directory, living);
        jobs += 2 * amount;
        const values = await read();
        assert.ok(Math.abs(values.get('jobs_total')! - jobs) < 1e-9);
        // Gauges are not retained: only those of the living worker are there.
        assert.equal(values.get('g_sum'), 0);
      }
      const values = await read();
      assert.equal(values.get('size_bytes_count'), 6);
      assert.equal(values.get('seconds_bucket{le="+Inf"}'), 6);
      assert.equal(values.get('promfold_retained_files_total'), 9);
      assert.ok(dips > 0, 'without the flag nothing was lost');
    } finally {
      await Promise.all(living.map((worker) => worker.kill()));
      await retaining.stop();
      await plain.stop();
    }
  });
});

describe('a server that wipes its directory and gets its old pid', {
  skip: python.skip || process.getuid!() !== 0,
}, () => {
  it('counts on top', async () => {
    const directory = join(tempDirectory(), 'prom');
    const daemon = await Daemon.serve(directory, ['--retain-removed']);
    const kept = new Monotone();
    try {
      const pids = new Set<number>();
      for (let life = 1; life <= 3; life++) {
        mkdirSync(directory);
        const worker = await Worker.start(python.path, directory, { wrapper: CONTAINER });
        pids.add(worker.pid);
        await worker.set(1.1);
        const { body } = await daemon.get('/metrics');
        assert.deepEqual(kept.dips(body), []);
        assert.ok(Math.abs(valuesOf(body).get('jobs_total')! - 1.1 * life) < 1e-9);
        await worker.kill();
        rmSync(directory, { recursive: true });
        assert.equal((await daemon.get('/metrics')).status, 503);
      }
      assert.equal(pids.size, 1);
    } finally {
      await daemon.stop();
    }
  });
});
