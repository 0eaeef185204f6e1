import assert from 'node:assert/strict';
import { rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { MetricFiles } from '../../src/files/metric-files.js';
import { FILE_STATE } from '../../src/native.js';
import { counter, writeMetricFile } from '../support/metric-file.js';
import { Random, seed } from '../support/random.js';
import { tempDirectory } from '../support/temp.js';

const NAMES = [
  'counter_1',
  'counter_2',
  'gauge_max_1',
  'gauge_max_2',
  'histogram_1',
  'unrecognised',
];

/** What a count of all files gives. */
function counted({ files }: MetricFiles) {
  const filesOfType = new Map<string, number>();
  const heldPaths = new Set<string>();
  let entries = 0;
  for (const { name, state, entryCount, path } of files.values()) {
    entries += entryCount;
    if (state === FILE_STATE.held) heldPaths.add(path);
    if (state !== FILE_STATE.good && state !== FILE_STATE.held) continue;
    filesOfType.set(name.type, (filesOfType.get(name.type) ?? 0) + 1);
  }
  return { filesOfType, heldPaths, entries };
}

describe('the running counts of files', () => {
  it('equal a full count, whatever happens to the files', async () => {
    const random = new Random(seed());
    const directory = tempDirectory();
    const files = new MetricFiles(directory, 10, false);
    const seen = { held: 0, aside: 0, types: new Set<string>() };
    try {
      for (let step = 0; step < 300; step += 1) {
        const path = join(directory, `${random.pick(NAMES)}.db`);
        const entries = Array.from({ length: random.below(5) }, (_, n) => counter(`c${n}`, n));
        const [id] = [...files.listed()].map(([fileId]) => fileId).filter(() => random.chance(0.3));
        const act = random.pick(['write', 'write', 'remove', 'damage', 'aside', 'back']);
        if (act === 'write') writeMetricFile(path, entries);
        else if (act === 'remove') rmSync(path, { force: true });
        else if (act === 'aside' && id !== undefined) files.setAside(new Set([id]));
        else if (act === 'back') files.setAside(new Set());
        else if (id !== undefined) damage(files, id);
        await readAll(files);

        const { filesOfType, heldPaths, entries: total } = files.counts;
        const expected = counted(files);
        const at = `step ${step} (${act}) of seed ${random.seed}`;
        assert.deepEqual({ filesOfType, heldPaths, entries: total }, expected, at);
        seen.held += heldPaths.size;
        seen.aside += [...files.listed()].length - files.files.size;
        for (const type of filesOfType.keys()) seen.types.add(type);
      }
      assert.ok(seen.held > 0 && seen.aside > 0, JSON.stringify(seen));
      assert.deepEqual([...seen.types].sort(), ['counter', 'gauge', 'histogram']);
    } finally {
      files.close();
    }
  });
});

/** As a scrape does, without a plan: all entries count for nothing. */
async function readAll(files: MetricFiles): Promise<void> {
  const { id, entryFrom, entryCount } = (await files.refresh()).refreshed;
  const count = entryCount.map((entries, i) => entries - entryFrom[i]!);
  const rows = count.reduce((sum, n) => sum + n, 0);
  files.set.setRows(id, entryFrom, count, new Uint32Array(rows), new Uint8Array(rows));
  const { changes } = await files.set.collect({ pages: [], tail: 0 });
  if (changes !== undefined) files.note(changes);
}

/** A file that is shorter than what was read of it is held. */
function damage(files: MetricFiles, id: number): void {
  const file = new Map(files.listed()).get(id)!;
  try {
    truncateSync(file.path, 12);
  } catch (error) {
    // It was removed in this step or one before it.
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOENT');
  }
}
