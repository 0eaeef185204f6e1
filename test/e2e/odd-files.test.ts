/**
 * What may lie in a metrics directory besides metric files, or instead of them: everything else is
 * served, and each oddity is named, in problems() and in the daemon's log.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Scraper } from '../../src/scrape/scraper.js';
import { Daemon, promfold } from '../support/cli.js';
import { TEXT } from '../support/dialect.js';
import { valuesOf } from '../support/exposition.js';
import { counter, fileBytes } from '../support/metric-file.js';
import { tempDirectory } from '../support/temp.js';

const NOBODY = 65_534;
const healthy = fileBytes('dict4-16', [counter('jobs', 3)], 4096);

const oddities: [name: string, code: string, make: (path: string) => void][] = [
  ['counter_fifo.db', 'FILE_NOT_REGULAR', (path) => void execFileSync('mkfifo', [path])],
  ['counter_directory.db', 'FILE_NOT_REGULAR', (path) => mkdirSync(path)],
  ['counter_dangling.db', 'FILE_UNREADABLE', (path) => symlinkSync('/nowhere/at/all', path)],
  ['counter_loop.db', 'FILE_UNREADABLE', (path) => symlinkSync(path, path)],
  ['counter_device.db', 'FILE_NOT_REGULAR', (path) => symlinkSync('/dev/zero', path)],
  [
    'counter_sqlite.db',
    'FILE_CORRUPT',
    (path) => writeFileSync(path, `SQLite format 3\0${'\x10'.repeat(8176)}`),
  ],
  [
    'counter_text.db',
    'FILE_CORRUPT',
    (path) => writeFileSync(path, 'not a metric file\n'.repeat(300)),
  ],
  ['app.db', 'FILE_FOREIGN', (path) => writeFileSync(path, healthy)],
  ['session_1.db', 'FILE_FOREIGN', (path) => writeFileSync(path, healthy)],
  ['gauge_1.db', 'FILE_FOREIGN', (path) => writeFileSync(path, healthy)],
];

function directoryWith(make: (directory: string) => void): string {
  const directory = tempDirectory();
  writeFileSync(join(directory, 'counter_1.db'), healthy);
  writeFileSync(join(directory, 'counter_2.db'), fileBytes('dict4-16', [counter('jobs', 4)]));
  make(directory);
  return directory;
}

async function saidOf(
  directory: string,
): Promise<{ jobs: number | undefined; problems: string[] }> {
  const scraper = new Scraper(directory);
  try {
    const said = valuesOf(String(await scraper.scrape({ dialect: TEXT })));
    const problems = scraper
      .problems()
      .map(({ code, path }) => `${code} ${path.slice(directory.length + 1)}`);
    return { jobs: said.get('jobs_total'), problems };
  } finally {
    await scraper.close();
  }
}

describe('among good files', () => {
  for (const [name, code, make] of oddities) {
    it(`${name} is named as ${code} and costs nothing else`, async () => {
      const directory = directoryWith((directory) => make(join(directory, name)));
      assert.deepEqual(await saidOf(directory), { jobs: 7, problems: [`${code} ${name}`] });
    });
  }

  it('a link to a good file is read like the file', async () => {
    const elsewhere = join(tempDirectory(), 'elsewhere');
    writeFileSync(elsewhere, healthy);
    const directory = directoryWith((d) => symlinkSync(elsewhere, join(d, 'counter_link.db')));
    assert.deepEqual(await saidOf(directory), { jobs: 10, problems: [] });
  });

  it('hidden files and other endings are ignored', async () => {
    const directory = directoryWith((d) => {
      for (const name of ['.counter_3.db', 'counter_3.DB', 'counter_3.db.bak', 'counter_3.dbx']) {
        writeFileSync(join(d, name), healthy);
      }
    });
    assert.deepEqual(await saidOf(directory), { jobs: 7, problems: [] });
  });

  it('a file of 0 bytes is a moment of creation, and is named when it stays so', async () => {
    const directory = directoryWith((d) => writeFileSync(join(d, 'counter_3.db'), ''));
    assert.deepEqual(await saidOf(directory), { jobs: 7, problems: [] });
    // It is the ctime that counts: an mtime is easily set.
    utimesSync(join(directory, 'counter_3.db'), 1, 1);
    assert.deepEqual(await saidOf(directory), { jobs: 7, problems: [] });
    await sleep(5_100);
    const { jobs, problems } = await saidOf(directory);
    assert.deepEqual({ jobs, problems }, { jobs: 7, problems: ['FILE_EMPTY counter_3.db'] });
  });

  it('a file one may not read is named by a daemon that is not root', async () => {
    const directory = directoryWith((d) => writeFileSync(join(d, 'counter_3.db'), healthy));
    const secret = join(directory, 'counter_3.db');
    if (process.getuid?.() === 0) {
      chownSync(directory, NOBODY, NOBODY);
      chownSync(secret, NOBODY, NOBODY);
    }
    chmodSync(secret, 0);
    const daemon = await Daemon.serve(directory, [], { uid: NOBODY });
    try {
      const { status, body } = await daemon.get('/metrics');
      assert.equal(status, 200);
      assert.match(body, /^jobs_total 7\.0$/m);
      assert.match(body, /^promfold_skipped_files\{reason="[a-z_]+"\} 1(\.0)?$/m);
      assert.match(
        daemon.log,
        /permission denied: it belongs to uid \d+ with mode 0000, promfold runs as uid 65534/,
      );
      assert.ok(daemon.log.includes(secret), daemon.log);
      chmodSync(secret, 0o600);
      assert.match((await daemon.get('/metrics')).body, /^jobs_total 10\.0$/m);
    } finally {
      await daemon.stop();
    }
  });

  it('all of them together are named in the log, once each, and the answer is whole', async () => {
    const directory = directoryWith((d) => {
      for (const [name, , make] of oddities) make(join(d, name));
    });
    const daemon = await Daemon.serve(directory);
    try {
      for (let i = 0; i < 3; i += 1) {
        const { status, body } = await daemon.get('/metrics');
        assert.equal(status, 200);
        assert.match(body, /^jobs_total 7\.0$/m);
      }
      for (const [name] of oddities) {
        const lines = daemon.log.split('\n').filter((line) => line.includes(join(directory, name)));
        assert.equal(lines.length, 1, `${name}: ${daemon.log}`);
      }
    } finally {
      await daemon.stop();
    }
  });
});

describe('--strict', () => {
  for (const [name, , make] of oddities) {
    it(`fails a scrape for ${name}, and says which`, async () => {
      const directory = directoryWith((directory) => make(join(directory, name)));
      const { exitCode, stdout, stderr } = await promfold(['scrape', directory, '--strict']);
      assert.equal(exitCode, 2);
      assert.equal(stdout, '');
      assert.ok(stderr.includes(join(directory, name)), stderr);
    });
  }
});
