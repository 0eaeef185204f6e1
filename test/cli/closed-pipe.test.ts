/** A reader that has seen enough, as `head`: every command ends, at once, without a word and with its own exit code. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { counter, fileBytes, gauge } from '../support/metric-file.js';
import { MAIN } from '../support/paths.js';
import { run } from '../support/process.js';
import { tempDirectory } from '../support/temp.js';

/** Their rows, entries and series are each more than a pipe holds. */
const PROCESSES = 2_500;

let directory = '';
let unrecognised = '';
let other = '';

before(() => {
  directory = tempDirectory();
  unrecognised = tempDirectory();
  other = tempDirectory();
  for (let pid = 1; pid <= PROCESSES; pid++) {
    const path = (kind: string) => join(directory, `${kind}_${pid}.db`);
    const label = { path: `/a/rather/long/path/${pid}` };
    writeFileSync(path('counter'), fileBytes('dict4-16', [counter('jobs', pid, label)]));
    writeFileSync(path('gauge_all'), fileBytes('dict4-16', [gauge('busy', pid, 0, label)]));
  }
  // A finding for each.
  for (let i = 1; i <= PROCESSES; i++)
    writeFileSync(join(unrecognised, `unrecognised-${i}.db`), 'x');
  writeFileSync(join(other, 'counter_1.db'), fileBytes('dict4-16', [counter('other', 1)]));
});

describe('a reader that is gone after one line', () => {
  const cases: [command: string, exitCode: number][] = [
    ['ls "$DIR"', 0],
    ['ls --files "$DIR"', 0],
    ['ls --json "$DIR"', 0],
    ['cat "$DIR"', 0],
    ['cat --json "$DIR"', 0],
    ['explain --all busy "$DIR"', 0],
    ['explain --json busy "$DIR"', 0],
    ['check --all "$UNRECOGNISED"', 0],
    ['check --json "$UNRECOGNISED"', 0],
    ['diff "$DIR" "$OTHER"', 1],
    ['diff --json "$DIR" "$OTHER"', 1],
    ['scrape "$DIR"', 0],
    ['snapshot -o - "$DIR"', 0],
    // These go on for ever.
    ['top --interval 0.1 "$DIR"', 0],
    ['top --interval 0.1 --json "$DIR"', 0],
  ];
  for (const [command, exitCode] of cases) {
    it(command, { timeout: 60_000 }, async () => {
      const ended = await piped(command, 'head -c 100 > /dev/null');
      assert.deepEqual([ended.exitCode, ended.stderr], [exitCode, '']);
    });
  }

  it('needs no second line of what is short', async () => {
    const { exitCode, stdout, stderr } = await piped('check "$OTHER"', 'head -n 1');
    assert.deepEqual([exitCode, stderr], [0, '']);
    assert.equal(stdout.split('\n').length, 2);
  });
});

/** @returns the exit code of promfold, and what the reader prints */
function piped(command: string, reader: string) {
  const script = `"$NODE" "$MAIN" ${command} | ${reader}; exit "\${PIPESTATUS[0]}"`;
  const variables = {
    NODE: process.execPath,
    MAIN,
    DIR: directory,
    UNRECOGNISED: unrecognised,
    OTHER: other,
  };
  return run('bash', ['-c', script], { env: { ...process.env, ...variables } });
}
