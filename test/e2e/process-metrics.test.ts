/** `--process-metrics` with real workers, held against what the client in them says of itself. */
import assert from 'node:assert/strict';
import { chmodSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Daemon, promfold } from '../support/cli.js';
import { faultsOf, valuesOf } from '../support/exposition.js';
import { Mappers } from '../support/mapper.js';
import { currentPython, promtool } from '../support/parts.js';
import { metricLint } from '../support/promtool.js';
import { tempDirectory } from '../support/temp.js';
import { VllmLike } from '../support/vllm-like.js';
import { CONTAINER, Worker } from '../support/worker.js';

const python = currentPython();
const tool = promtool();
const isRoot = process.getuid!() === 0;

/** In the order of the client, and one more. */
const NAMES = [
  'process_virtual_memory_bytes',
  'process_resident_memory_bytes',
  'process_start_time_seconds',
  'process_cpu_seconds_total',
  'process_open_fds',
  'process_max_fds',
  'process_threads',
];

const MEGABYTE = 2 ** 20;

async function page(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await promfold(['scrape', '--process-metrics', ...args]);
  assert.equal(exitCode, 0, stderr);
  return stdout;
}

const ofProcess = (text: string) => [...valuesOf(text)].filter(([name]) => /^process_/.test(name));

/** Its role is the script that its Python runs. */
const labelsOf = ({ pid }: Worker) => `pid="${pid}",role="one_of_each.py"`;

/** @param labels of the process in the page */
async function agrees(worker: Worker, scrape: () => Promise<string>, labels: string) {
  const first = await worker.collect();
  const values = valuesOf(await scrape());
  const then = await worker.collect();
  const of = (name: string) => values.get(`${name}{${labels}}`)!;
  assert.equal(of('process_start_time_seconds'), first.process_start_time_seconds);
  assert.equal(of('process_max_fds'), first.process_max_fds);
  // In it, the listing of its descriptors is one of them.
  assert.equal(of('process_open_fds'), first.process_open_fds! - 1);
  assert.equal(of('process_threads'), 1);
  const cpu = of('process_cpu_seconds_total');
  assert.ok(cpu >= first.process_cpu_seconds_total! && cpu <= then.process_cpu_seconds_total!);
  for (const name of ['process_virtual_memory_bytes', 'process_resident_memory_bytes']) {
    assert.ok(Math.abs(of(name) - first[name]!) < 2 * MEGABYTE, `${name} ${of(name)}`);
  }
}

describe('process metrics of two workers', { skip: python.skip }, () => {
  const directory = tempDirectory();
  const workers: Worker[] = [];
  before(async () => {
    for (let i = 0; i < 2; i++) workers.push(await Worker.start(python.path, directory));
  });
  after(() => Promise.all(workers.map((worker) => worker.kill())));

  it('are what the client would say in each of them', async () => {
    for (const worker of workers) {
      await agrees(worker, () => page(directory), labelsOf(worker));
    }
  });

  it('come after the families of the application, in the words of the client', async () => {
    const text = await page('--format=openmetrics', directory);
    assert.deepEqual(faultsOf(text, true), []);
    const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    assert.deepEqual(
      names.slice(-NAMES.length),
      NAMES.map((name) => name.replace(/_total$/, '')),
    );
    assert.match(text, /^# TYPE process_cpu_seconds counter$/m);
    assert.match(text, /^# HELP process_cpu_seconds Total user and system CPU time spent/m);
  });

  it('have the label of their source, and those that are added', async () => {
    const text = await page('--label=zone=a', '--source', `api=${directory}`);
    const [pid, role] = labelsOf(workers[0]!).split(',');
    const labels = `${pid},promfold_source="api",${role},zone="a"`;
    assert.equal(valuesOf(text).get(`process_threads{${labels}}`), 1);
  });

  it('promtool has nothing against', { skip: tool.skip }, async () => {
    const { parses, output } = await metricLint(tool.path, await page(directory));
    assert.ok(parses, output);
    assert.doesNotMatch(output, /^process_/m);
  });

  it('are not there without the flag', async () => {
    const { stdout } = await promfold(['scrape', directory]);
    assert.deepEqual(ofProcess(stdout), []);
  });

  it('end with the process', async () => {
    const [stays, dies] = workers as [Worker, Worker];
    const daemon = await Daemon.serve(directory, ['--process-metrics']);
    try {
      const now = async () => ofProcess((await daemon.get('/metrics')).body);
      assert.equal((await now()).length, 2 * NAMES.length);
      await dies.kill();
      // Known to have lived a moment ago.
      const left = await now();
      assert.equal(left.length, NAMES.length);
      for (const [name] of left) assert.ok(name.endsWith(`{${labelsOf(stays)}}`), name);
    } finally {
      await daemon.stop();
    }
  });
});

describe('process metrics of vLLM', { skip: python.skip }, () => {
  it('say which API server it is', async () => {
    const vllm = await VllmLike.start(python.path, { servers: 2 });
    try {
      const { directory, servers } = await vllm.facts();
      const values = valuesOf(await page(directory!));
      for (const [i, pid] of servers.entries()) {
        const labels = `pid="${pid}",role="VLLM::APIServer_${i}"`;
        assert.ok(values.get(`process_resident_memory_bytes{${labels}}`)! > MEGABYTE);
      }
    } finally {
      await vllm.stop();
    }
  });
});

describe('process metrics of a container', { skip: python.skip || !isRoot }, () => {
  it('are those of the process, under the id that its files have', async () => {
    const directory = tempDirectory();
    const worker = await Worker.start(python.path, directory, { wrapper: CONTAINER });
    try {
      assert.ok(worker.pid < 10);
      const values = valuesOf(await page(directory));
      const labels = labelsOf(worker);
      assert.equal(values.get(`process_threads{${labels}}`), 1);
      assert.ok(values.get(`process_resident_memory_bytes{${labels}}`)! > 5 * MEGABYTE);
    } finally {
      await worker.kill();
    }
  });
});

describe('process metrics where promfold may not look', { skip: !isRoot }, () => {
  it('are not there, and the rest is', async () => {
    const directory = tempDirectory();
    const mappers = new Mappers();
    await mappers.start('w', join(directory, 'counter_{pid}.db'));
    chmodSync(directory, 0o755);
    for (const name of readdirSync(directory)) chmodSync(join(directory, name), 0o644);
    const daemon = await Daemon.serve(directory, ['--process-metrics'], { uid: 65_534 });
    try {
      const { status, body } = await daemon.get('/metrics');
      assert.equal(status, 200);
      assert.deepEqual(ofProcess(body), []);
      assert.equal(valuesOf(body).get('promfold_up'), 1);
    } finally {
      mappers.close();
      await daemon.stop();
    }
  });
});
