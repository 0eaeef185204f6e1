/**
 * The short storm: scripts/storm/storm.ts for a few seconds. scripts/soak is the long one.
 */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { runStorm } from '../../scripts/storm/storm.js';
import { growthOf, type Vitals } from '../../scripts/storm/vitals.js';
import { currentPython } from '../support/parts.js';
import { seed } from '../support/random.js';
import { tempDirectory } from '../support/temp.js';

const python = currentPython();

describe('a daemon in a storm', () => {
  const start = seed();
  it(`never fails, never bends a number, holds on to nothing, seed ${start}`, {
    skip: python.skip,
  }, async () => {
    const directory = join(tempDirectory(), 'prom');
    mkdirSync(directory);
    const { faults, ...report } = await runStorm({
      directory,
      seconds: 12,
      operations: 4_000,
      seed: start,
      pace: 1,
      python: python.path,
      workers: 2,
      sampleSeconds: 0.5,
    });
    assert.deepEqual(faults, []);
    assert.ok(report.answers > 30, `${report.answers} answers`);
    assert.ok(report.kills > 3, `${report.kills} workers killed`);
    assert.ok(report.absences > 0, 'the directory was never away');
    const own = report.samples.map((sample) => sample.own);
    assert.ok(Math.max(...own.map((each) => each.read_faults_total ?? 0)) > 0, 'no read failed');
    assert.ok(Math.max(...own.map((each) => each.held_files ?? 0)) > 0, 'nothing was held');
  });
});

describe('the verdict on growth', () => {
  const sample = (over: Partial<Vitals>): Vitals => ({
    rssAnonMebibytes: 50,
    descriptors: 20,
    mappings: 300,
    threads: 11,
    cpuSeconds: 1,
    ...over,
  });
  const rising = (of: keyof Vitals, step: number) =>
    Array.from({ length: 40 }, (_, i) => sample({ [of]: 50 + i * step }));

  const cases: [title: string, samples: Vitals[], grew: string | undefined][] = [
    ['is none for what stays', rising('descriptors', 0), undefined],
    ['names descriptors that leak', rising('descriptors', 1), 'descriptors'],
    ['names memory that leaks', rising('rssAnonMebibytes', 2), 'rssAnonMebibytes'],
    ['names mappings that leak', rising('mappings', 10), 'mappings'],
    ['is none for what ends where it was', [...rising('mappings', 0), sample({})], undefined],
  ];
  for (const [title, samples, grew] of cases) {
    it(title, () => assert.equal(growthOf(samples, 7_200)[0]?.split(' ')[0], grew));
  }
});
