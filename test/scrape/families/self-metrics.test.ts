import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dialectFor } from '../../../src/expose/formats.js';
import { printFamilies } from '../../../src/expose/valued-family.js';
import { ApiCounts } from '../../../src/live/api-counts.js';
import type { DirectoryFacts } from '../../../src/scrape/directory/facts.js';
import {
  type RecorderCounts,
  type ScrapeFacts,
  SelfMetrics,
  selfMetricsTable,
  type WatchCounts,
} from '../../../src/scrape/families/self-metrics.js';

const BUILD = { version: '1.2.3', revision: 'abc' };
const TEXT = dialectFor('text');

const READ: DirectoryFacts = {
  metricFiles: new Map([
    ['counter', 3],
    ['gauge', 2],
  ]),
  entries: 1000,
  series: 100,
  skippedFiles: new Map([['corrupt', 1]]),
  skippedEntries: new Map(),
  heldFiles: 1,
  overBudgetFiles: new Map(),
  overBudgetNames: new Map(),
  unmappedFiles: 0,
  readFaults: 2,
  planChanges: 7,
  freeBytes: 4096,
  freeInodes: 12,
  deadProcesses: 2,
  retainedFiles: 5,
};

const factsOf = (read: Partial<DirectoryFacts>): ScrapeFacts => ({
  durationSeconds: 0.25,
  appended: new Map(),
  sources: [{ name: undefined, up: true, read: { ...READ, ...read } }],
});

const FACTS = factsOf({});

async function exposed(facts: ScrapeFacts, metrics = new SelfMetrics(BUILD)): Promise<string[]> {
  metrics.measure();
  metrics.record(facts);
  return printFamilies(TEXT, await metrics.families(), []).split('\n');
}

function recorderOf(seconds: number | undefined): RecorderCounts {
  return {
    secondsOf: () => seconds,
    intervalSeconds: 2,
    bytes: 1000,
    diskBytes: 5000,
    diskFailures: 1,
    ticksLeftOut: 3,
    incidentsOf: () => new Map([['vanished', 4]]),
  };
}

describe('self-metrics', () => {
  it('print each family with help, type and value', async () => {
    const lines = await exposed(FACTS);
    for (const line of [
      '# TYPE promfold_up gauge',
      'promfold_up 1.0',
      'promfold_scrape_duration_seconds 0.25',
      'promfold_metric_files{type="counter"} 3.0',
      'promfold_metric_files{type="gauge"} 2.0',
      'promfold_entries 1000.0',
      'promfold_series 100.0',
      'promfold_skipped_files{reason="corrupt"} 1.0',
      'promfold_held_files 1.0',
      'promfold_unmapped_files 0.0',
      '# TYPE promfold_read_faults_total counter',
      'promfold_read_faults_total 2.0',
      'promfold_plan_changes_total 7.0',
      'promfold_retained_files_total 5.0',
      'promfold_directory_free_bytes 4096.0',
      'promfold_directory_free_inodes 12.0',
    ]) {
      assert.ok(lines.includes(line), `${line} in\n${lines.join('\n')}`);
    }
  });

  it('have the connections, where there are any to have', async () => {
    const connections = { open: 3, closedIdle: 5, refused: 0 };
    const api = new ApiCounts();
    const metrics = new SelfMetrics(BUILD, 'promfold_source', { connections, api });
    const of = async () =>
      (await exposed(FACTS, metrics)).filter((line) => line.startsWith('promfold_http'));
    assert.deepEqual(await of(), [
      'promfold_http_connections 3.0',
      'promfold_http_idle_connections_closed_total 5.0',
      'promfold_http_connections_refused_total 0.0',
    ]);
    Object.assign(connections, { open: 2, closedIdle: 5, refused: 1 });
    assert.deepEqual(await of(), [
      'promfold_http_connections 2.0',
      'promfold_http_idle_connections_closed_total 5.0',
      'promfold_http_connections_refused_total 1.0',
    ]);
    assert.doesNotMatch((await exposed(FACTS)).join('\n'), /http/);
  });

  it('have what the watchdog says of each source, and nothing where it is off', async () => {
    const connections = { open: 1, closedIdle: 0, refused: 0 };
    const api = new ApiCounts();
    const of = async (watch: WatchCounts | undefined) => {
      const metrics = new SelfMetrics(BUILD, 'promfold_source', { connections, api, watch });
      const lines = await exposed(
        { ...FACTS, sources: [{ name: 'a', up: true, read: READ }] },
        metrics,
      );
      return lines.filter((line) => /^promfold_(processes|engine)/.test(line));
    };
    assert.deepEqual(await of(undefined), []);
    // Not watched yet.
    const unwatched = { processesOf: () => undefined, enginesOf: () => undefined };
    assert.deepEqual(await of(unwatched), []);
    const watch: WatchCounts = {
      processesOf: () =>
        new Map([
          ['ok', 3],
          ['stalled', 1],
        ]),
      enginesOf: () => [
        { engine: '0', modelName: 'm', isStalled: true },
        { engine: '1', modelName: 'm', isStalled: false },
        { engine: '0', modelName: undefined, isStalled: false },
      ],
    };
    assert.deepEqual(await of(watch), [
      'promfold_processes{promfold_source="a",verdict="ok"} 3.0',
      'promfold_processes{promfold_source="a",verdict="stalled"} 1.0',
      'promfold_engine_stalled{engine="0",model_name="m",promfold_source="a"} 1.0',
      'promfold_engine_stalled{engine="1",model_name="m",promfold_source="a"} 0.0',
      'promfold_engine_stalled{engine="0",promfold_source="a"} 0.0',
    ]);
  });

  it('have what the recorder has of each source, and nothing where none records', async () => {
    const connections = { open: 1, closedIdle: 0, refused: 0 };
    const api = new ApiCounts();
    const of = async (recorder: RecorderCounts | undefined, sources = FACTS.sources) => {
      const metrics = new SelfMetrics(BUILD, 'promfold_source', { connections, api, recorder });
      const lines = await exposed({ ...FACTS, sources }, metrics);
      return lines.filter((line) => /^promfold_(recorder|incidents)/.test(line));
    };
    assert.deepEqual(await of(undefined), []);
    assert.deepEqual(await of(recorderOf(900)), [
      'promfold_recorder_seconds 900.0',
      'promfold_recorder_interval_seconds 2.0',
      'promfold_recorder_bytes 1000.0',
      'promfold_recorder_ticks_left_out_total 3.0',
      'promfold_recorder_disk_bytes 5000.0',
      'promfold_recorder_disk_failures_total 1.0',
      'promfold_incidents_total{reason="vanished"} 4.0',
    ]);
    const inMemory = {
      ...recorderOf(undefined),
      diskBytes: undefined,
      diskFailures: undefined,
      incidentsOf: () => undefined,
    };
    assert.deepEqual(await of(inMemory), [
      'promfold_recorder_interval_seconds 2.0',
      'promfold_recorder_bytes 1000.0',
      'promfold_recorder_ticks_left_out_total 3.0',
    ]);
    const two = ['a', 'b'].map((name) => ({ name, up: true, read: READ }));
    assert.deepEqual((await of(recorderOf(900), two)).slice(0, 2), [
      'promfold_recorder_seconds{promfold_source="a"} 900.0',
      'promfold_recorder_seconds{promfold_source="b"} 900.0',
    ]);
  });

  it('have the counts of the API', async () => {
    const connections = { open: 1, closedIdle: 0, refused: 0 };
    const api = new ApiCounts();
    const metrics = new SelfMetrics(BUILD, 'promfold_source', { connections, api });
    Object.assign(api, { streams: 2, streamsCut: 3, ticksLeftOut: 4, requestsRefused: 5 });
    const lines = await exposed(FACTS, metrics);
    assert.deepEqual(
      lines.filter((line) => /^promfold_(api|live)/.test(line)),
      [
        'promfold_api_requests_refused_total 5.0',
        'promfold_live_streams 2.0',
        'promfold_live_streams_cut_total 3.0',
        'promfold_live_ticks_left_out_total 4.0',
      ],
    );
  });

  it('name the build and the Node it runs on', async () => {
    const labels = `arch="${process.arch}",nodeversion="${process.version}",revision="abc",version="1.2.3"`;
    assert.ok((await exposed(FACTS)).includes(`promfold_build_info{${labels}} 1.0`));
  });

  it('take a counter as the total it is', async () => {
    const metrics = new SelfMetrics(BUILD);
    metrics.record(FACTS);
    const lines = await exposed(factsOf({ planChanges: 9 }), metrics);
    assert.ok(lines.includes('promfold_plan_changes_total 9.0'));
  });

  it('say what routers asked, and leave out the age of a model that is gone', async () => {
    const connections = { open: 1, closedIdle: 0, refused: 0 };
    let ages = new Map([
      ['a', 3],
      ['b', 0.5],
    ]);
    const load = { requests: 7, refused: 2, ages: () => ages };
    const server = { connections, api: new ApiCounts(), load };
    const metrics = new SelfMetrics(BUILD, 'promfold_source', server);
    const of = async () =>
      (await exposed(FACTS, metrics)).filter((line) => line.startsWith('promfold_load'));
    assert.deepEqual(await of(), [
      'promfold_load_requests_total 7.0',
      'promfold_load_refused_total 2.0',
      'promfold_load_age_seconds{model_name="a"} 3.0',
      'promfold_load_age_seconds{model_name="b"} 0.5',
    ]);
    ages = new Map([['b', 0.25]]);
    assert.deepEqual((await of()).slice(2), ['promfold_load_age_seconds{model_name="b"} 0.25']);
  });

  it('keep a reason that is gone as 0', async () => {
    const metrics = new SelfMetrics(BUILD);
    metrics.record(FACTS);
    const lines = await exposed(factsOf({ skippedFiles: new Map() }), metrics);
    assert.ok(lines.includes('promfold_skipped_files{reason="corrupt"} 0.0'));
  });

  it('make nothing anew that did not change', async () => {
    const metrics = new SelfMetrics(BUILD);
    metrics.record(FACTS);
    const before = await metrics.families();
    metrics.record({ ...factsOf({ planChanges: 8 }), durationSeconds: 0.5 });
    const after = await metrics.families();
    assert.deepEqual(
      after.filter((family, i) => family !== before[i]).map(({ name }) => name),
      ['promfold_scrape_duration_seconds', 'promfold_plan_changes'],
    );
  });

  it('leave out the memory where it could not be read, also when it could before', async (t) => {
    const metrics = new SelfMetrics(BUILD);
    const isThere = async () =>
      (await exposed(FACTS, metrics)).some((line) => line.includes('_resident_memory_bytes'));
    assert.ok(await isThere());
    t.mock.method(process.memoryUsage, 'rss', () => {
      throw new Error('EMFILE');
    });
    assert.ok(!(await isThere()));
    t.mock.restoreAll();
    assert.ok(await isThere());
  });

  it('leave out a family without a value', async () => {
    const text = (await exposed(FACTS)).join('\n');
    assert.doesNotMatch(text, /promfold_skipped_entries/);
  });

  it('leave out what nobody asked for', async () => {
    const lines = await exposed(factsOf({ deadProcesses: -1, retainedFiles: -1 }));
    assert.doesNotMatch(lines.join('\n'), /_dead_|_retained_/);
  });

  it('leave out free space that is unknown, also when it was known before', async () => {
    const metrics = new SelfMetrics(BUILD);
    metrics.record(FACTS);
    const lines = await exposed(factsOf({ freeBytes: -1, freeInodes: -1 }), metrics);
    assert.doesNotMatch(lines.join('\n'), /_free_/);
  });

  describe('of several sources', () => {
    const source = (name: string, up: boolean, read?: DirectoryFacts) => ({ name, up, read });
    const facts = (...sources: ScrapeFacts['sources']) => ({
      durationSeconds: 0.25,
      sources,
      appended: new Map(),
    });

    it('name the source of each, and only of what is of one directory', async () => {
      const two = facts(source('a', true, READ), source('b', true, { ...READ, entries: 7 }));
      const lines = await exposed(two);
      for (const line of [
        'promfold_up{promfold_source="a"} 1.0',
        'promfold_entries{promfold_source="a"} 1000.0',
        'promfold_entries{promfold_source="b"} 7.0',
        'promfold_metric_files{promfold_source="b",type="gauge"} 2.0',
        'promfold_plan_changes_total{promfold_source="b"} 7.0',
        'promfold_scrape_duration_seconds 0.25',
      ]) {
        assert.ok(lines.includes(line), `${line} in\n${lines.join('\n')}`);
      }
    });

    it('report one that is gone as down, and nothing else', async () => {
      const lines = await exposed(facts(source('a', true, READ), source('b', false)));
      assert.deepEqual(
        lines.filter((line) => line.includes('"b"')),
        ['promfold_up{promfold_source="b"} 0.0'],
      );
    });

    it('leave nothing of one that is not a source any more', async () => {
      const metrics = new SelfMetrics(BUILD);
      metrics.record(facts(source('a', true, READ), source('b', true, READ)));
      const lines = await exposed(facts(source('a', true, READ)), metrics);
      assert.deepEqual(
        lines.filter((line) => line.includes('"b"')),
        [],
      );
    });

    it('take the given label', async () => {
      const metrics = new SelfMetrics(BUILD, 'app');
      const lines = await exposed(facts(source('a', true, READ)), metrics);
      assert.ok(lines.includes('promfold_up{app="a"} 1.0'));
    });
  });

  it('follow the dialect, without the trailer', async () => {
    const metrics = new SelfMetrics(BUILD);
    metrics.record(FACTS);
    const text = printFamilies(dialectFor('openmetrics'), await metrics.families(), []);
    assert.match(text, /^# TYPE promfold_read_faults counter$/m);
    assert.match(text, /^promfold_read_faults_total 2\.0$/m);
    assert.doesNotMatch(text, /# EOF/);
  });

  it('cost less than 0.3 ms a scrape', async () => {
    const metrics = new SelfMetrics(BUILD);
    const milliseconds: number[] = [];
    for (let i = 0; i < 300; i++) {
      const started = performance.now();
      metrics.record(FACTS);
      printFamilies(TEXT, await metrics.families(), []);
      milliseconds.push(performance.now() - started);
    }
    const median = milliseconds.sort((a, b) => a - b)[150]!;
    // Three times the aim: this may run during a build.
    assert.ok(median < 0.9, `median ${median} ms`);
  });

  it('are listed in the table as they are printed', async () => {
    const inTable = [...selfMetricsTable().matchAll(/^\| `(\w+)/gm)].map(([, name]) => name);
    const all = {
      ...factsOf({
        skippedEntries: new Map([['json', 1]]),
        overBudgetFiles: new Map([['series', 1]]),
        overBudgetNames: new Map([['counter_1.db', 1]]),
      }),
      appended: new Map([['http://a/metrics', { up: true, dropped: { duplicate: 3 } }]]),
    };
    const connections = { open: 1, closedIdle: 0, refused: 0 };
    const api = new ApiCounts();
    const recorder = recorderOf(900);
    const watch = {
      processesOf: () => new Map([['ok', 2]]),
      enginesOf: () => [{ engine: '0', modelName: 'm', isStalled: false }],
    };
    const findings = {
      of: () => ({
        takenAtSeconds: 7,
        findings: [{ labels: { severity: 'error', code: 'DAMAGED_FILE' }, value: 1 }],
      }),
    };
    const load = { requests: 2, refused: 1, ages: () => new Map([['m', 3]]) };
    const compactions = {
      of: () => ({ compactions: 1, files: 3, freedBytes: 9, failures: new Map([['lock', 1]]) }),
    };
    const server = { connections, api, recorder, watch, findings, load, compactions };
    const metrics = new SelfMetrics(BUILD, 'promfold_source', server);
    const printed = (await exposed(all, metrics))
      .filter((line) => line.startsWith('# TYPE '))
      .map((line) => line.split(' ')[2]);
    assert.deepEqual(inTable, printed);
  });
});
