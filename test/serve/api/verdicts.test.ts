/** GET /api/v1/verdicts, and the verdicts in other views. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Verdict } from '../../../src/watchdog/verdict.js';
import { counter, writeMetricFile } from '../../support/metric-file.js';
import { GOLDEN } from '../../support/paths.js';
import { until } from '../../support/session.js';
import { tempDirectory } from '../../support/temp.js';
import { Served } from './served.js';

function directory(): string {
  const path = tempDirectory();
  for (const process of [1, 2]) {
    writeMetricFile(join(path, `counter_${process}.db`), [counter('jobs', 7)]);
  }
  return path;
}

interface Answer {
  readonly verdicts: readonly (Verdict & { readonly source?: string })[];
}

async function watched(served: Served, count: number): Promise<Answer> {
  served.watch!.start();
  return until(
    async () => {
      const answer = (await served.ok('/verdicts')) as Answer;
      return answer.verdicts.length === count ? answer : undefined;
    },
    () => `${count} verdicts`,
  );
}

describe('the verdicts of a daemon', () => {
  it('are of all processes, and are part of top', async () => {
    const served = new Served(directory(), { silenceSeconds: 30 });
    try {
      assert.deepEqual(await served.ok('/verdicts'), { silenceSeconds: 30, verdicts: [] });
      const { verdicts } = await watched(served, 2);
      assert.deepEqual(
        verdicts.map(({ processId }) => processId),
        ['1', '2'],
      );
      const { processes, engines } = await served.ok('/top');
      assert.deepEqual(engines, []);
      assert.deepEqual(
        processes.map(({ verdict }: { verdict: string }) => verdict),
        ['idle', 'idle'],
      );
    } finally {
      await served.close();
    }
  });

  it('are of engines, too, by the names of the families that they really write', async () => {
    const served = new Served(`${GOLDEN}/dynamo-worker/files`, { silenceSeconds: 30 });
    try {
      served.watch!.start();
      const engine = await until(
        async () => {
          const { verdicts } = (await served.ok('/verdicts')) as Answer;
          return verdicts.find((each) => each.engine !== undefined);
        },
        () => 'an engine',
      );
      assert.deepEqual([engine.engine, engine.modelName], ['0', 'Qwen/Qwen3-0.6B']);
    } finally {
      await served.close();
    }
  });

  it('name their sources, where there are several', async () => {
    const sources = ['a', 'b'].map((name) => ({ name, directory: directory() }));
    const served = new Served(sources, { silenceSeconds: 30 });
    try {
      const { verdicts } = await watched(served, 4);
      assert.deepEqual(
        verdicts.map(({ source }) => source),
        ['a', 'a', 'b', 'b'],
      );
      const ofOne = (await served.ok('/verdicts?source=b')) as Answer;
      assert.deepEqual(
        ofOne.verdicts.map(({ source }) => source),
        ['b', 'b'],
      );
      assert.match(await served.refused('/verdicts?source=c', 404), /c/);
    } finally {
      await served.close();
    }
  });

  it('are none where the watchdog is off', async () => {
    const served = new Served(directory());
    try {
      assert.deepEqual(await served.ok('/verdicts'), { verdicts: [] });
      assert.equal('engines' in (await served.ok('/top')), false);
    } finally {
      await served.close();
    }
  });
});
