/** The past of a running daemon, by its URL, and of one that was killed, from its folder. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PastExplanation } from '../../src/inspect/explain/history.js';
import { Daemon, promfold } from '../support/cli.js';
import { counter, writeMetricFile } from '../support/metric-file.js';
import { tempDirectory } from '../support/temp.js';

let daemon: Daemon | undefined;
afterEach(async () => {
  await daemon?.stop();
  daemon = undefined;
});

const INTERVAL = ['--recorder.interval', '100ms'];

describe('the past of a daemon', () => {
  it('is asked for by its URL: what a removed file had', async () => {
    const directory = tempDirectory();
    writeMetricFile(join(directory, 'counter_1.db'), [counter('jobs', 1)]);
    writeMetricFile(join(directory, 'counter_2.db'), [counter('jobs', 2)]);
    daemon = await Daemon.serve(directory, INTERVAL);
    await sleep(1_000);
    const removedSeconds = Date.now() / 1000;
    rmSync(join(directory, 'counter_2.db'));
    await sleep(1_000);
    const valueAt = async (...flags: string[]) => {
      const { stdout } = await promfold(['explain', 'jobs', '--json', ...flags, daemon!.url]);
      return (JSON.parse(stdout) as PastExplanation).series[0]!.value;
    };
    assert.equal(await valueAt(), 1);
    assert.equal(await valueAt('--at', String(removedSeconds - 0.2)), 3);
    const { stdout } = await promfold(['scrape', '--at', String(removedSeconds - 0.2), daemon.url]);
    assert.match(stdout, /^jobs_total 3\.0$/m);
  });

  it('is in its folder after it was killed', async () => {
    const [directory, folder] = [tempDirectory(), tempDirectory()];
    writeMetricFile(join(directory, 'counter_1.db'), [counter('jobs', 5)]);
    daemon = await Daemon.serve(directory, [...INTERVAL, '--recorder.dir', folder]);
    await sleep(1_000);
    process.kill(daemon.pid, 'SIGKILL');
    rmSync(join(directory, 'counter_1.db'));
    const { stdout, exitCode } = await promfold(['explain', 'jobs', folder]);
    assert.equal(exitCode, 0);
    assert.match(stdout, /^jobs_total = 5\n/);
  });
});
