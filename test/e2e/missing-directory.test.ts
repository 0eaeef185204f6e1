/** A directory that is not there yet, comes, goes and comes back, as `serve` and `scrape` see it. */
import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Daemon, promfold } from '../support/cli.js';
import { counter, fileBytes } from '../support/metric-file.js';
import { tempDirectory } from '../support/temp.js';

const one = (value: number) => fileBytes('dict4-16', [counter('jobs', value)], 4096);

describe('serve', () => {
  it('waits for a directory, picks it up, misses it when it is gone, and finds it again', async () => {
    const directory = join(tempDirectory(), 'not', 'there');
    const daemon = await Daemon.serve(directory);
    try {
      const waiting = await daemon.get('/metrics');
      assert.equal(waiting.status, 200);
      assert.match(waiting.body, /^promfold_up 0(\.0)?$/m);
      assert.doesNotMatch(waiting.body, /^(?!promfold_)[a-z]/m);
      const notReady = await daemon.get('/-/ready');
      assert.equal(notReady.status, 503);
      assert.ok(notReady.body.includes(directory), notReady.body);
      assert.equal((await daemon.get('/-/healthy')).status, 200);

      mkdirSync(directory, { recursive: true });
      writeFileSync(join(directory, 'counter_1.db'), one(5));
      assert.equal((await daemon.get('/-/ready')).status, 200);
      const there = await daemon.get('/metrics');
      assert.match(there.body, /^jobs_total 5\.0$/m);
      assert.match(there.body, /^promfold_up 1(\.0)?$/m);

      rmSync(directory, { recursive: true });
      const gone = await daemon.get('/metrics');
      assert.equal(gone.status, 503);
      assert.match(gone.body.trimEnd(), /^[^\n]+$/);
      assert.ok(gone.body.includes(directory), gone.body);
      const missed = await daemon.get('/-/ready');
      assert.equal(missed.status, 503);
      assert.ok(missed.body.includes(directory), missed.body);
      assert.equal((await daemon.get('/-/healthy')).status, 200);

      mkdirSync(directory);
      writeFileSync(join(directory, 'counter_2.db'), one(6));
      const back = await daemon.get('/metrics');
      assert.equal(back.status, 200);
      assert.match(back.body, /^jobs_total 6\.0$/m);
      assert.equal((await daemon.get('/-/ready')).status, 200);

      // Another directory in its place, between two scrapes.
      renameSync(directory, `${directory}.old`);
      mkdirSync(directory);
      writeFileSync(join(directory, 'counter_2.db'), one(7));
      assert.match((await daemon.get('/metrics')).body, /^jobs_total 7\.0$/m);
      assert.equal(await daemon.stop(), 0);
    } finally {
      await daemon.stop();
    }
  });

  it('answers 503 while a file is where the directory was', async () => {
    const directory = join(tempDirectory(), 'prom');
    mkdirSync(directory);
    const daemon = await Daemon.serve(directory);
    try {
      assert.equal((await daemon.get('/metrics')).status, 200);
      rmSync(directory, { recursive: true });
      writeFileSync(directory, 'a file');
      assert.equal((await daemon.get('/metrics')).status, 503);
    } finally {
      await daemon.stop();
    }
  });
});

describe('scrape', () => {
  const cases: [title: string, make: (path: string) => void][] = [
    ['is missing', () => {}],
    ['is a file', (path) => writeFileSync(path, '')],
  ];
  for (const [title, make] of cases) {
    it(`exits 2 with one line when the directory ${title}`, async () => {
      const directory = join(tempDirectory(), 'prom');
      make(directory);
      const { exitCode, stdout, stderr } = await promfold(['scrape', directory]);
      assert.equal(exitCode, 2);
      assert.equal(stdout, '');
      assert.match(stderr, /^[^\n]+\n$/);
      assert.ok(stderr.includes(directory), stderr);
    });
  }

  it('reads a directory whose name is a glob pattern', async () => {
    const directory = join(tempDirectory(), 'ab[cd]*x');
    mkdirSync(directory);
    writeFileSync(join(directory, 'counter_1.db'), one(5));
    const { stdout } = await promfold(['scrape', directory]);
    assert.match(stdout, /^jobs_total 5\.0$/m);
  });
});
