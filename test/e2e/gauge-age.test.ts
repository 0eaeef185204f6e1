/** `--gauge-age` on gauges that a real client sets, as a Prometheus would see them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Daemon } from '../support/cli.js';
import { valuesOf } from '../support/exposition.js';
import { currentPython, promtool } from '../support/parts.js';
import { metricLint } from '../support/promtool.js';
import { tempDirectory } from '../support/temp.js';
import { Worker } from '../support/worker.js';

const python = currentPython();
const tool = promtool();

describe('the age of a gauge', { skip: python.skip || tool.skip }, () => {
  it('grows while nobody sets it, and begins anew when somebody does', async () => {
    const directory = tempDirectory();
    const workers = [
      await Worker.start(python.path, directory),
      await Worker.start(python.path, directory),
    ] as const;
    const daemon = await Daemon.serve(directory, ['--gauge-age=g_most', '--gauge-age=g_max']);
    const read = async () => {
      const { body } = await daemon.get('/metrics');
      return {
        body,
        age: valuesOf(body).get('promfold_gauge_age_seconds{promfold_gauge="g_mostrecent"}'),
      };
    };
    try {
      assert.equal((await read()).age, undefined);
      const before = performance.now();
      await workers[0].set(3);
      await sleep(1_500);
      const { body, age } = await read();
      assert.ok(age! >= 1.4 && age! <= (performance.now() - before) / 1000 + 0.1, String(age));
      // Neither other modes nor other names.
      assert.deepEqual(body.match(/^promfold_gauge_age_seconds.*$/gm)?.length, 1);
      const { parses, output } = await metricLint(tool.path, body);
      assert.ok(parses, output);
      // Of its name, which says whose age it is, and of nothing else.
      assert.deepEqual(output.match(/^promfold_.*$/gm), [
        "promfold_gauge_age_seconds metric name should not include type 'gauge'",
      ]);
      const again = performance.now();
      await workers[1].set(4);
      const { age: newAge } = await read();
      assert.ok(newAge! <= (performance.now() - again) / 1000 + 0.1, String(newAge));
    } finally {
      await Promise.all(workers.map((worker) => worker.kill()));
      await daemon.stop();
    }
  });
});
