/**
 * Exact at scrape time: a file is made, removed, replaced, grown, or truncated and regrown in place,
 * and the very next scrape shows it; 2,000 times, on a disk and on a tmpfs, where inodes are used again.
 */
import assert from 'node:assert/strict';
import { renameSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Scraper } from '../../src/scrape/scraper.js';
import { TEXT } from '../support/dialect.js';
import { valuesOf } from '../support/exposition.js';
import { counter, fileBytes, int32, overwrite } from '../support/metric-file.js';
import { Random, seed } from '../support/random.js';
import { tempDirectory } from '../support/temp.js';

const ROUNDS = 1000;

class Files {
  readonly directory: string;
  /** What every counter must be. */
  readonly counters = new Map<string, number>();
  readonly #entries = new Map<string, [family: string, value: number][]>();
  readonly #random: Random;
  #round = 0;

  constructor(directory: string, random: Random) {
    this.directory = directory;
    this.#random = random;
  }

  change(): string {
    this.#round += 1;
    const names = [...this.#entries.keys()];
    const kinds = ['create', 'remove', 'replace', 'grow', 'regrow'] as const;
    const kind = names.length < 8 ? 'create' : this.#random.pick(kinds);
    const name = kind === 'create' ? `counter_${this.#round}.db` : this.#random.pick(names);
    const path = join(this.directory, name);
    const old = this.#entries.get(name) ?? [];
    // The family's length changes too, so that regrown entries lie elsewhere.
    const fresh: [string, number] = [`f${'x'.repeat(this.#round % 9)}${this.#round}`, this.#round];
    const entries = kind === 'grow' ? [...old, fresh] : kind === 'remove' ? [] : [fresh];
    const bytes = fileBytes(
      'dict4-16',
      entries.map(([family, value]) => counter(family, value)),
    );

    switch (kind) {
      case 'create':
        writeFileSync(path, bytes);
        break;
      case 'remove':
        rmSync(path);
        break;
      case 'replace':
        writeFileSync(`${path}.new`, bytes);
        renameSync(`${path}.new`, path);
        break;
      case 'grow':
        overwrite(path, 8, bytes.subarray(8));
        overwrite(path, 0, int32(bytes.length));
        break;
      default:
        truncateSync(path, 0);
        writeFileSync(path, bytes);
    }
    for (const [family] of old) this.counters.delete(`${family}_total`);
    for (const [family, value] of entries) this.counters.set(`${family}_total`, value);
    if (kind === 'remove') this.#entries.delete(name);
    else this.#entries.set(name, entries);
    return `${kind} ${name}`;
  }
}

describe('a scrape', () => {
  for (const [title, parent] of [
    ['a disk', tmpdir()],
    ['a tmpfs', '/dev/shm'],
  ] as const) {
    const start = seed();
    it(`shows each of ${ROUNDS} changes made just before it, on ${title}`, async () => {
      const directory = tempDirectory(parent);
      const files = new Files(directory, new Random(start));
      const scraper = new Scraper(directory);
      try {
        for (let round = 0; round < ROUNDS; round += 1) {
          const done = files.change();
          const said = valuesOf(String(await scraper.scrape({ dialect: TEXT })));
          const told = `seed ${start}, round ${round}: ${done}`;
          assert.deepEqual([...said].sort(), [...files.counters].sort(), told);
        }
      } finally {
        await scraper.close();
      }
    });
  }

  it('is not fooled by a file that got the inode of a removed one', async (t) => {
    const directory = tempDirectory();
    const scraper = new Scraper(directory);
    const path = join(directory, 'counter_1.db');
    let reused = 0;
    try {
      for (let round = 0; round < 200; round += 1) {
        // Unreadable files are not mapped, so nothing keeps their inode from being used again.
        writeFileSync(path, 'no metric file');
        await scraper.scrape({ dialect: TEXT });
        const { ino } = statSync(path);
        rmSync(path);
        writeFileSync(path, fileBytes('dict4-16', [counter('a', round)]));
        if (statSync(path).ino === ino) reused += 1;
        const said = valuesOf(String(await scraper.scrape({ dialect: TEXT })));
        assert.deepEqual([...said], [['a_total', round]]);
        rmSync(path);
      }
    } finally {
      await scraper.close();
    }
    // Whether one is used again at once is the file system's business; ext4 does it nearly always.
    t.diagnostic(`${reused} of 200 inodes were used again`);
  });
});
