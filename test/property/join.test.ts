/** The values of one series, joined by plan/join.ts and by the native fold of a scrape: always the same. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatNumber } from '../../src/format/number.js';
import { joinValues } from '../../src/plan/join.js';
import { OPERATION, type Operation } from '../../src/plan/operation.js';
import { Scraper } from '../../src/scrape/scraper.js';
import { TEXT } from '../support/dialect.js';
import { counter, fileBytes, gauge } from '../support/metric-file.js';
import { seed } from '../support/random.js';
import { tempDirectory } from '../support/temp.js';

const value = fc.oneof(fc.constantFrom(0, -0, 1, -1, NaN, Infinity, -Infinity, 0.1), fc.double());
const timestampSeconds = fc.oneof(fc.constantFrom(0, -1, NaN, 1, 2, Infinity), fc.double());
/** At most nine, so that names are in the order of numbers. */
const values = fc.array(fc.record({ value, timestampSeconds }), { minLength: 1, maxLength: 9 });

/** By operation, names of files whose values join by it. */
const NAMES: readonly [operation: keyof typeof OPERATION, name: (i: number) => string][] = [
  ['sum', (i) => `counter_${i}.db`],
  ['sum', (i) => `gauge_livesum_${i}.db`],
  ['min', (i) => `gauge_min_${i}.db`],
  ['max', (i) => `gauge_max_${i}.db`],
  ['mostRecent', (i) => `gauge_mostrecent_${i}.db`],
  // Of one process, to which the last file belongs, too: liveall, then all.
  ['last', (i) => `gauge_${i === 0 ? 'all' : 'liveall'}_7.db`],
];

describe('values of one series', () => {
  for (const [operation, nameOf] of NAMES) {
    it(`are joined by ${operation} as a scrape joins ${nameOf(1)}`, async () => {
      const most = operation === 'last' ? 2 : 9;
      await fc.assert(
        fc.asyncProperty(values, async (all) => {
          const given = all.slice(0, most);
          const { value } = joinValues(OPERATION[operation] as Operation, given);
          const expected = value === undefined ? [] : [formatNumber(value)];
          assert.deepEqual(await scraped(given, nameOf), expected);
        }),
        { numRuns: 100, seed: seed() },
      );
    });
  }
});

/** The value of the one series there is, as it is printed; none where no value counts. */
async function scraped(
  given: readonly { value: number; timestampSeconds: number }[],
  nameOf: (i: number) => string,
): Promise<string[]> {
  const directory = tempDirectory();
  for (const [i, { value, timestampSeconds }] of given.entries()) {
    const entry = nameOf(i).startsWith('counter')
      ? counter('a', value)
      : gauge('a', value, timestampSeconds);
    writeFileSync(join(directory, nameOf(i)), fileBytes('dict4-16', [entry]));
  }
  const scraper = new Scraper(directory);
  try {
    const lines = String(await scraper.scrape({ dialect: TEXT })).split('\n');
    const samples = lines.filter((line) => line !== '' && !line.startsWith('#'));
    return samples.map((line) => line.split(' ').at(-1)!);
  } finally {
    await scraper.close();
  }
}
