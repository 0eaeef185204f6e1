/**
 * Whole days by a simulated clock: what is not wrong raises no alarm, and what is planted is named in time, in every seed. The script
 * scripts/watchdog/false-alarms.ts does the same for as many seeds as are asked for.
 *
 * The numbers of the rules were chosen with seeds up to 200; others begin at UNSEEN_SEEDS.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isLate, judgeFault, judgeHealthy } from './traces/judged.js';
import { PLANTED } from './traces/planted.js';
import { HEALTHY } from './traces/scenarios.js';
import { UNSEEN } from './traces/unseen.js';

const UNSEEN_SEEDS = 10_001;
const SEEDS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].flatMap((i) => [1 + i, UNSEEN_SEEDS + i]);

describe('a day on which nothing is wrong', () => {
  for (const name of Object.keys(HEALTHY)) {
    it(`raises no alarm: ${name}`, () => {
      const alarms = SEEDS.flatMap((seed) =>
        judgeHealthy(name, seed).alarms.map((alarm) => `seed ${seed}, ${alarm}`),
      );
      assert.deepEqual(alarms, []);
    });
  }

  // Most of their seeds raise none at all; the manual says which do.
  for (const name of Object.keys(UNSEEN)) {
    it(`has nothing that stalled: ${name}`, () => {
      const alarms = SEEDS.slice(0, 6).flatMap((seed) => judgeHealthy(name, seed).alarms);
      assert.deepEqual(
        alarms.filter((alarm) => alarm.includes('is stalled')),
        [],
      );
    });
  }
});

describe('what is planted', () => {
  for (const name of Object.keys(PLANTED)) {
    it(`is named in time, and nothing else: ${name}`, () => {
      for (const seed of SEEDS) {
        const judged = judgeFault(name, seed);
        assert.ok(!isLate(judged), `seed ${seed}: ${JSON.stringify(judged)}`);
        assert.deepEqual(judged.alarms, [], `seed ${seed}, where ${judged.victim} is wrong`);
      }
    });
  }
});
