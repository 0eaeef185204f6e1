/**
 * Ring three: a directory changes at random, and after every change promfold says what the slow
 * merge of test/reference.ts says. PROMFOLD_TEST_SEED repeats a failure.
 */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Scraper } from '../../src/scrape/scraper.js';
import { TEXT } from '../support/dialect.js';
import { faultsOf } from '../support/exposition.js';
import { Random, seed } from '../support/random.js';
import { assertSameLines } from '../support/same-lines.js';
import { tempDirectory } from '../support/temp.js';
import { DirectoryModel } from './directory-model.js';

const STEPS = 300;
const first = seed();

describe('a directory under random change', () => {
  for (let run = 0; run < 8; run += 1) {
    it(`is served as the reference would, seed ${first + run}`, async () => {
      // A compaction makes another one next to it.
      const directory = join(tempDirectory(), 'prom');
      mkdirSync(directory);
      const random = new Random(first + run);
      const model = new DirectoryModel(directory, random);
      const scraper = new Scraper(directory);
      const done: string[] = [];
      try {
        for (let step = 0; step < STEPS; step += 1) {
          done.push(random.chance(0.05) ? await model.compact() : model.change());
          const { exposition, unreadable } = model.expected();
          const said = String(await scraper.scrape({ dialect: TEXT }));
          const told = `seed ${first + run}, step ${step}: ${done.slice(-8).join('; ')}`;
          assertSameLines(said, exposition, told);
          assert.deepEqual(faultsOf(said, false), [], told);
          const named = scraper.problems().map(({ path }) => path.slice(directory.length + 1));
          for (const name of unreadable)
            assert.ok(named.includes(name), `${name} unnamed, ${told}`);
        }
        assert.ok(model.foldedFiles > 0);
      } finally {
        await scraper.close();
      }
    });
  }
});
