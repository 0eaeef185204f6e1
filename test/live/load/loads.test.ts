/** What routers are told of directories of each engine, and what is refused; with processes that are made up. */
import assert from 'node:assert/strict';
import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { NoLoadError } from '../../../src/live/load/source-load.js';
import type { LoadOperation } from '../../../src/load/operation.js';
import type { Verdict } from '../../../src/watchdog/verdict.js';
import { faultsOf, valuesOf } from '../../support/exposition.js';
import {
  counter,
  double,
  entryBytes,
  fileBytes,
  gauge,
  int32,
  keyOf,
  overwrite,
  type TestEntry,
  writeMetricFile,
} from '../../support/metric-file.js';
import { pick } from '../../support/picker.js';
import { until } from '../../support/session.js';
import { tempDirectory } from '../../support/temp.js';
import { LoadOf, vllmConfig, vllmGauges, writeGauges } from './made-up.js';

const NOW = Date.now() / 1000;
const AGO = NOW - 1;

/** Until what was read is not fresh any more. */
const LATER_MS = 30;

let load: LoadOf | undefined;
afterEach(async () => {
  await load?.close();
  load = undefined;
});

const state = (waiting: number, running = 0, usage = 0, setSeconds = AGO) => ({
  waiting,
  running,
  usage,
  setSeconds,
});

async function textOf(
  directory: string,
  operations: ReadonlyMap<string, LoadOperation> = new Map(),
): Promise<string> {
  load = new LoadOf(directory, { operations });
  return load.text();
}

describe('what a router is told of vLLM', () => {
  it('is a valid exposition with one series for each family', async () => {
    const directory = tempDirectory();
    writeGauges(directory, 1, [
      ...vllmGauges('m', [state(1, 2, 0.5), state(3, 4, 0.25)]),
      vllmConfig(0, '100'),
      vllmConfig(1, '50'),
    ]);
    const text = await textOf(directory);
    const withHelp = text.replace(/^# TYPE (\S+)/gm, '# HELP $1 help.\n# TYPE $1');
    assert.deepEqual(faultsOf(withHelp, false), []);
    const { 'promfold_load_age_seconds{model_name="m"}': age, ...values } = Object.fromEntries(
      valuesOf(text),
    );
    assert.deepEqual(values, {
      'vllm:num_requests_waiting{model_name="m"}': 4,
      'vllm:num_requests_running{model_name="m"}': 6,
      'vllm:kv_cache_usage_perc{model_name="m"}': 0.375,
      'vllm:cache_config_info{block_size="16",num_gpu_blocks="150"}': 1,
    });
    assert.ok(age! >= 0.9 && age! < 30, String(age));
  });

  it('has zeros for an engine that never set a gauge, and no age where none did', async () => {
    const directory = tempDirectory();
    writeGauges(directory, 1, vllmGauges('m', [state(0, 0, 0, 0), state(0, 0, 0, 0)]));
    const text = await textOf(directory);
    assert.equal(pick(text).waiting, 0);
    assert.doesNotMatch(text, /age_seconds/);
  });

  it('takes the largest usage of those that servers before vllm#28792 each say', async () => {
    const directory = tempDirectory();
    for (const pid of [1, 2, 3, 4]) {
      const isUsage = ({ family }: TestEntry) => family === 'vllm:kv_cache_usage_perc';
      const entries = vllmGauges('m', [state(1, 2, pid === 2 ? 0.8 : 0), state(3, 4, 0.4)]);
      writeGauges(
        directory,
        pid,
        entries.filter((entry) => !isUsage(entry)),
      );
      writeGauges(directory, pid, entries.filter(isUsage), 'all');
    }
    const { waiting, usage } = pick(await textOf(directory));
    assert.deepEqual([waiting, usage?.toFixed(3)], [4, '0.600']);
  });

  it('has no number in JSON that JSON has not', async () => {
    const directory = tempDirectory();
    writeGauges(directory, 1, vllmGauges('m', [state(Number.NaN, 2, Number.POSITIVE_INFINITY)]));
    load = new LoadOf(directory);
    const [model] = (await load.loads.answer({})).json().models;
    const { waiting, running, cacheUsage, families } = model!;
    assert.deepEqual([waiting, running, cacheUsage], [undefined, 2, undefined]);
    assert.deepEqual(families, {
      'vllm:num_requests_waiting': 'NaN',
      'vllm:num_requests_running': 2,
      'vllm:kv_cache_usage_perc': '+Inf',
    });
    assert.doesNotMatch(JSON.stringify(model), /null/);
  });

  it('says nothing of a cache that is not there yet', async () => {
    const directory = tempDirectory();
    writeGauges(directory, 1, [...vllmGauges('m', [state(0)]), vllmConfig(0, 'None')]);
    assert.equal(pick(await textOf(directory)).blocks, undefined);
  });

  it('keeps the label that newer pickers prefer to the size of a block', async () => {
    const directory = tempDirectory();
    const config = vllmConfig(0, '7');
    const entry = { ...config, labels: { ...config.labels, prefix_match_unit: '32' } };
    writeGauges(directory, 1, [...vllmGauges('m', [state(0)]), entry]);
    assert.match(
      await textOf(directory),
      /^vllm:cache_config_info\{block_size="16",num_gpu_blocks="7",prefix_match_unit="32"\} 1\.0$/m,
    );
  });

  it('does not count what an earlier process with the same id has set', async () => {
    const directory = tempDirectory();
    writeGauges(directory, 1, vllmGauges('m', [state(50, 60, 0.9, NOW - 500)]));
    load = new LoadOf(directory);
    load.thread.startSeconds.set('1', NOW - 100);
    const text = await load.text();
    assert.deepEqual([pick(text).waiting, pick(text).usage], [0, 0]);
  });

  it('does not count what the processes of an archive have set', async () => {
    const directory = tempDirectory();
    const archive = join(directory, 'gauge_mostrecent_-promfold-18ecca8533e550d3.db');
    writeMetricFile(archive, vllmGauges('m', [state(50, 60, 0.9, NOW)]));
    writeGauges(directory, 1, vllmGauges('m', [state(1, 2, 0.5)]));
    const text = await textOf(directory);
    assert.deepEqual([pick(text).waiting, pick(text).usage], [1, 0.5]);
  });

  it('has the most recently active of several models first, and caches that can be told apart', async () => {
    const directory = tempDirectory();
    writeGauges(directory, 1, [...vllmGauges('a', [state(1, 0, 0, NOW - 9)]), vllmConfig(0, '5')]);
    writeGauges(directory, 2, [...vllmGauges('b', [state(2, 0, 0, NOW - 3)]), vllmConfig(0, '6')]);
    const text = await textOf(directory);
    assert.equal(pick(text).waiting, 2);
    assert.equal(pick(text).blocks, 6);
    assert.match(text, /num_gpu_blocks="5"/);
    const at = join(directory, 'gauge_mostrecent_1.db');
    overwriteGauge(at, vllmGauges('a', [state(8, 0, 0, NOW)]));
    assert.equal(pick(await settled()).waiting, 8);
  });

  it('follows values, keys and files that come and go', async () => {
    const directory = tempDirectory();
    writeGauges(directory, 1, vllmGauges('m', [state(1)]));
    assert.equal(pick(await textOf(directory)).waiting, 1);
    const path = join(directory, 'gauge_mostrecent_1.db');
    overwriteGauge(path, vllmGauges('m', [state(5)]));
    assert.equal(pick(await settled()).waiting, 5);
    // Another engine, in the same file.
    const two = fileBytes('dict4-16', vllmGauges('m', [state(5), state(7)]));
    overwrite(path, 8, two.subarray(8));
    overwrite(path, 0, two.subarray(0, 4));
    assert.equal(pick(await settled()).waiting, 12);
    // A file of another server is noticed within a second or so.
    writeGauges(directory, 2, vllmGauges('m', [state(0), state(0), state(100)]));
    await until(
      async () => pick(await load!.text()).waiting === 112,
      () => 'another server',
    );
    // That its process ended, with the next lookup.
    load!.thread.liveness.set('2', 'dead');
    await until(
      async () => pick(await load!.text()).waiting === 12,
      () => 'a server that is dead',
    );
  });

  it('is joined as --load says, and of a family that is added likewise', async () => {
    const directory = tempDirectory();
    const BY_REASON = 'vllm:num_requests_waiting_by_reason';
    const reasons = (
      [
        ['0', 'capacity', 3, AGO - 1],
        ['0', 'deferred', 4, AGO - 3],
        ['1', 'capacity', 1, AGO - 2],
        ['1', 'deferred', 2, AGO],
      ] as const
    ).map(([engine, reason, value, setSeconds]) =>
      gauge(BY_REASON, value, setSeconds, { model_name: 'm', engine, reason }),
    );
    writeGauges(directory, 1, [
      ...vllmGauges('m', [state(1, 1), state(5, 2), state(3, 6)]),
      ...reasons,
    ]);
    const operations: [string, LoadOperation, string, number][] = [
      ['vllm:num_requests_waiting', 'max', 'vllm:num_requests_waiting', 5],
      ['vllm:num_requests_waiting', 'min', 'vllm:num_requests_waiting', 1],
      ['vllm:num_requests_waiting', 'mean', 'vllm:num_requests_waiting', 3],
      ['vllm:num_requests_waiting', 'last', 'vllm:num_requests_waiting', 3],
      ['vllm:kv_cache_usage_perc', 'sum', 'vllm:num_requests_waiting', 9],
      // Of an engine, reasons are parts of its queue.
      [BY_REASON, 'sum', BY_REASON, 10],
      [BY_REASON, 'mean', BY_REASON, 5],
      [BY_REASON, 'max', BY_REASON, 7],
      [BY_REASON, 'min', BY_REASON, 3],
      [BY_REASON, 'last', BY_REASON, 3],
    ];
    for (const [family, operation, printed, value] of operations) {
      const text = await textOf(directory, new Map([[family, operation]]));
      assert.equal(valuesOf(text).get(`${printed}{model_name="m"}`), value, family + operation);
      await load!.close();
    }
  });

  it('is the same of several directories together, and of one of them', async () => {
    const root = tempDirectory();
    const sources = ['a', 'b'].map((name) => ({ name, directory: join(root, name) }));
    for (const [i, { directory }] of sources.entries()) {
      mkdirSync(directory);
      writeGauges(directory, 1, vllmGauges('m', [state(i + 1, 0, 0.2 + i / 5)]));
    }
    load = new LoadOf(sources);
    const answer = await load.loads.answer({});
    assert.deepEqual(answer.json().models[0]!.engines, ['0']);
    const text = answer.text();
    assert.deepEqual([pick(text).waiting, pick(text).usage?.toFixed(3)], [3, '0.300']);
    assert.equal(pick((await load.loads.answer({ source: 'b' })).text()).waiting, 2);
    await assert.rejects(
      load.loads.answer({ source: 'c' }),
      /no source is called 'c'; known: a, b/,
    );
    // One that is gone does not keep the other from being told of.
    renameSync(sources[0]!.directory, join(root, 'gone'));
    await until(
      async () => pick(await load!.text()).waiting === 2,
      () => 'the other source alone',
    );
  });
});

describe('what a router is told of other engines', () => {
  const sglang = (name: string, value: number, labels: Record<string, string>) =>
    gauge(`sglang:${name}`, value, AGO, {
      model_name: 'm',
      engine_type: 'unified',
      pp_rank: '0',
      moe_ep_rank: '0',
      ...labels,
    });

  it('counts ranks of one engine of SGLang once, and parts by priority not at all', async () => {
    const directory = tempDirectory();
    const rank = (dp: string, tp: string, waiting: number, pages: number): TestEntry[] => {
      const labels = { dp_rank: dp, tp_rank: tp, priority: '' };
      return [
        sglang('num_queue_reqs', waiting, labels),
        sglang('num_queue_reqs', waiting - 1, { ...labels, priority: '1' }),
        sglang('num_running_reqs', 2, labels),
        sglang('token_usage', 0.5, labels),
        sglang('page_size', 64, labels),
        sglang('num_pages', pages, labels),
      ];
    };
    writeGauges(directory, 1, rank('0', '0', 4, 100));
    writeGauges(directory, 2, rank('0', '1', 4, 100));
    writeGauges(directory, 3, rank('1', '2', 5, 200));
    writeGauges(directory, 4, rank('1', '3', 5, 200));
    const text = await textOf(directory);
    const expected = {
      waiting: 9,
      running: 4,
      usage: 0.5,
      blockSize: 64,
      blocks: 300,
      runningAdapters: undefined,
    };
    // Both what pickers read now, and what they read before.
    assert.deepEqual(pick(text, 'sglang-2619'), expected);
    assert.deepEqual(pick(text, 'sglang'), expected);
    assert.equal(pick(await load!.text('1'), 'sglang').blocks, 200);
  });

  it('takes the cache of an earlier SGLang from its labels, once for each engine', async () => {
    const directory = tempDirectory();
    const info = gauge('sglang:cache_config_info', 1, AGO, { page_size: '16', num_pages: '300' });
    for (const [pid, dp] of [
      [1, '0'],
      [2, '0'],
      [3, '1'],
    ] as const) {
      const labels = { dp_rank: dp, tp_rank: String(pid) };
      writeGauges(directory, pid, [sglang('num_queue_reqs', 1, labels), info]);
    }
    const text = await textOf(directory);
    for (const mapping of ['sglang', 'sglang-2619'] as const) {
      const { blockSize, blocks } = pick(text, mapping);
      assert.deepEqual([blockSize, blocks], [16, 600]);
    }
  });

  it('has one age for a name that models of two engines have, of the first one', async () => {
    const directory = tempDirectory();
    writeGauges(directory, 1, vllmGauges('m', [state(1, 1, 0.5, NOW - 5)]));
    writeGauges(directory, 2, [
      gauge('sglang:num_queue_reqs', 3, NOW - 500, { model_name: 'm', dp_rank: '0' }),
    ]);
    const lines = (await textOf(directory)).match(/^promfold_load_age_seconds\{.*$/gm) ?? [];
    assert.equal(lines.length, 1, lines.join());
    assert.ok(Number(lines[0]!.split(' ')[1]) < 100, lines[0]);
    assert.ok(load!.loads.ages(undefined)!.get('m')! < 100);
  });

  it('takes the largest of what the front ends of TensorRT-LLM say', async () => {
    const directory = tempDirectory();
    for (const [pid, waiting] of [
      [1, 2],
      [2, 6],
    ] as const) {
      const labels = { model_name: 'm', engine_type: 'trtllm' };
      const write = (name: string, value: number) => gauge(`trtllm_${name}`, value, 0, labels);
      writeGauges(
        directory,
        pid,
        [
          write('num_paused_requests', waiting),
          write('num_requests_waiting', waiting),
          write('num_requests_running', 3),
          write('kv_cache_utilization', 0.25),
          write('kv_cache_tokens_per_block', 32),
          write('kv_cache_max_blocks', 900),
        ],
        'all',
      );
    }
    const paused = 'trtllm_num_paused_requests';
    const text = await textOf(directory, new Map([[paused, 'sum']]));
    assert.equal(valuesOf(text).get(`${paused}{model_name="m"}`), 6);
    assert.deepEqual(pick(text, 'trtllm-serve'), {
      waiting: 6,
      running: 3,
      usage: 0.25,
      blockSize: 32,
      blocks: 900,
      runningAdapters: undefined,
    });
    assert.doesNotMatch(text, /age_seconds/);
  });

  it('adds families of any application, and counters of processes that are gone', async () => {
    const directory = tempDirectory();
    for (const [pid, value] of [
      [1, 3],
      [2, 4],
    ] as const) {
      writeGauges(directory, pid, [gauge('in_progress', value)], 'all');
      writeMetricFile(join(directory, `counter_${pid}.db`), [counter('jobs', value)]);
    }
    load = new LoadOf(directory, {
      operations: new Map([
        ['in_progress', 'sum'],
        ['jobs_total', 'sum'],
      ]),
    });
    load.thread.liveness.set('2', 'dead');
    const text = await load.text();
    assert.equal(
      text,
      '# TYPE in_progress gauge\nin_progress 3.0\n# TYPE jobs_total counter\njobs_total 7.0\n',
    );
  });
});

describe('the load is refused', () => {
  const refused = async (of: LoadOf, reason: RegExp, engine?: string) => {
    await assert.rejects(of.text(engine), (error: Error) => {
      assert.ok(error instanceof NoLoadError, error.stack);
      assert.match(error.message, reason);
      return true;
    });
  };

  it('where no engine is known, and given as soon as one writes', async () => {
    const directory = tempDirectory();
    writeGauges(directory, 1, [gauge('in_progress', 3)], 'all');
    load = new LoadOf(directory);
    await refused(load, /no family of vLLM, SGLang or TensorRT-LLM/);
    assert.deepEqual([load.loads.requests, load.loads.refused], [1, 1]);
    writeGauges(directory, 2, vllmGauges('m', [state(2)]));
    await until(
      async () => (await load!.text().catch(() => '')).includes('num_requests_waiting'),
      () => 'a first engine',
    );
    assert.equal(pick(await settled()).waiting, 2);
  });

  it('where all that write are dead', async () => {
    const directory = tempDirectory();
    writeGauges(directory, 1, vllmGauges('m', [state(2)]));
    load = new LoadOf(directory);
    load.thread.liveness.set('1', 'dead');
    await refused(load, /that a living process writes/);
    assert.equal(load.loads.refused, 1);
  });

  it('where all engines are dead, whatever --load adds of an application beside them', async () => {
    const directory = tempDirectory();
    const added = { operations: new Map([['http_requests_total', 'sum' as const]]) };
    writeMetricFile(join(directory, 'counter_1.db'), [counter('http_requests', 40)]);
    writeMetricFile(join(directory, 'counter_2.db'), [counter('http_requests', 2)]);
    // Of a directory that never had an engine it is all there is to tell.
    load = new LoadOf(directory, added);
    const { models } = (await load.loads.answer({})).json();
    assert.deepEqual(models[0]!.families, { http_requests_total: 42 });
    await load.close();
    writeGauges(directory, 1, vllmGauges('m', [state(2)]));
    load = new LoadOf(directory, added);
    assert.equal(pick(await load.text()).waiting, 2);
    load.thread.liveness.set('1', 'dead');
    await until(
      async () => !(await load!.text().then(Boolean, () => false)),
      () => 'a server that is dead',
    );
    await refused(load, /no family of vLLM, .* that a living process writes$/);
    await load.close();
    load = new LoadOf(directory, added);
    load.thread.liveness.set('1', 'dead');
    load.thread.liveness.set('2', 'dead');
    await refused(load, /that a living process writes/);
  });

  it('where the engines that are dead are only in an archive', async () => {
    const directory = tempDirectory();
    const archive = join(directory, 'gauge_mostrecent_-promfold-18ecca8533e550d3.db');
    writeMetricFile(archive, vllmGauges('m', [state(2)]));
    writeMetricFile(join(directory, 'counter_1.db'), [counter('http_requests', 40)]);
    load = new LoadOf(directory, { operations: new Map([['http_requests_total', 'sum']]) });
    await refused(load, /that a living process writes$/);
  });

  it('of an engine that there is not, with those that there are', async () => {
    const directory = tempDirectory();
    const engines = Array.from({ length: 11 }, () => state(1));
    writeGauges(directory, 1, vllmGauges('m', engines));
    load = new LoadOf(directory);
    await assert.rejects(
      load.text('x'),
      /no engine is called 'x'; known: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10$/,
    );
  });

  it('where work is claimed and no gauge was set for --load.max-age, and never because an engine is idle', async () => {
    const directory = tempDirectory();
    writeGauges(directory, 1, vllmGauges('idle', [state(0, 0, 0.2, NOW - 3600)]));
    load = new LoadOf(directory, { maxAgeSeconds: 60 });
    assert.equal(pick(await load.text()).waiting, 0);
    await load.close();
    writeGauges(directory, 1, vllmGauges('busy', [state(2, 3, 0.2, NOW - 3600)]));
    load = new LoadOf(directory, { maxAgeSeconds: 60 });
    await refused(load, /^busy claims 5 requests, and set no gauge for 36\d\d\.\d s/);
    await load.close();
    load = new LoadOf(directory);
    assert.equal(pick(await load.text()).waiting, 2);
  });

  it('where an engine has stalled, of that engine and of all', async () => {
    const directory = tempDirectory();
    writeGauges(directory, 1, vllmGauges('m', [state(1), state(2)]));
    const stalled: Verdict = {
      engine: '1',
      modelName: 'm',
      verdict: 'stalled',
      sinceSeconds: 1,
      evidence: [],
    };
    let verdicts: Verdict[] = [];
    load = new LoadOf(directory, { verdicts: () => [{ verdicts }] });
    assert.equal(pick(await load.text()).waiting, 3);
    verdicts = [stalled];
    await refused(load, /^stalled: engine 1 of m \[--load\.fail-stalled\]$/);
    await refused(load, /engine 1/, '1');
    assert.equal(pick(await load.text('0')).waiting, 1);
    // Of a model that is not told of.
    verdicts = [{ ...stalled, modelName: 'other' }];
    assert.equal(pick(await load.text()).waiting, 3);
  });

  it('where the directory is gone, with its own error, and given when it is back', async () => {
    const root = tempDirectory();
    const directory = join(root, 'metrics');
    mkdirSync(directory);
    writeGauges(directory, 1, vllmGauges('m', [state(2)]));
    load = new LoadOf(directory);
    await load.text();
    renameSync(directory, join(root, 'away'));
    await until(
      async () => !(await load!.text().then(Boolean, () => false)),
      () => 'a directory that is gone',
    );
    await assert.rejects(load.text(), /DIRECTORY_UNREADABLE|cannot|no such/);
    renameSync(join(root, 'away'), directory);
    assert.equal(pick(await settled()).waiting, 2);
  });
});

describe('a request for the load', () => {
  it('does not wait for a scrape that hangs: it is given what was read last', async () => {
    const directory = tempDirectory();
    writeGauges(directory, 1, vllmGauges('m', [state(2)]));
    load = new LoadOf(directory);
    await load.text();
    const { scraper } = load;
    // Whatever is asked of the scraper from now on takes a second.
    scraper.gatherEntries = () => sleep(1_000, undefined);
    await sleep(LATER_MS);
    for (let i = 0; i < 20; i++) {
      const began = performance.now();
      assert.equal(pick(await load.text()).waiting, 2);
      assert.ok(performance.now() - began < 100, `${performance.now() - began} ms`);
    }
  });

  it('does not wait for a source that never has values, unless it is the first for long', async () => {
    const root = tempDirectory();
    const sources = ['a', 'b'].map((name) => ({ name, directory: join(root, name) }));
    const [a, b] = sources.map(({ directory }) => directory) as [string, string];
    mkdirSync(a);
    writeGauges(a, 1, vllmGauges('m', [state(2)]));
    load = new LoadOf(sources);
    const { scraper } = load;
    const gather = scraper.gatherEntries.bind(scraper);
    const instant = scraper.instant.bind(scraper);
    // As behind a scrape.
    const behind = () => sleep(200);
    scraper.gatherEntries = async (...args) => {
      await behind();
      return gather(...args);
    };
    scraper.instant = async (...args) => {
      await behind();
      return instant(...args);
    };
    await load.text();
    for (let i = 0; i < 20; i++) {
      await sleep(LATER_MS);
      const began = performance.now();
      assert.equal(pick(await load.text()).waiting, 2);
      const tookMs = performance.now() - began;
      assert.ok(tookMs < 100, `request ${i}: ${tookMs} ms`);
    }
    mkdirSync(b);
    writeGauges(b, 1, vllmGauges('m', [state(3)]));
    await sleep(1_100);
    assert.equal(pick(await load.text()).waiting, 5);
  });

  it('shares what another one has read a moment before', async () => {
    const directory = tempDirectory();
    writeGauges(directory, 1, vllmGauges('m', [state(2)]));
    load = new LoadOf(directory);
    await load.text();
    await sleep(LATER_MS);
    let gathers = 0;
    const gather = load.scraper.gatherEntries.bind(load.scraper);
    load.scraper.gatherEntries = (...args) => {
      gathers++;
      return gather(...args);
    };
    await Promise.all(Array.from({ length: 100 }, () => load!.text()));
    assert.equal(gathers, 1);
  });

  it('is given what is so now where it is the first for long', async () => {
    const directory = tempDirectory();
    writeGauges(directory, 1, vllmGauges('m', [state(2)]));
    load = new LoadOf(directory);
    await load.text();
    const gather = load.scraper.gatherEntries.bind(load.scraper);
    load.scraper.gatherEntries = async (...args) => {
      await sleep(50);
      return gather(...args);
    };
    overwriteGauge(join(directory, 'gauge_mostrecent_1.db'), vllmGauges('m', [state(9)]));
    await sleep(1_100);
    assert.equal(pick(await load.text()).waiting, 9);
  });

  it('is given values of now also after a scrape has found something new', async () => {
    const directory = tempDirectory();
    writeGauges(directory, 1, vllmGauges('m', [state(2)]));
    load = new LoadOf(directory);
    await load.text();
    const { scraper } = load;
    const instant = scraper.instant.bind(scraper);
    writeMetricFile(join(directory, 'counter_1.db'), [counter('jobs', 1)]);
    (await instant(undefined, false)).release();
    scraper.instant = async (...args) => {
      await sleep(150);
      return instant(...args);
    };
    await sleep(LATER_MS);
    // It has an instant taken, which is in time for the next one.
    await load.text();
    await sleep(400);
    overwriteGauge(join(directory, 'gauge_mostrecent_1.db'), vllmGauges('m', [state(9)]));
    assert.equal(pick(await settled()).waiting, 9);
  });

  it('is answered from whole instants where files are not mapped', async () => {
    const directory = tempDirectory();
    writeGauges(directory, 1, vllmGauges('m', [state(2)]));
    load = new LoadOf(directory, {}, { mapLimit: 0 });
    assert.equal(pick(await load.text()).waiting, 2);
    overwriteGauge(join(directory, 'gauge_mostrecent_1.db'), vllmGauges('m', [state(7)]));
    assert.equal(pick(await settled()).waiting, 7);
  });

  it('costs a damaged file what it says, and nothing else', async () => {
    const directory = tempDirectory();
    writeGauges(directory, 1, vllmGauges('m', [state(2)]));
    writeGauges(directory, 2, vllmGauges('m', [state(5, 0, 0, NOW)]));
    load = new LoadOf(directory);
    assert.equal(pick(await load.text()).waiting, 5);
    overwrite(join(directory, 'gauge_mostrecent_2.db'), 0, int32(4));
    assert.equal(pick(await settled()).waiting, 2);
  });
});

/** A request, and what the next one is told: the first one does not wait for what it finds. */
async function settled(): Promise<string> {
  await sleep(LATER_MS);
  await load!.text();
  await sleep(LATER_MS);
  return load!.text();
}

/** New values and times for the entries of a file, in place. */
function overwriteGauge(path: string, entries: readonly TestEntry[]): void {
  let at = 8;
  for (const entry of entries) {
    const bytes = entryBytes(16, keyOf('dict4-16', entry), entry.value, entry.timestampSeconds);
    at += bytes.length;
    overwrite(path, at - 16, double(entry.value));
    overwrite(path, at - 8, double(entry.timestampSeconds ?? 0));
  }
}
