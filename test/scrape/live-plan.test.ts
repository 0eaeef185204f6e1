import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CREATION_SECONDS } from '../../src/files/fault-code.js';
import { LivePlan } from '../../src/scrape/live-plan.js';
import { tempDirectory } from '../support/temp.js';

describe('the live plan', () => {
  it('reports an empty file once it is too old to be in the making, though nothing changed', async () => {
    const directory = tempDirectory();
    writeFileSync(join(directory, 'counter_1.db'), '');
    const live = new LivePlan(directory, 10);
    try {
      await live.update();
      assert.deepEqual(live.problems(), []);
      assert.deepEqual(live.facts().skippedFiles, new Map());

      await sleep((CREATION_SECONDS + 0.5) * 1000);
      await live.update();
      assert.deepEqual(
        live.problems().map(({ code }) => code),
        ['FILE_EMPTY'],
      );
      assert.deepEqual(live.facts().skippedFiles, new Map([['empty', 1]]));
    } finally {
      live.close();
    }
  });
});
