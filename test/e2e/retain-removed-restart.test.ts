/**
 * `--retain-removed` with `--recorder.dir`: a restart of promfold takes no counter back, whatever happened to the files while
 * it was away.
 */
import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Daemon } from '../support/cli.js';
import { compactAsIf } from '../support/compact-as-if.js';
import { valuesOf } from '../support/exposition.js';
import { counter, overwrite, type TestEntry, writeMetricFile } from '../support/metric-file.js';
import { Monotone } from '../support/monotone.js';
import { until } from '../support/session.js';
import { tempDirectory } from '../support/temp.js';

// promfold's own counters begin anew.
const FLAGS = ['--retain-removed', '--recorder.interval=200ms', '--web.disable-exporter-metrics'];

const bucket = (le: string, value: number): TestEntry => ({
  family: 'lat',
  sampleName: 'lat_bucket',
  labels: { le },
  value,
});

/** Values whose sum depends on the order in which they are added. */
const odd = (pid: number): number => 0.1 * pid + 1e-9 / pid;

describe('a promfold that is restarted, and retains what removed files counted', () => {
  let directory = '';
  let folder = '';
  let kept = new Monotone();
  let daemon: Daemon | undefined;

  beforeEach(() => {
    directory = join(tempDirectory(), 'prom');
    mkdirSync(directory);
    folder = join(tempDirectory(), 'recorded');
    kept = new Monotone();
    for (const pid of [1, 2, 3, 4, 5]) write(pid, odd(pid));
  });
  afterEach(async () => {
    await daemon?.stop();
  });

  function write(pid: number, value: number): void {
    writeMetricFile(join(directory, `counter_${pid}.db`), [
      counter('jobs', value),
      counter('own', value, { pid: `${pid}` }),
    ]);
    writeMetricFile(join(directory, `histogram_${pid}.db`), [
      bucket('1.0', Math.ceil(value)),
      bucket('+Inf', 1),
    ]);
    writeMetricFile(join(directory, `gauge_livesum_${pid}.db`), [
      { family: 'busy', sampleName: 'busy', labels: {}, value: 1 },
    ]);
  }

  function remove(pid: number): void {
    for (const type of ['counter', 'histogram', 'gauge_livesum']) {
      rmSync(join(directory, `${type}_${pid}.db`));
    }
  }

  async function start(): Promise<void> {
    daemon = await Daemon.serve(directory, [...FLAGS, `--recorder.dir=${folder}`]);
  }

  /** Values; none is lower than before. */
  async function read(): Promise<Map<string, number>> {
    const { body } = await daemon!.get('/metrics');
    assert.deepEqual(kept.dips(body), []);
    return valuesOf(body);
  }

  /** A tick has what is there now. */
  async function recorded(): Promise<void> {
    const ticks = async () => JSON.parse((await daemon!.get('/api/v1/status')).body).recorder.ticks;
    const before = await ticks();
    await until(
      async () => (await ticks()) >= before + 2,
      () => 'two ticks',
    );
  }

  const near = (found: number | undefined, expected: number) =>
    assert.ok(Math.abs(found! - expected) < 1e-6, `${found}, expected ${expected}`);

  it('has those removed before, between and after, also of several restarts', async () => {
    await start();
    await read();
    remove(1);
    near((await read()).get('jobs_total'), 1.5);
    assert.equal(await daemon!.stop(), 0);
    remove(2);
    await start();
    let values = await read();
    near(values.get('jobs_total'), 1.5);
    near(values.get('own_total{pid="2"}'), odd(2));
    assert.equal(values.get('lat_bucket{le="+Inf"}'), 10);
    assert.equal(values.get('busy'), 3);
    assert.match(daemon!.log, /what removed files counted was restored/);
    remove(3);
    await read();
    await daemon!.stop();
    write(2, 7);
    await start();
    values = await read();
    near(values.get('jobs_total'), 8.5);
    near(values.get('own_total{pid="2"}'), 7 + odd(2));
    await daemon!.stop();
    await start();
    near((await read()).get('jobs_total'), 8.5);
  });

  it('has what was folded once, whether it saw that or was away', async () => {
    await start();
    await read();
    remove(1);
    await read();
    // While it runs.
    await compactAsIf(directory, (id) => id === '2');
    near((await read()).get('jobs_total'), 1.5);
    await recorded();
    await daemon!.stop();
    // While it is away; the archive is folded again.
    await compactAsIf(directory, (id) => id === '3' || id === '4');
    await start();
    const values = await read();
    near(values.get('jobs_total'), 1.5);
    near(values.get('own_total{pid="3"}'), odd(3));
    assert.equal(values.get('lat_bucket{le="+Inf"}'), 10);
    remove(5);
    near((await read()).get('jobs_total'), 1.5);
  });

  it('has what was recorded before a SIGKILL', async () => {
    await start();
    await read();
    remove(1);
    await recorded();
    process.kill(daemon!.pid, 'SIGKILL');
    await until(
      () => !daemon!.isRunning,
      () => 'the end',
    );
    remove(2);
    await start();
    near((await read()).get('jobs_total'), 1.5);
  });

  it('tells another file from the one whose name and inode it has', async () => {
    await start();
    await read();
    await daemon!.stop();
    // In place: as a new life of the process looks whose file has an inode that was free.
    const again = join(tempDirectory(), 'counter_1.db');
    writeMetricFile(again, [counter('jobs', 0), counter('own', 0.01, { pid: '1' })]);
    overwrite(join(directory, 'counter_1.db'), 0, readFileSync(again));
    await start();
    const values = await read();
    near(values.get('jobs_total'), 1.5);
    near(values.get('own_total{pid="1"}'), odd(1) + 0.01);
  });

  it('reads the segment before, where the last one is damaged', async () => {
    await start();
    await read();
    await daemon!.stop();
    await start();
    await read();
    await daemon!.stop();
    const names = readdirSync(folder).filter((name) => name.endsWith('.rec'));
    assert.equal(names.length, 2);
    truncateSync(join(folder, names.sort()[1]!), 20);
    remove(1);
    await start();
    near((await read()).get('jobs_total'), 1.5);
  });

  it('takes nothing of another directory, and nothing where nothing was recorded', async () => {
    await start();
    await read();
    await daemon!.stop();
    const moved = `${directory}-moved`;
    renameSync(directory, moved);
    rmSync(join(moved, 'counter_1.db'));
    directory = moved;
    kept = new Monotone();
    await start();
    near((await read()).get('jobs_total'), 1.4);
    await daemon!.stop();
    folder = join(tempDirectory(), 'empty');
    kept = new Monotone();
    await start();
    near((await read()).get('jobs_total'), 1.4);
    assert.doesNotMatch(daemon!.log, /restored/);
  });

  it('waits for a directory that is not there yet', async () => {
    await start();
    await read();
    await daemon!.stop();
    rmSync(directory, { recursive: true });
    await start();
    await daemon!.get('/metrics');
    mkdirSync(directory);
    write(9, 1);
    near((await read()).get('jobs_total'), 2.5);
  });

  it('serves what is there where the folder cannot be read', async () => {
    mkdirSync(folder);
    appendFileSync(join(folder, 'recording-20260101T000000.000Z.rec'), 'no recording');
    await start();
    near((await read()).get('jobs_total'), 1.5);
  });
});
