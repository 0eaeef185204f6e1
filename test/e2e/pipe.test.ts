/** `promfold scrape | slow reader`: several megabytes arrive whole, and a closed pipe is not a crash. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { readFiles, referenceExposition } from '../reference.js';
import { counter, fileBytes } from '../support/metric-file.js';
import { MAIN } from '../support/paths.js';
import { run, start } from '../support/process.js';
import { assertSameLines } from '../support/same-lines.js';
import { tempDirectory } from '../support/temp.js';

function largeDirectory(): string {
  const directory = tempDirectory();
  const entries = Array.from({ length: 40_000 }, (_, i) =>
    counter('jobs', i, {
      path: `/a/rather/long/path/${i}`,
      method: 'GET',
      handler: 'x'.repeat(60),
    }),
  );
  writeFileSync(join(directory, 'counter_1.db'), fileBytes('dict4-16', entries));
  return directory;
}

describe('promfold scrape into a pipe', () => {
  const directory = largeDirectory();

  it('arrives whole when the reader is slow', async () => {
    const child = start(process.execPath, [MAIN, 'scrape', directory]);
    const exited = once(child, 'exit');
    const chunks: Buffer[] = [];
    child.stdout!.pause();
    await sleep(800);
    for await (const chunk of child.stdout!) {
      chunks.push(chunk as Buffer);
      if (chunks.length % 20 === 0) await sleep(5);
    }
    const [exitCode] = await exited;
    assert.equal(exitCode, 0);
    const said = Buffer.concat(chunks).toString();
    assert.ok(said.length > 4_000_000, `${said.length} bytes`);
    const expected = referenceExposition(readFiles(directory));
    assert.ok(said.length === expected.length);
    assertSameLines(said, expected, 'in the pipe');
  });

  it('ends without a stack trace when the reader has seen enough', async () => {
    const command = `"$0" "$1" scrape "$2" | head -n 1`;
    const { stdout, stderr } = await run('sh', ['-c', command, process.execPath, MAIN, directory]);
    assert.match(stdout, /^# HELP jobs_total/);
    assert.doesNotMatch(stderr, /^\s+at |Error/m);
  });
});
