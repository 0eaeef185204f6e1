/** When `--compact-dead-after` compacts a directory, by a clock that is made up. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Compactions } from '../../src/live/compactions.js';
import { UNLIMITED, withChosen } from '../../src/plan/budget.js';
import type { Writer } from '../../src/processes/writer.js';
import { Scraper } from '../../src/scrape/scraper.js';
import { MadeUpClock } from '../record/made-up.js';
import { counter, writeMetricFile } from '../support/metric-file.js';
import { start } from '../support/process.js';
import { tempDirectory } from '../support/temp.js';

const DEAD_AFTER = 40;

class Compacting {
  readonly directory = join(tempDirectory(), 'prom');
  readonly clock = new MadeUpClock();
  readonly scraper: Scraper;
  readonly compactions: Compactions;
  readonly log: string[] = [];
  readonly alive = new Set<string>();
  /** Called after the look at the files, and before they are read for a compaction. */
  meanwhile: () => void = () => {};
  readonly #beganMs: number;
  #ids: string[] = [];

  constructor(pids: readonly number[], limits = UNLIMITED) {
    mkdirSync(this.directory);
    for (const pid of pids) this.write(pid);
    this.scraper = new Scraper(this.directory, { limits });
    const instant = this.scraper.instant.bind(this.scraper);
    this.scraper.instant = async (...asked) => {
      const taken = await instant(...asked);
      this.meanwhile();
      return taken;
    };
    this.compactions = new Compactions(this.scraper, {
      deadAfterSeconds: DEAD_AFTER,
      limits,
      graceSeconds: 0,
      clock: this.clock,
      procThread: {
        writers: async (_, files) => {
          if (files !== undefined) this.#ids = files.map(({ processId }) => processId);
          return new Map(this.#ids.map((id) => [id, this.#writer(id)]));
        },
        forget: async () => {},
      },
      log: {
        info: (message) => this.log.push(message),
        warn: (message, { cause }) => this.log.push(`${message}: ${String(cause)}`),
      },
    });
    this.compactions.start();
    this.#beganMs = this.clock.dueMs;
  }

  write(pid: number, series = 1): void {
    const entries = Array.from({ length: series }, (_, i) => ({
      ...counter('jobs', pid),
      labels: i === 0 ? {} : { pid: `${pid}`, i: `${i}` },
    }));
    writeMetricFile(join(this.directory, `counter_${pid}.db`), entries);
  }

  /** In the order of their names. */
  get files(): string[] {
    const names = readdirSync(this.directory).filter((name) => name.endsWith('.db'));
    return names.map((name) => name.replace(/-promfold-.*/, 'archive')).sort();
  }

  get sums() {
    return this.compactions.of(undefined);
  }

  /** Looks until so much time has passed since the first one. */
  async until(seconds: number): Promise<void> {
    while (this.clock.dueMs <= this.#beganMs + seconds * 1000) await this.clock.tick();
  }

  async close(): Promise<void> {
    await this.compactions.close();
    await this.scraper.close();
  }

  #writer(processId: string): Writer {
    const nothing = {
      pid: undefined,
      role: undefined,
      program: undefined,
      startSeconds: undefined,
    };
    return { processId, liveness: this.alive.has(processId) ? 'alive' : 'dead', ...nothing };
  }
}

describe('the compactions of a daemon', () => {
  it('wait until processes have been dead for so long, and take no others', async () => {
    const compacting = new Compacting([70_001, 70_002, 70_003]);
    compacting.alive.add('70003');
    try {
      await compacting.until(DEAD_AFTER - 10);
      assert.deepEqual(compacting.files, [
        'counter_70001.db',
        'counter_70002.db',
        'counter_70003.db',
      ]);
      assert.equal(compacting.sums!.compactions, 0);
      await compacting.until(DEAD_AFTER);
      assert.deepEqual(compacting.files, ['counter_70003.db', 'counter_archive']);
      const { compactions, files, freedBytes, failures } = compacting.sums!;
      assert.deepEqual([compactions, files, failures.size], [1, 2, 0]);
      assert.ok(freedBytes > 0);
      assert.deepEqual(compacting.log, ['files of dead processes were compacted']);

      // The archive is not folded again by itself, and then with what died later.
      await compacting.until(3 * DEAD_AFTER);
      assert.equal(compacting.sums!.compactions, 1);
      compacting.write(70_004);
      await compacting.until(4 * DEAD_AFTER);
      assert.equal(compacting.sums!.compactions, 1);
      await compacting.until(4 * DEAD_AFTER + 10);
      assert.deepEqual(compacting.files, ['counter_70003.db', 'counter_archive']);
      assert.equal(compacting.sums!.files, 4);
    } finally {
      await compacting.close();
    }
  });

  it('are tried less and less often where they fail, and say why', async () => {
    const compacting = new Compacting([70_001]);
    const other = start('flock', ['-o', compacting.directory, 'sh', '-c', 'echo held; sleep 60']);
    await new Promise((resolve) => other.stdout!.once('data', resolve));
    const failed = () => compacting.sums!.failures.get('lock') ?? 0;
    try {
      await compacting.until(DEAD_AFTER);
      assert.equal(failed(), 1);
      assert.match(
        compacting.log[0]!,
        /^cannot compact: .*another compaction of it is under way; wait/,
      );
      await compacting.until(2 * DEAD_AFTER);
      assert.equal(failed(), 1);
      await compacting.until(3 * DEAD_AFTER);
      assert.equal(failed(), 2);
      await compacting.until(6 * DEAD_AFTER);
      assert.equal(failed(), 2);
      other.kill();
      await once(other, 'close');
      await compacting.until(7 * DEAD_AFTER);
      assert.deepEqual(compacting.files, ['counter_archive']);
      assert.deepEqual([failed(), compacting.sums!.compactions], [2, 1]);
    } finally {
      other.kill();
      await compacting.close();
    }
  });

  it('are tried less and less often where the directory cannot be read, and say why', async () => {
    const compacting = new Compacting([70_001]);
    const { directory, log } = compacting;
    const failed = () => compacting.sums!.failures.get('error') ?? 0;
    /** Not there but while the scraper looks at it. */
    const away = `${directory}-away`;
    compacting.meanwhile = () => renameSync(directory, away);
    const look = async () => {
      await compacting.clock.tick();
      renameSync(away, directory);
    };
    const untilLooks = async (seconds: number) => {
      const untilMs = compacting.clock.ms + seconds * 1000;
      while (compacting.clock.dueMs <= untilMs) await look();
    };
    try {
      await untilLooks(DEAD_AFTER + 10);
      assert.equal(failed(), 1);
      assert.equal(log[0], `cannot compact: ${directory}: no such directory`);
      await untilLooks(DEAD_AFTER);
      assert.equal(failed(), 1);
      await untilLooks(DEAD_AFTER);
      assert.equal(failed(), 2);
      await untilLooks(3 * DEAD_AFTER);
      assert.equal(failed(), 2);
      compacting.meanwhile = () => {};
      for (let i = 0; i < 10; i++) await compacting.clock.tick();
      assert.deepEqual(compacting.files, ['counter_archive']);
      assert.deepEqual([failed(), log.length], [2, 3]);
    } finally {
      await compacting.close();
    }
  });

  it('keep files that are beyond a limit', async () => {
    const limits = withChosen(UNLIMITED, [{ scope: undefined, quantity: 'series', amount: 50 }]);
    const compacting = new Compacting([70_001, 70_002], limits);
    compacting.write(70_003, 100);
    try {
      await compacting.until(DEAD_AFTER);
      assert.deepEqual(compacting.files, ['counter_70003.db', 'counter_archive']);
      assert.equal(compacting.sums!.files, 2);
    } finally {
      await compacting.close();
    }
  });
});
