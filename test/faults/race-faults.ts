/** What a reader can see while workers write, the rows of `src/reference.md` L. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MetricFileWriter } from '../../scripts/demo/metric-file-writer.js';
import { mapped } from '../support/mapped.js';
import { counter, int32, overwrite } from '../support/metric-file.js';
import { currentPython } from '../support/parts.js';
import { ROOT } from '../support/paths.js';
import { start } from '../support/process.js';
import { tempDirectory } from '../support/temp.js';
import type { Fault } from './fault.js';
import { DaemonPlace, Place, REST, VICTIM, victimBytes, WHOLE, writeRest } from './place.js';

/** Scrapes for a while, during which real workers write at full speed, die and are replaced. */
export async function withBusyWorkers(
  seconds: number,
  options: { mapLimit?: number },
): Promise<void> {
  const directory = tempDirectory();
  const workers = start(currentPython().path, [`${ROOT}/test/support/busy_workers.py`, '4'], {
    env: { ...process.env, PROMETHEUS_MULTIPROC_DIR: directory },
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  try {
    await Place.use(
      async (place) => {
        const deadline = Date.now() + seconds * 1000;
        let scrapes = 0;
        let observed = 0;
        while (Date.now() < deadline || scrapes < 30 || observed < 1000) {
          await place.scrape();
          for (const [series, count] of place.values) {
            const [, labels] = /^busy_seconds_count(\{.*)\}$/.exec(series) ?? [];
            if (labels === undefined) continue;
            const infinite =
              place.values.get(`busy_seconds_bucket${labels},le="+Inf"}`) ??
              place.values.get(`busy_seconds_bucket{le="+Inf",${labels.slice(1)}}`);
            // Of a label set in the making the last bucket is not there yet.
            if (infinite === undefined) continue;
            assert.equal(infinite, count, series);
            observed += count;
          }
          scrapes += 1;
        }
        if (options.mapLimit === 0) assert.ok(place.own('unmapped_files')! > 10);
      },
      { directory, ...options },
    );
  } finally {
    workers.stdin!.end();
    await once(workers, 'exit');
  }
}

export const RACE_FAULTS: readonly Fault[] = [
  {
    fault: 'a file that is being created: 0 bytes, zeros, a header, entries',
    served: 'everything; its entries once they are counted',
    seen: 'nothing',
    cure: 'none is needed',
    test: async () => {
      await Place.use(async (place) => {
        const { victim } = place;
        writeFileSync(victim, '');
        assert.deepEqual(await place.scrape(), REST);
        truncateSync(victim, 65_536);
        assert.deepEqual(await place.scrape(), REST);
        overwrite(victim, 0, int32(8));
        assert.deepEqual(await place.scrape(), REST);
        overwrite(victim, 8, victimBytes(0).subarray(8));
        assert.deepEqual(await place.scrape(), REST, 'not counted yet');
        assert.deepEqual(place.problems(), []);
        overwrite(victim, 0, int32(victimBytes(0).length));
        assert.deepEqual(await place.scrape(), WHOLE);
        assert.deepEqual(place.problems(), []);
      });
    },
  },
  {
    fault: 'workers killed while they create files and entries',
    served: 'everything that was counted',
    seen: 'FILE_EMPTY after 5 s where a file was left empty',
    cure: 'remove such a file',
    test: {
      file: 'test/e2e/storm.test.ts',
      title: 'never fails, never bends a number, holds on to nothing',
    },
  },
  {
    fault: 'an entry that is written and not counted yet',
    served: 'everything but that entry, and it from then on',
    seen: 'nothing',
    cure: 'none is needed; of a killed writer it never counts',
    test: async () => {
      await Place.use(async (place) => {
        writeFileSync(place.victim, victimBytes(65_536));
        assert.deepEqual(await place.scrape(), WHOLE);
        const more = victimBytes(0).length;
        const longer = Buffer.concat([victimBytes(0), victimBytes(0).subarray(8)]);
        // Half of its bytes, then all, then the count.
        overwrite(place.victim, more, longer.subarray(more, more + 30));
        assert.deepEqual(await place.scrape(), WHOLE);
        overwrite(place.victim, more, longer.subarray(more));
        assert.deepEqual(await place.scrape(), WHOLE);
        overwrite(place.victim, 0, int32(longer.length));
        assert.deepEqual(await place.scrape(), { jobs: 17, loops: 5 });
        assert.deepEqual(place.problems(), []);
      });
    },
  },
  {
    fault: 'a value and its time stored while they are read',
    served:
      'a pair within a cache line is consistent; one across two lines may be of two moments, at worst once in 10,000 reads, for one scrape',
    seen: 'nothing',
    cure: 'none is needed: the next scrape is right',
    test: {
      file: 'native/test/pair_test.cc',
      title: 'a pair inside a cache line is never torn, in millions of readings',
    },
  },
  {
    fault: 'workers writing at full speed, files mapped',
    served: 'counters and buckets that never go back, `+Inf` always equal to `_count`',
    seen: 'nothing',
    cure: 'none is needed',
    test: () => withBusyWorkers(4, {}),
  },
  {
    fault: 'the same with no mapping left: every file is read in several steps',
    served: 'counters and buckets that never go back, `+Inf` always equal to `_count`',
    seen: '`promfold_unmapped_files`',
    cure: 'a larger `vm.max_map_count`',
    test: () => withBusyWorkers(4, { mapLimit: 0 }),
  },
  {
    fault: 'files created, removed, replaced and grown between two scrapes',
    served: 'each as it is when the scrape begins',
    seen: 'nothing',
    cure: 'none is needed',
    test: { file: 'test/e2e/exactness.test.ts', title: 'changes made just before it, on' },
  },
  {
    fault: 'a file removed between the listing and its opening',
    served: 'everything else, and what was mapped',
    seen: 'nothing, or FILE_UNREADABLE for one scrape',
    cure: 'none is needed: the next scrape is right',
    test: {
      file: 'native/test/metric_file_test.cc',
      title: 'a file unlinked since the listing: mapped it is still good, else it cannot be read',
    },
  },
  {
    fault: 'values that change while neither size nor mtime do',
    served: 'each value as it is',
    seen: 'nothing',
    cure: 'none is needed',
    test: async () => {
      await Place.use(async (place) => {
        rmSync(place.victim, { force: true });
        const writer = new MetricFileWriter(place.victim, mapped);
        const key = { ...counter('jobs', 0), help: 'help' };
        const offset = writer.createEntry(key, 5);
        assert.equal((await place.scrape()).jobs, 12);
        const before = statSync(place.victim, { bigint: true });
        for (let i = 1; i <= 20; i += 1) {
          writer.add(offset, 1);
          assert.equal((await place.scrape()).jobs, 12 + i);
        }
        const after = statSync(place.victim, { bigint: true });
        assert.equal(after.size, before.size);
        writer.close();
      });
    },
  },
  {
    fault: 'a file that is damaged and repaired, again and again',
    served: 'everything; its gauges while it is good',
    seen: 'FILE_CORRUPT a few times, then one line a minute that says how often',
    cure: 'find who else writes the file',
    test: async () => {
      const directory = tempDirectory();
      const victim = join(directory, VICTIM);
      writeRest(directory);
      writeFileSync(victim, victimBytes());
      await DaemonPlace.use(directory, async (place) => {
        const times = 150;
        assert.deepEqual(await place.scrape(), WHOLE);
        for (let i = 0; i < times; i += 1) {
          overwrite(victim, 0, int32(-1));
          assert.deepEqual(await place.scrape(), WHOLE, 'its last good values are held');
          overwrite(victim, 0, victimBytes());
          assert.deepEqual(await place.scrape(), WHOLE);
        }
        const lines = () => place.daemon.log.split('\n').filter((line) => line.includes(VICTIM));
        assert.ok(lines().length > 1 && lines().length <= 10, place.daemon.log);
        // The count comes after a minute, or when the daemon stops.
        assert.equal(await place.daemon.stop(), 0);
        const [, count] = /msg="changed (\d+) times in the last minute"/.exec(lines().at(-1)!)!;
        assert.ok(Number(count) >= 1.5 * times, `${count} changes`);
      });
    },
  },
];
