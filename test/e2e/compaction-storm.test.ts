/**
 * Compactions under living writers of the real client, with two of its readers and a promfold (scripts/storm/compactions.ts):
 * no number is wrong, and promfold does not fail. scripts/soak --compactions is the long one.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runCompactionStorm } from '../../scripts/storm/compactions.js';
import { currentPython } from '../support/parts.js';
import { tempDirectory } from '../support/temp.js';

const python = currentPython();

/** Of reads of Python, of which there are tens of thousands. */
const MOST_OVERTAKEN = 3;

/** A reader that listed a directory before, and one that opens a file that a process is just making. */
const EXPECTED_ERRORS: ReadonlySet<string> = new Set(['FileNotFoundError', 'struct.error']);

describe('a storm of compactions', () => {
  for (const [flags, compactions] of [
    [[], 200],
    [['--retain-removed'], 100],
  ] as const) {
    it(`has no wrong number, ${['serve', ...flags].join(' ')}`, { skip: python.skip }, async () => {
      const report = await runCompactionStorm({
        parent: tempDirectory(),
        compactions,
        python: python.path,
        writers: 6,
        graceSeconds: 0.15,
        flags,
      });
      const { counted, promfold, python: readers } = report;
      const { failedWriters, complaints } = report;
      assert.deepEqual({ failedWriters, complaints }, { failedWriters: 0, complaints: '' });
      assert.deepEqual([promfold.wrong, promfold.failed, readers.wrong], [[], {}, []]);
      assert.ok(readers.overtaken <= MOST_OVERTAKEN, `${readers.overtaken} were overtaken`);
      assert.deepEqual([...promfold.last, ...readers.last], Array(6).fill(counted));
      for (const name of Object.keys(readers.failed)) assert.ok(EXPECTED_ERRORS.has(name), name);
      assert.equal(report.compactions, compactions, report.refused.join());
      for (const refusal of report.refused) assert.equal(JSON.parse(refusal).code, 'busy');
      assert.ok(report.foldedFiles > 2 * compactions, `${report.foldedFiles} files folded`);
      assert.ok(
        readers.right > 1_000 && promfold.right > 100,
        `${readers.right}, ${promfold.right}`,
      );
    });
  }
});
