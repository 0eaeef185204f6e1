/** FileSet.fileFacts against what is read of each file alone. */
import assert from 'node:assert/strict';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { FileReader, readFile } from '../src/files/file-reading.js';
import { deviceName } from '../src/native.js';
import { LivePlan } from '../src/scrape/directory/live-plan.js';
import { HangingFileSystem } from './support/hanging-file-system.js';
import { counter, writeMetricFile } from './support/metric-file.js';
import { fusePython } from './support/parts.js';
import { tempDirectory } from './support/temp.js';

const asRoot = process.getuid!() === 0 ? fusePython().skip : 'not root';

let live: LivePlan | undefined;
afterEach(() => live?.close());

describe('the facts of files', () => {
  it('are those that a reading of the file gives', async () => {
    const directory = tempDirectory();
    writeMetricFile(join(directory, 'counter_1.db'), [counter('jobs', 1)], { sizeBytes: 1 << 20 });
    writeMetricFile(join(directory, 'counter_2.db'), [counter('jobs', 1)], { layout: 'dict4-8' });
    writeFileSync(join(directory, 'counter_3.db'), '');
    writeFileSync(join(directory, 'other.db'), 'not a metric file');
    symlinkSync('counter_1.db', join(directory, 'counter_4.db'));
    live = new LivePlan(directory, 10);
    await live.update();
    const facts = await live.files.set.fileFacts();
    const names = ['counter_1.db', 'counter_2.db', 'counter_3.db', 'counter_4.db', 'other.db'];
    assert.equal(facts.id.length, names.length);
    for (const [i, name] of names.entries()) {
      const read = await readFile(new FileReader(), join(directory, name), false);
      for (const column of [
        'sizeBytes',
        'diskBytes',
        'modifiedSeconds',
        'changedSeconds',
      ] as const) {
        assert.equal(facts[column][i], read[column][0], `${name} ${column}`);
      }
      const device = deviceName(facts.deviceMajor[i]!, facts.deviceMinor[i]!);
      assert.equal(`${device}:${facts.inode[i]}`, read.identity[0]);
      const isGood = read.fault[0] === 0;
      assert.equal(facts.usedBytes[i], isGood ? read.usedBytes[0] : -1);
      if (isGood) assert.equal(facts.valueBytes[i], read.valueBytes[0]);
    }
  });

  it('are unknown of a file that does not answer', { skip: asRoot }, () =>
    HangingFileSystem.use(async (fileSystem) => {
      writeMetricFile(join(fileSystem.source, 'counter_2.db'), [counter('jobs', 2)]);
      const directory = tempDirectory();
      writeMetricFile(join(directory, 'counter_1.db'), [counter('jobs', 1)]);
      symlinkSync(join(fileSystem.root, 'counter_2.db'), join(directory, 'counter_2.db'));
      live = new LivePlan(directory, 10);
      await live.update();
      const { set } = live.files;
      const known = await set.fileFacts();
      assert.ok(known.sizeBytes[1]! > 0);
      await fileSystem.hang();
      for (const atMostMs of [4_500, 3_000]) {
        const started = performance.now();
        const facts = await set.fileFacts();
        assert.ok(performance.now() - started < atMostMs);
        assert.deepEqual([...facts.sizeBytes], [known.sizeBytes[0], -1]);
        assert.deepEqual([...facts.changedSeconds], [known.changedSeconds[0], 0]);
        assert.deepEqual([...facts.id], [...known.id]);
      }
      fileSystem.answer();
      while ((await set.fileFacts()).sizeBytes[1] === -1);
    }),
  );
});
