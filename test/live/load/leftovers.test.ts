/** What a router is told where a process continues the files of an earlier one with the same id: a restarted container. */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { valuesOf } from '../../support/exposition.js';
import { counter, type TestEntry, writeMetricFile } from '../../support/metric-file.js';
import { pick } from '../../support/picker.js';
import { tempDirectory } from '../../support/temp.js';
import {
  type EngineState,
  LoadOf,
  vllmAdapters,
  vllmConfig,
  vllmGauges,
  writeGauges,
} from './made-up.js';

const NOW = Date.now() / 1000;
const BORN = NOW - 100;
const BEFORE = NOW - 500;
const AGO = NOW - 1;

let load: LoadOf | undefined;
afterEach(async () => {
  await load?.close();
  load = undefined;
});

/** Of files by process id, with processes that were all born at BORN. */
function bornLoadOf(
  files: Readonly<Record<string, readonly TestEntry[]>>,
  options: ConstructorParameters<typeof LoadOf>[1] = {},
): LoadOf {
  const directory = tempDirectory();
  for (const [processId, entries] of Object.entries(files)) {
    writeGauges(directory, processId, entries);
  }
  load = new LoadOf(directory, options);
  for (const processId of Object.keys(files)) load.thread.startSeconds.set(processId, BORN);
  return load;
}

const engines = (count: number, state: (engine: number) => EngineState) =>
  Array.from({ length: count }, (_, engine) => state(engine));
const busy = (setSeconds: number): EngineState => ({
  waiting: 3,
  running: 4,
  usage: 0.8,
  setSeconds,
});
const UNSET: EngineState = { waiting: 0, running: 0, usage: 0, setSeconds: 0 };

const modelsOf = async ({ loads }: LoadOf) =>
  (await loads.answer({})).json().models.map(({ modelName }) => modelName);

describe('engines of an earlier process', () => {
  /** Eight engines before, and two now. */
  const shrunk = (setSeconds: number): TestEntry[] => [
    ...vllmGauges(
      'm',
      engines(8, (engine) => busy(engine < 2 ? setSeconds : BEFORE)),
    ),
    ...engines(8, () => UNSET).map((_, e) => vllmConfig(e, '1000', e < 2 ? AGO : BEFORE)),
  ];

  it('do not count once the new server has said which engines it has', async () => {
    const { loads } = bornLoadOf({ 1: shrunk(AGO) });
    const answer = await loads.answer({});
    assert.deepEqual(answer.json().models[0]!.engines, ['0', '1']);
    const { waiting, usage, blocks } = pick(answer.text());
    assert.deepEqual([waiting, usage, blocks], [6, 0.8, 2000]);
    await assert.rejects(load!.text('7'), /no engine is called '7'; known: 0, 1$/);
  });

  it('count while it has said of none, and the cache of an earlier server does not', async () => {
    const of = bornLoadOf({
      1: [
        ...vllmGauges(
          'm',
          engines(2, () => busy(BEFORE)),
        ),
        vllmConfig(0, '1000', BEFORE),
      ],
    });
    const answer = await of.loads.answer({});
    assert.deepEqual(answer.json().models[0]!.engines, ['0', '1']);
    const { waiting, blocks } = pick(answer.text());
    assert.deepEqual([waiting, blocks], [0, undefined]);
  });

  it('are not those that have a configuration now, and have set no gauge since', async () => {
    const { loads } = bornLoadOf({ 1: shrunk(BEFORE) });
    assert.deepEqual((await loads.answer({})).json().models[0]!.engines, ['0', '1']);
  });

  it('are not those that no configuration ever named, and that never set a gauge', async () => {
    const states = engines(3, (engine) => (engine === 2 ? UNSET : busy(AGO)));
    const { loads } = bornLoadOf({
      1: [...vllmGauges('m', states), vllmConfig(0, '5', AGO), vllmConfig(1, '5', AGO)],
    });
    assert.deepEqual((await loads.answer({})).json().models[0]!.engines, ['0', '1', '2']);
  });

  it('are known by the configuration that names them also where their cache is not there yet', async () => {
    const { loads } = bornLoadOf({
      1: [
        ...vllmGauges('m', [busy(AGO), busy(BEFORE)]),
        vllmConfig(0, '5', AGO),
        vllmConfig(1, 'None', AGO),
      ],
    });
    assert.deepEqual((await loads.answer({})).json().models[0]!.engines, ['0', '1']);
  });

  it('count where it is not known when the process was born', async () => {
    const of = bornLoadOf({ 1: shrunk(AGO) });
    of.thread.startSeconds.clear();
    assert.equal(pick(await of.text()).waiting, 24);
  });

  it('have counted what they have counted', async () => {
    const directory = tempDirectory();
    writeGauges(directory, 1, shrunk(AGO));
    const counts = ['0', '7'].map((engine) =>
      counter('vllm:prompt_tokens', 10, { model_name: 'm', engine }),
    );
    writeMetricFile(`${directory}/counter_1.db`, counts);
    load = new LoadOf(directory, { operations: new Map([['vllm:prompt_tokens_total', 'sum']]) });
    load.thread.startSeconds.set('1', BORN);
    const values = valuesOf(await load.text());
    assert.equal(values.get('vllm:prompt_tokens_total{model_name="m"}'), 20);
    await assert.rejects(load.text('7'), /no engine is called '7'/);
  });
});

describe('a model of an earlier process', () => {
  const first = vllmGauges('first', [busy(BEFORE)]);
  const caches = [vllmConfig(0, '777', BEFORE), vllmConfig(0, '1000', AGO)];

  it('is left out once its process has set a gauge of another one', async () => {
    const of = bornLoadOf({ 1: [...first, ...vllmGauges('second', [busy(AGO)]), ...caches] });
    assert.deepEqual(await modelsOf(of), ['second']);
    const text = await of.text();
    assert.deepEqual([pick(text).waiting, pick(text).blocks], [3, 1000]);
  });

  it('is left out of all servers once one of them has', async () => {
    const of = bornLoadOf({
      1: [...first, ...vllmGauges('second', [busy(AGO)])],
      2: [...first, ...vllmGauges('second', [UNSET])],
    });
    assert.deepEqual(await modelsOf(of), ['second']);
  });

  it('comes after one that may be that of now, and both have the cache of now', async () => {
    // By its name it would be the first, too.
    const of = bornLoadOf({ 1: [...first, ...vllmGauges('second', [UNSET]), ...caches] });
    assert.deepEqual(await modelsOf(of), ['second', 'first']);
    assert.equal(pick(await of.text()).blocks, 1000);
  });

  it('is told of where nothing else is known of one of its processes', async () => {
    const of = bornLoadOf({ 1: vllmGauges('second', [busy(AGO)]), 2: first });
    assert.deepEqual(await modelsOf(of), ['second', 'first']);
    await of.close();
    assert.deepEqual(await modelsOf(bornLoadOf({ 1: first })), ['first']);
  });

  it('is told of where it is not known when the process was born', async () => {
    const of = bornLoadOf({ 1: [...first, ...vllmGauges('second', [busy(AGO)])] });
    of.thread.startSeconds.clear();
    assert.deepEqual(await modelsOf(of), ['second', 'first']);
  });
});

describe('adapters of an earlier process', () => {
  const adapters = async (...entries: TestEntry[]) => {
    const directory = tempDirectory();
    writeGauges(directory, 1, vllmGauges('m', [busy(AGO)]));
    writeGauges(directory, 1, entries, 'sum');
    load = new LoadOf(directory);
    load.thread.startSeconds.set('1', BORN);
    return pick(await load.text()).runningAdapters;
  };

  it('are not loaded', async () => {
    assert.equal(await adapters(vllmAdapters('gone', BEFORE)), undefined);
  });

  it('are not the newest', async () => {
    assert.equal(await adapters(vllmAdapters('gone', BEFORE), vllmAdapters('a', AGO)), 'a');
  });
});
