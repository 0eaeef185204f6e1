/**
 * Good values do not vanish (`src/reference.md` N10): a file that was served and cannot be read any
 * more keeps giving the last values of its counters, its gauges stop, and promfold_held_files says so,
 * until it reads well again, is replaced or removed.
 */
import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Scraper } from '../../src/scrape/scraper.js';
import { Daemon } from '../support/cli.js';
import { TEXT } from '../support/dialect.js';
import { valuesOf } from '../support/exposition.js';
import { counter, fileBytes, gauge, int32, overwrite } from '../support/metric-file.js';
import { assertSameLines } from '../support/same-lines.js';
import { tempDirectory } from '../support/temp.js';

const COUNTERS = Array.from({ length: 300 }, (_, i) => counter('jobs', i + 1, { n: String(i) }));
const TOTAL = (300 * 301) / 2;

interface Place {
  readonly directory: string;
  /** The file that is going to be damaged; another one stays as it is. */
  readonly path: string;
  readonly gaugePath: string;
}

function place(): Place {
  const directory = tempDirectory();
  const path = join(directory, 'counter_1.db');
  const gaugePath = join(directory, 'gauge_max_1.db');
  writeFileSync(path, fileBytes('dict4-16', COUNTERS, 65_536));
  writeFileSync(
    join(directory, 'counter_2.db'),
    fileBytes('dict4-16', [counter('other', 7)], 65_536),
  );
  writeFileSync(gaugePath, fileBytes('dict4-16', [gauge('depth', 5)], 65_536));
  return { directory, path, gaugePath };
}

const sumOf = (exposition: string, name: string): number =>
  [...valuesOf(exposition)]
    .filter(([series]) => series.startsWith(name))
    .reduce((sum, [, value]) => sum + value, 0);

const USED = fileBytes('dict4-16', COUNTERS).length;

const damages: [title: string, damage: (path: string) => void][] = [
  ['truncated to nothing', (path) => truncateSync(path, 0)],
  ['truncated to 3 bytes', (path) => truncateSync(path, 3)],
  ['truncated inside the first page', (path) => truncateSync(path, 1001)],
  ['truncated at a page', (path) => truncateSync(path, 4096)],
  ['truncated inside the last value', (path) => truncateSync(path, USED - 12)],
  ['zeroed', (path) => overwrite(path, 0, Buffer.alloc(65_536))],
  ['zeroed in the middle', (path) => overwrite(path, 4096, Buffer.alloc(4096))],
  ['zeroed at the end', (path) => overwrite(path, USED - 2048, Buffer.alloc(2048))],
  ['overwritten by text', (path) => overwrite(path, 0, Buffer.from('text\n'.repeat(2000)))],
  [
    'overwritten by an SQLite database',
    (path) => writeFileSync(path, 'SQLite format 3\0'.repeat(99)),
  ],
  ['given a used beyond its end', (path) => overwrite(path, 0, int32(1 << 30))],
  ['given a negative used', (path) => overwrite(path, 0, int32(-8))],
];

describe('a counter file that was served', () => {
  for (const [title, damage] of damages) {
    it(`is held when it is ${title}, and is back when it reads well`, async () => {
      const { directory, path } = place();
      const healthy = readFileSync(path);
      const scraper = new Scraper(directory);
      const scrape = async () => String(await scraper.scrape({ dialect: TEXT }));
      try {
        const before = await scrape();
        assert.equal(sumOf(before, 'jobs_total'), TOTAL);
        damage(path);
        for (let i = 0; i < 3; i += 1) assertSameLines(await scrape(), before, `scrape ${i}`);
        assert.ok(
          scraper.problems().some((problem) => problem.path === path),
          `not reported: ${scraper.problems().map(String).join('; ')}`,
        );

        writeFileSync(path, healthy);
        overwrite(path, 0, healthy);
        assertSameLines(await scrape(), before, 'healthy again');
        assert.deepEqual(scraper.problems(), []);
      } finally {
        await scraper.close();
      }
    });
  }

  it('is let go when it is replaced', async () => {
    const { directory, path } = place();
    const scraper = new Scraper(directory);
    const scrape = async () => String(await scraper.scrape({ dialect: TEXT }));
    try {
      await scrape();
      truncateSync(path, 100);
      assert.equal(sumOf(await scrape(), 'jobs_total'), TOTAL);
      writeFileSync(`${path}.new`, fileBytes('dict4-16', [counter('jobs', 4)]));
      renameSync(`${path}.new`, path);
      assert.equal(sumOf(await scrape(), 'jobs_total'), 4);
      truncateSync(path, 20);
      assert.equal(sumOf(await scrape(), 'jobs_total'), 4);
      rmSync(path);
      const after = await scrape();
      assert.doesNotMatch(after, /jobs/);
      assert.match(after, /^other_total 7\.0$/m);
      assert.deepEqual(scraper.problems(), []);
    } finally {
      await scraper.close();
    }
  });

  it('stays when permission to read it is taken away, for one who is not root', async () => {
    const { directory, path } = place();
    const nobody = 65_534;
    if (process.getuid?.() === 0) {
      for (const each of [directory, path]) chownSync(each, nobody, nobody);
    }
    const daemon = await Daemon.serve(directory, [], { uid: nobody });
    try {
      const before = await daemon.get('/metrics');
      assert.equal(sumOf(before.body, 'jobs_total'), TOTAL);
      chmodSync(path, 0);
      for (const damage of [() => {}, () => truncateSync(path, 0)]) {
        damage();
        const after = await daemon.get('/metrics');
        assert.equal(after.status, 200);
        assert.equal(sumOf(after.body, 'jobs_total'), TOTAL);
      }
      assert.ok(daemon.log.includes(path), daemon.log);
    } finally {
      await daemon.stop();
    }
  });
});

describe('a gauge file that was served', () => {
  it('stops when it cannot be read', async () => {
    const { directory, gaugePath } = place();
    const scraper = new Scraper(directory);
    try {
      assert.match(String(await scraper.scrape({ dialect: TEXT })), /^depth 5\.0$/m);
      truncateSync(gaugePath, 20);
      const after = String(await scraper.scrape({ dialect: TEXT }));
      assert.doesNotMatch(after, /^depth/m);
      assert.equal(sumOf(after, 'jobs_total'), TOTAL);
    } finally {
      await scraper.close();
    }
  });
});

describe('promfold_held_files', () => {
  it('counts them, and the daemon names them in its log', async () => {
    const { directory, path } = place();
    const daemon = await Daemon.serve(directory);
    const held = async () => {
      const { body } = await daemon.get('/metrics');
      return { held: valuesOf(body).get('promfold_held_files'), jobs: sumOf(body, 'jobs_total') };
    };
    try {
      const healthy = readFileSync(path);
      assert.deepEqual(await held(), { held: 0, jobs: TOTAL });
      truncateSync(path, 500);
      assert.deepEqual(await held(), { held: 1, jobs: TOTAL });
      assert.ok(daemon.log.includes(path), daemon.log);
      writeFileSync(path, healthy);
      assert.deepEqual(await held(), { held: 0, jobs: TOTAL });
    } finally {
      await daemon.stop();
    }
  });
});
