/**
 * A compaction is killed, and made to fail, at each of its system calls: afterwards every reader gets the numbers from before,
 * and the next compaction finishes what is left. What is killed is the native core alone (native/compact/main.cc), by strace;
 * the real client reads after each kill (kill_compaction.py), promfold after some.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { before, describe, it } from 'node:test';
import { Scraper } from '../../src/scrape/scraper.js';
import { TEXT } from '../support/dialect.js';
import { linesOf, numberOf, parseSample } from '../support/exposition.js';
import { currentPython, part } from '../support/parts.js';
import { ROOT } from '../support/paths.js';
import { start } from '../support/process.js';
import { tempDirectory } from '../support/temp.js';

const python = currentPython();
const strace = part('strace', '/usr/bin/strace', () => true);
const TOOL = `${ROOT}/native/build/core/compact-tool`;

interface Line {
  readonly ask?: string;
  readonly call?: readonly [name: string, nth: number] | null;
  readonly wrong?: string | number;
  readonly killed?: number;
  readonly errors?: number;
  readonly undone?: number;
}

/** Of what compaction keeps: samples by their names and labels as printed. */
async function promfoldTotals(directory: string): Promise<Map<string, number>> {
  const scraper = new Scraper(directory);
  try {
    const samples = linesOf(String(await scraper.scrape({ dialect: TEXT })))
      .filter((line) => !line.startsWith('#') && !/^(g_all|g_livesum|promfold_)/.test(line))
      .map(parseSample);
    return new Map(
      samples.map((s) => [`${s.name} ${JSON.stringify(s.labels)}`, numberOf(s.value)]),
    );
  } finally {
    await scraper.close();
  }
}

/** A sum of floats may be rounded up where its order changed; everything else stays. */
function assertSameTotals(
  now: ReadonlyMap<string, number>,
  was: ReadonlyMap<string, number>,
  where: string,
): void {
  assert.deepEqual([...now.keys()].sort(), [...was.keys()].sort(), where);
  for (const [series, value] of was) {
    const found = now.get(series)!;
    if (!series.startsWith('inexact_total')) assert.equal(found, value, `${series}, ${where}`);
    else assert.ok(found >= value && found <= value * (1 + 4e-16), `${series}, ${where}`);
  }
}

/** Runs kill_compaction.py; the last line that it prints. */
async function kill(args: readonly string[]): Promise<Line> {
  const child = start(python.path, [
    `${ROOT}/test/support/kill_compaction.py`,
    TOOL,
    tempDirectory('/dev/shm'),
    ...args,
  ]);
  const ended = once(child, 'exit');
  let stderr = '';
  child.stderr!.on('data', (chunk) => {
    stderr += chunk;
  });
  const wrong: string[] = [];
  let was: Map<string, number> | undefined;
  let last: Line = {};
  for await (const text of createInterface({ input: child.stdout! })) {
    last = JSON.parse(text);
    if (last.ask !== undefined) {
      const now = await promfoldTotals(last.ask);
      was ??= now;
      assertSameTotals(now, was, `killed at ${last.call}`);
      child.stdin!.write('\n');
    } else if (typeof last.wrong === 'string') {
      wrong.push(text);
    }
  }
  const [exitCode] = await ended;
  assert.equal(exitCode, 0, stderr);
  assert.deepEqual(wrong, []);
  return last;
}

describe('a compaction', { concurrency: 2, skip: python.skip || strace.skip }, () => {
  before(() => execFileSync('make', ['--silent', '-C', `${ROOT}/native`, 'compact-tool']));

  it('is killed at each system call: no number is doubled, none is lost, no scrape fails', async () => {
    const { killed, errors } = await kill(['swap', '--ask', '8']);
    assert.ok(killed! > 200, `${killed} kills`);
    assert.equal(errors, 0);
  });

  it('with the readers stopped, likewise: one that runs gets an error, and no wrong number', async () => {
    const { killed, errors } = await kill(['stopped', '--ask', '8']);
    assert.ok(killed! > 150, `${killed} kills`);
    assert.ok(errors! > 50, `${errors} errors`);
  });

  it('is undone where a call fails, or finished by the next one', async () => {
    for (const args of [
      ['swap', '--error', 'ENOSPC'],
      ['stopped', '--error', 'EIO'],
    ]) {
      const { killed } = await kill([...args, '--every', '2']);
      assert.ok(killed! > 40, `${killed} failures`);
    }
  });

  it('is killed while a process comes back to what it folds: that counts, and once', async () => {
    const { killed, undone } = await kill(['swap', '--reopen', '--every', '8']);
    assert.ok(killed! > 30, `${killed} kills`);
    assert.ok(undone! > 0, 'the exchange was never taken back');
    await kill(['stopped', '--reopen', '--every', '8']);
  });
});
