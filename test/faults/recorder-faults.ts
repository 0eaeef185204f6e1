/** What happens to the folder and to the clock of the flight recorder. What is served is never affected. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MetricFileWriter } from '../../scripts/demo/metric-file-writer.js';
import { openRecording, type Recording } from '../../src/native.js';
import { IncidentFolder } from '../../src/record/incident-folder.js';
import type { Status } from '../../src/serve/api/status.js';
import { BlackBox, folderOf, VANISHED } from '../record/black-box.js';
import { mapped } from '../support/mapped.js';
import { counter, fileBytes } from '../support/metric-file.js';
import { ROOT } from '../support/paths.js';
import { keysOf, readFolder } from '../support/recording.js';
import { until } from '../support/session.js';
import { tempDirectory } from '../support/temp.js';
import type { Fault } from './fault.js';
import { onFileSystem } from './file-system.js';
import { DaemonPlace, VICTIM, victimBytes, WHOLE, writeRest } from './place.js';

const NOBODY = 65_534;

const GAP_SECONDS = 5;

function filled(): string {
  const directory = tempDirectory();
  // Another user reads it, too.
  chmodSync(directory, 0o755);
  writeRest(directory);
  writeFileSync(join(directory, VICTIM), victimBytes());
  return directory;
}

function recording(
  folder: string,
  work: (place: DaemonPlace) => Promise<void>,
  options: Parameters<typeof DaemonPlace.use>[2] = {},
): Promise<void> {
  const flags = [`--recorder.dir=${folder}`, '--recorder.interval=100ms'];
  return DaemonPlace.use(filled(), work, { flags, ...options });
}

async function ticksOf({ daemon }: DaemonPlace): Promise<number> {
  const { body } = await daemon.get('/api/v1/status');
  return (JSON.parse(body) as Status).recorder!.ticks;
}

/** In memory, whatever becomes of the folder. */
async function recordsOn(place: DaemonPlace): Promise<void> {
  const before = await ticksOf(place);
  // A tick that is under way may have an earlier time, which is forgotten when the clock is set forward by an hour.
  await until(
    async () => (await ticksOf(place)) >= before + 6,
    () => `ticks: ${place.daemon.log}`,
  );
  const response = await fetch(`${place.daemon.url}/api/v1/recording`);
  const memory = await openRecording([new Uint8Array(await response.arrayBuffer())]);
  assert.ok(memory.times().length >= 5);
  assert.deepEqual(await valuesAt(memory, Number.POSITIVE_INFINITY), WHOLE);
}

/** The sums over all files. */
async function valuesAt(memory: Recording, time: number) {
  const names = keysOf(memory).map((key) => (JSON.parse(key) as string[])[0]!);
  const { keyId, value } = (await memory.at(time))!;
  const sums: Record<string, number> = { jobs: 0, loops: 0 };
  for (const [i, key] of keyId.entries()) {
    if (names[key]! in sums) sums[names[key]!]! += value[i]!;
  }
  return sums;
}

async function isToldOnce(place: DaemonPlace, cause: RegExp): Promise<void> {
  await place.logSays(/recording goes on in memory only/);
  await recordsOn(place);
  assert.deepEqual(await place.scrape(), WHOLE);
  assert.ok(place.own('recorder_disk_failures_total')! >= 1);
  const lines = place.daemon.log.match(/.*recording goes on in memory only.*/g)!;
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, cause);
}

/** A folder is tried again after 30 s. */
async function isWrittenAgain({ daemon }: DaemonPlace): Promise<void> {
  await until(
    () => /recording is written to its folder again/.test(daemon.log),
    () => daemon.log,
  );
}

/** Values that need more than the rest of a block at each tick. */
function keepMoving(directory: string): () => void {
  const writer = new MetricFileWriter(join(directory, 'counter_77.db'), mapped);
  const offsets = Array.from({ length: 60 }, (_, i) =>
    writer.createEntry({ ...counter('moving', 0, { i: `${i}` }), help: 'help' }),
  );
  const timer = setInterval(() => {
    for (const offset of offsets) writer.add(offset, Math.random());
  }, 50);
  return () => {
    clearInterval(timer);
    writer.close();
  };
}

const TOLD =
  'one line in the log, with the cause; `promfold_recorder_disk_failures_total`; what is recorded is in memory only';

export const RECORDER_FAULTS: readonly Fault[] = [
  {
    fault: 'the disk of `--recorder.dir` is full (ENOSPC)',
    served: 'everything',
    seen: TOLD,
    cure: 'room, or a smaller `--recorder.disk-size`: it is tried again every 30 s, and what is missing since comes with the next sealed segment',
    test: () =>
      onFileSystem('small-tmpfs', (root) => {
        const folder = join(root, 'recorded');
        return recording(folder, async (place) => {
          await recordsOn(place);
          const stop = keepMoving(place.directory);
          const filler = join(root, 'filler');
          const { bavail, bsize } = statfsSync(root);
          writeFileSync(filler, Buffer.alloc(bavail * bsize));
          await isToldOnce(place, /no space left on device/);
          rmSync(filler);
          await isWrittenAgain(place);
          await recordsOn(place);
          stop();
          await place.daemon.stop();
          const times = (await readFolder(folder)).times();
          const gaps = times.subarray(1).map((time, i) => time - times[i]!);
          assert.ok(Math.max(...gaps) < GAP_SECONDS, `a gap of ${Math.max(...gaps)} s`);
        });
      }),
  },
  {
    fault: '`--recorder.dir` on a file system that is read-only',
    served: 'everything',
    seen: TOLD,
    cure: 'a folder that can be written: it is tried again every 30 s',
    test: () =>
      onFileSystem(
        'read-only',
        (root) => recording(root, (place) => isToldOnce(place, /read-only file system/)),
        tempDirectory(),
      ),
  },
  {
    fault: '`--recorder.dir` of another user (EACCES)',
    served: 'everything',
    seen: TOLD,
    cure: 'give it to the user of promfold: it is tried again every 30 s',
    test: () => {
      const folder = join(tempDirectory(), 'recorded');
      mkdirSync(folder, { mode: 0o700 });
      return recording(folder, (place) => isToldOnce(place, /permission denied/), { uid: NOBODY });
    },
  },
  {
    fault: '`--recorder.dir` removed while it is written',
    served: 'everything',
    seen: TOLD,
    cure: 'none is needed: it is created again within 30 s',
    test: () => {
      const folder = join(tempDirectory(), 'recorded');
      return recording(folder, async (place) => {
        await recordsOn(place);
        rmSync(folder, { recursive: true });
        await isToldOnce(place, /its file was removed/);
        await isWrittenAgain(place);
        await recordsOn(place);
        assert.ok(readdirSync(folder).length >= 1);
      });
    },
  },
  {
    fault: 'the clock is set while the recorder runs',
    served: 'everything',
    seen: 'a segment, and a file, begins with the new time; after the clock was set back, times overlap',
    cure: 'none is needed',
    test: () => {
      const folder = join(tempDirectory(), 'recorded');
      const jump = join(tempDirectory(), 'jump');
      writeFileSync(jump, '0');
      const env = {
        JUMP_FILE: jump,
        NODE_OPTIONS: `--require=${ROOT}/test/support/jumping-clock.cjs`,
      };
      return recording(
        folder,
        async (place) => {
          await recordsOn(place);
          for (const [i, seconds] of [3600, -3600].entries()) {
            writeFileSync(jump, String(seconds));
            await recordsOn(place);
            await until(
              () => readdirSync(folder).length === i + 2,
              () => `a file more: ${readdirSync(folder)}`,
            );
          }
          await place.daemon.stop();
          const recorded = await readFolder(folder);
          const segments = recorded.segments();
          assert.equal(segments.length, 3);
          assert.ok(segments.every(({ isDamaged, ticks }) => !isDamaged && ticks >= 5));
          const starts = segments.map(({ fromSeconds }) => fromSeconds).sort((a, b) => a - b);
          assert.ok(starts[1]! - starts[0]! > 3500 && starts[2]! - starts[1]! > 3500);
          assert.deepEqual(await valuesAt(recorded, Number.POSITIVE_INFINITY), WHOLE);
        },
        { env },
      );
    },
  },
  {
    fault: 'another directory in the place of the one that is recorded',
    served: 'the new one, from the next scrape on',
    seen: 'the recording has both, each at its time',
    cure: 'none is needed',
    test: () => {
      const folder = join(tempDirectory(), 'recorded');
      return recording(folder, async (place) => {
        await recordsOn(place);
        const replacedSeconds = Date.now() / 1000;
        renameSync(place.directory, `${place.directory}.old`);
        mkdirSync(place.directory);
        writeFileSync(
          join(place.directory, VICTIM),
          fileBytes('dict4-16', [counter('jobs', 100), counter('loops', 50)]),
        );
        const fresh = new DaemonPlace(place.directory, place.daemon);
        await until(
          async () => (await fresh.daemon.get('/metrics')).status === 200,
          () => 'the new directory',
        );
        assert.deepEqual(await fresh.scrape(), { jobs: 100, loops: 50 });
        await sleep(500);
        await place.daemon.stop();
        const recorded = await readFolder(folder);
        assert.deepEqual(await valuesAt(recorded, replacedSeconds), WHOLE);
        const last = await valuesAt(recorded, Number.POSITIVE_INFINITY);
        assert.deepEqual(last, { jobs: 100, loops: 50 });
      });
    },
  },
  {
    fault:
      'the folder of incidents cannot be written (full, read-only, another user) when a process ends',
    served: 'everything',
    seen: 'the line `incident` of the log says `in memory only`, with the cause; the API has it until the next one',
    cure: 'room, or a folder that can be written, for the next one',
    test: () =>
      onFileSystem('small-tmpfs', async (path) => {
        const box = new BlackBox('unexplained', { path, maxBytes: 10_000_000 });
        const { bavail, bsize } = statfsSync(path);
        box.bytes = Buffer.alloc(bavail * bsize + 1);
        await box.add(VANISHED);
        assert.match(String(box.log[0]!.cause), /^in memory only: no space left on device/);
        const [incident] = await box.incidents.list();
        const { length } = (await box.incidents.read(incident!.id))!;
        assert.equal(length, box.bytes.length);
        box.ms += 60_000;
        box.bytes = Buffer.from('recording');
        await box.add(VANISHED, 'next');
        const folder = new IncidentFolder(path, 10_000_000);
        const ids = (await folder.list()).map(({ id }) => id);
        assert.deepEqual(ids, ['incident-next-20261130T022000.000Z']);
      }),
  },
  {
    fault: 'the description of an incident is damaged, or only one of its two files is there',
    served: 'everything',
    seen: 'the others are listed; that one is not, and the folder is not touched otherwise',
    cure: 'its `.rec` is a recording that `promfold explain` reads as it is',
    test: async () => {
      const { path } = folderOf();
      const box = new BlackBox('unexplained', { path, maxBytes: 10_000_000 });
      for (const source of ['one', 'two', 'three']) {
        await box.add(VANISHED, source);
        box.ms += 60_000;
      }
      const fileOf = (source: string, suffix: string) =>
        join(path, 'incidents', `incident-${source}-20261130T022000.000Z.${suffix}`);
      writeFileSync(fileOf('one', 'json'), '{"id": "incident-');
      rmSync(fileOf('two', 'rec'));
      const next = new BlackBox('unexplained', { path, maxBytes: 10_000_000 });
      const sources = (await next.incidents.list()).map(({ source }) => source);
      assert.deepEqual(sources, ['three']);
      await next.add(VANISHED, 'four');
      assert.equal((await next.incidents.list()).length, 2);
    },
  },
];
