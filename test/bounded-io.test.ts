import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { boundedIo } from '../src/bounded-io.js';
import { FileReader } from '../src/native.js';
import { counter, fileBytes } from './support/metric-file.js';
import { tempDirectory } from './support/temp.js';

/** Longer than an operation may take. */
function keepThreadBusy(): void {
  const end = performance.now() + 2_300;
  while (performance.now() < end);
}

describe('a file operation that ended while the thread was busy', () => {
  it('does not time out', async () => {
    const directory = tempDirectory();
    const path = join(directory, 'counter_1.db');
    writeFileSync(path, fileBytes('dict4-16', [counter('jobs', 1)]));
    const operations = [
      boundedIo.stat(path),
      boundedIo.readNames(directory),
      boundedIo.readMetricFile(new FileReader(), path, false, false),
    ] as const;
    keepThreadBusy();
    const [stats, names, file] = await Promise.all(operations);
    assert.ok(stats.ino > 0n);
    assert.deepEqual(
      names.map((name) => Buffer.from(name).toString()),
      ['counter_1.db'],
    );
    assert.equal(file.entries.value[0], 1);
  });
});
