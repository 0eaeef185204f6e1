/** What never answers: file systems that hang, under one file, under a directory, in the way of discovery. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Daemon, promfold } from '../support/cli.js';
import { valuesOf } from '../support/exposition.js';
import { HangingFileSystem } from '../support/hanging-file-system.js';
import { MAIN } from '../support/paths.js';
import { start } from '../support/process.js';
import { tempDirectory } from '../support/temp.js';
import type { Fault } from './fault.js';
import { DaemonPlace, REST, type Said, VICTIM, victimBytes, WHOLE, writeRest } from './place.js';

/** The first scrape of files that hang waits 2 s for them, that of a directory 3 s; a busy machine some more. */
const FIRST_MS = 4_500;
/** Those after it wait for nothing, and only for a busy machine. */
const NEXT_MS = 3_000;
const QUICK_MS = 500;
const END_MS = 5_000;

async function within<T>(milliseconds: number, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const result = await work();
  const took = performance.now() - started;
  assert.ok(took < milliseconds, `${Math.round(took)} ms, expected less than ${milliseconds}`);
  return result;
}

/** Again and again it waits for nothing; one time out of some the machine is not busy. */
async function isQuick(work: () => Promise<unknown>): Promise<void> {
  const took: number[] = [];
  for (let i = 0; i < 8; i += 1) {
    const started = performance.now();
    await work();
    took.push(performance.now() - started);
  }
  assert.ok(Math.min(...took) < QUICK_MS && Math.max(...took) < NEXT_MS, took.join(' '));
}

/** SIGTERM, while something hangs. */
async function ends(daemon: Daemon): Promise<void> {
  const exitCode = await within(END_MS, () => daemon.stop());
  assert.equal(exitCode, 0, daemon.log);
  assert.match(daemon.log, /msg=stopped/);
}

async function until(what: string, isSo: () => Promise<boolean> | boolean): Promise<void> {
  for (let i = 0; i < 200; i += 1) {
    if (await isSo()) return;
    await sleep(100);
  }
  assert.fail(`not within 20 s: ${what}`);
}

async function saidOf(place: DaemonPlace, expected: Said, told: string): Promise<void> {
  assert.deepEqual(await place.scrape(), expected, told);
}

/** How the victim in a local directory comes to be on the file system. */
const WAYS: readonly [way: string, put: (from: string, to: string) => () => void][] = [
  [
    'a link',
    (from, to) => {
      symlinkSync(from, to);
      return () => rmSync(to);
    },
  ],
  [
    'a mount',
    (from, to) => {
      writeFileSync(to, '');
      execFileSync('mount', ['--bind', from, to]);
      return () => {
        execFileSync('umount', ['-l', to]);
        rmSync(to);
      };
    },
  ],
];

function oneFile(isServedBefore: boolean) {
  return async () => {
    for (const [way, put] of WAYS) {
      await HangingFileSystem.use(async (fileSystem) => {
        const directory = tempDirectory();
        writeRest(directory);
        writeFileSync(join(fileSystem.source, VICTIM), victimBytes());
        const takeAway = put(join(fileSystem.root, VICTIM), join(directory, VICTIM));
        try {
          if (!isServedBefore) await fileSystem.hang();
          const daemon = await Daemon.serve(directory);
          const place = new DaemonPlace(directory, daemon);
          try {
            if (isServedBefore) {
              await saidOf(place, WHOLE, way);
              assert.equal(place.own('unmapped_files'), 1, way);
              await fileSystem.hang();
            }
            const expected = isServedBefore ? WHOLE : REST;
            await within(FIRST_MS, () => saidOf(place, expected, way));
            await isQuick(() => saidOf(place, expected, way));
            assert.equal(place.own('held_files'), isServedBefore ? 1 : 0, way);
            assert.equal(place.own('hung_files'), 1, way);
            const skipped = place.values.get('promfold_skipped_files{reason="unreadable"}');
            assert.equal(skipped ?? 0, isServedBefore ? 0 : 1, way);
            await place.logSays(/its file system does not answer.*FILE_UNREADABLE/);
            assert.equal((await within(NEXT_MS, () => daemon.get('/-/ready'))).status, 200);

            fileSystem.answer();
            await until('served again', async () => (await place.scrape()).jobs === WHOLE.jobs);
            await saidOf(place, WHOLE, way);
            await until('the thread is back', async () => {
              await place.scrape();
              return place.own('hung_files') === 0;
            });
            assert.equal(place.own('held_files'), 0, way);

            await fileSystem.hang();
            await within(FIRST_MS, () => saidOf(place, WHOLE, way));
            await ends(daemon);
          } finally {
            await daemon.stop();
          }
        } finally {
          fileSystem.answer();
          takeAway();
        }
      });
    }
  };
}

/** Runs `promfold serve` with a directory that hangs as one source, and a good one as the other. */
async function alongWithAGoodOne(isServedBefore: boolean): Promise<void> {
  await HangingFileSystem.use(async (fileSystem) => {
    const good = tempDirectory();
    writeRest(good);
    writeFileSync(join(fileSystem.source, VICTIM), victimBytes());
    if (!isServedBefore) await fileSystem.hang();
    const sources = ['--source', `good=${good}`, '--source', `bad=${fileSystem.root}`];
    const daemon = await Daemon.serve(undefined, sources);
    try {
      const scrape = async (isWhole: boolean) => {
        const { status, body } = await within(FIRST_MS, () => daemon.get('/metrics'));
        assert.equal(status, 200, body);
        const values = valuesOf(body);
        assert.equal(values.get('jobs_total{promfold_source="good"}'), REST.jobs);
        assert.equal(values.get('jobs_total{promfold_source="bad"}'), isWhole ? 5 : undefined);
        assert.equal(values.get('promfold_up{promfold_source="bad"}'), isWhole ? 1 : 0);
      };
      if (isServedBefore) {
        await scrape(true);
        await fileSystem.hang();
      }
      await scrape(false);
      await isQuick(() => scrape(false));
      assert.match(daemon.log, /the directory does not answer.*DIRECTORY_UNREADABLE/);
      assert.equal((await within(NEXT_MS, () => daemon.get('/-/ready'))).status, 200);

      fileSystem.answer();
      await until('served again', async () =>
        /^jobs_total\{promfold_source="bad"\} 5\.0$/m.test((await daemon.get('/metrics')).body),
      );
      await fileSystem.hang();
      await scrape(false);
      await ends(daemon);
    } finally {
      await daemon.stop();
    }
  });
}

async function alone(isServedBefore: boolean): Promise<void> {
  await HangingFileSystem.use(async (fileSystem) => {
    writeRest(fileSystem.source);
    if (!isServedBefore) await fileSystem.hang();
    const daemon = await Daemon.serve(fileSystem.root);
    const place = new DaemonPlace(fileSystem.root, daemon);
    try {
      if (isServedBefore) {
        assert.deepEqual(await place.scrape(), REST);
        await fileSystem.hang();
      }
      const told = await within(FIRST_MS, () => place.refusal());
      assert.match(told, /the directory does not answer \(3 s\) \[DIRECTORY_UNREADABLE\]/);
      await isQuick(() => place.refusal());
      const ready = await within(NEXT_MS, () => daemon.get('/-/ready'));
      assert.equal(ready.status, 503);
      assert.match(ready.body, /does not answer/);
      assert.equal((await within(NEXT_MS, () => daemon.get('/-/healthy'))).status, 200);

      fileSystem.answer();
      await until('served again', async () => (await daemon.get('/metrics')).status === 200);
      assert.deepEqual(await place.scrape(), REST);
      assert.equal((await daemon.get('/-/ready')).status, 200);
      await fileSystem.hang();
      // While a scrape waits.
      const waiting = place.refusal();
      await sleep(500);
      await ends(daemon);
      await waiting;
      // While the first scan waits.
      await ends(await Daemon.serve(fileSystem.root));
    } finally {
      await daemon.stop();
    }
  });
}

/** Ctrl-C: ends what hangs, and what is in the middle of a reading that does. */
async function isInterrupted(command: readonly string[], before: () => Promise<void>) {
  const child = start(process.execPath, [MAIN, ...command], { stdio: 'pipe' });
  child.stdout!.resume();
  await before();
  await sleep(1_000);
  const ended = once(child, 'exit');
  child.kill('SIGINT');
  await within(2_000, () => ended);
}

export const HANGING_FAULTS: readonly Fault[] = [
  {
    fault: 'a metric file on a file system that hangs, by a link or a mount',
    served: 'everything else; the first scrape waits 1 s for it',
    seen: 'FILE_UNREADABLE; `promfold_hung_files`',
    cure: 'none is needed: it recovers when the file system answers; or remove the link',
    test: oneFile(false),
  },
  {
    fault: 'a metric file that was served, and whose file system hangs',
    served: 'everything; it is held',
    seen: 'FILE_UNREADABLE; `promfold_held_files`, `promfold_hung_files`',
    cure: 'none is needed: it recovers when the file system answers',
    test: oneFile(true),
  },
  {
    fault: 'twenty metric files on a file system that hangs',
    served: 'everything; they are held. The first scrape waits 2 s for all of them',
    seen: 'FILE_UNREADABLE for each; `promfold_hung_files` counts those that were tried',
    cure: 'none is needed: it recovers when the file system answers',
    test: () =>
      HangingFileSystem.use(async (fileSystem) => {
        const directory = tempDirectory();
        writeRest(directory);
        for (let i = 10; i < 30; i += 1) {
          writeFileSync(join(fileSystem.source, `counter_${i}.db`), victimBytes());
          symlinkSync(join(fileSystem.root, `counter_${i}.db`), join(directory, `counter_${i}.db`));
        }
        const expected = { jobs: REST.jobs + 20 * 5, loops: REST.loops + 20 * 2 };
        await DaemonPlace.use(directory, async (place) => {
          assert.deepEqual(await place.scrape(), expected);
          await fileSystem.hang();
          assert.deepEqual(await within(FIRST_MS, () => place.scrape()), expected);
          await isQuick(async () => assert.deepEqual(await place.scrape(), expected));
          assert.equal(place.own('held_files'), 20);
          const hung = place.own('hung_files')!;
          assert.ok(hung >= 8 && hung <= 20, `${hung}`);
          fileSystem.answer();
          await until('none is held', async () => {
            assert.deepEqual(await place.scrape(), expected);
            return place.own('held_files') === 0;
          });
          await fileSystem.hang();
          await place.scrape();
          await ends(place.daemon);
        });
      }),
  },
  {
    fault: 'a directory that hangs, one of two sources',
    served: 'the other one; the first scrape waits 3 s',
    seen: 'DIRECTORY_UNREADABLE; `promfold_up` 0',
    cure: 'none is needed: it recovers when the file system answers',
    test: () => alongWithAGoodOne(false),
  },
  {
    fault: 'a directory that was served and hangs, one of two sources',
    served: 'the other one',
    seen: 'DIRECTORY_UNREADABLE; `promfold_up` 0',
    cure: 'none is needed: it recovers when the file system answers',
    test: () => alongWithAGoodOne(true),
  },
  {
    fault: 'a directory that hangs, alone',
    served: '503 while it does, from the second scrape on at once',
    seen: 'DIRECTORY_UNREADABLE; `/-/ready` says it, `/-/healthy` stays 200',
    cure: 'none is needed: it recovers when the file system answers; a restart would hang again',
    test: async () => {
      await alone(false);
      await alone(true);
    },
  },
  {
    fault: 'a directory that hangs and is found by `--discover`',
    served: 'all others',
    seen: 'one warning: ETIMEDOUT; once it is a source DIRECTORY_UNREADABLE',
    cure: 'none is needed: it recovers when the file system answers',
    test: () =>
      HangingFileSystem.use(async (fileSystem) => {
        const good = tempDirectory();
        writeRest(good);
        writeFileSync(join(fileSystem.source, VICTIM), victimBytes());
        const users = [good, fileSystem.root].map((directory) =>
          start('sleep', ['600'], {
            env: { PATH: process.env.PATH, PROMETHEUS_MULTIPROC_DIR: directory },
          }),
        );
        await fileSystem.hang();
        const daemon = await Daemon.serve(undefined, ['--discover']);
        const value = async (directory: string) => {
          const { body } = await daemon.get('/metrics');
          return valuesOf(body).get(`jobs_total{promfold_source="${directory}"}`);
        };
        const warnings = () => daemon.log.match(/discovered directory cannot be read.*/g) ?? [];
        const ofThis = () => warnings().filter((line) => line.includes(fileSystem.root));
        try {
          await until('the good one is found', async () => (await value(good)) === REST.jobs);
          await until('the other one is told', () => ofThis().length > 0);
          assert.match(ofThis()[0]!, /ETIMEDOUT/);
          // A scan or two later.
          await sleep(12_000);
          assert.equal(await within(NEXT_MS, () => value(good)), REST.jobs);
          assert.equal(ofThis().length, 1, daemon.log);

          fileSystem.answer();
          await until('it is found', async () => (await value(fileSystem.root)) === 5);
          await fileSystem.hang();
          assert.equal(await within(FIRST_MS, () => value(fileSystem.root)), undefined);
          // Looks go on, and it stays a source.
          await sleep(12_000);
          assert.equal(await within(NEXT_MS, () => value(good)), REST.jobs);
          const left = daemon.log.match(/source left.*/g) ?? [];
          assert.ok(!left.some((line) => line.includes(fileSystem.root)), daemon.log);
          fileSystem.answer();
          await until('it is served again', async () => (await value(fileSystem.root)) === 5);
          await fileSystem.hang();
          await ends(daemon);
        } finally {
          await daemon.stop();
          for (const user of users) user.kill();
        }
      }),
  },
  {
    fault: 'a mount that hangs next to the directory',
    served: 'everything',
    seen: 'nothing',
    cure: 'none is needed',
    test: () =>
      HangingFileSystem.use(async (fileSystem) => {
        const directory = join(fileSystem.root, '..', 'prom');
        mkdirSync(directory);
        writeRest(directory);
        await fileSystem.hang();
        await DaemonPlace.use(directory, async (place) => {
          assert.deepEqual(await place.scrape(), REST);
          for (let i = 0; i < 10; i += 1) {
            // Something happens there, and in the directory.
            mkdirSync(join(fileSystem.root, '..', `another${i}`));
            writeFileSync(join(directory, VICTIM), victimBytes());
            assert.deepEqual(await within(NEXT_MS, () => place.scrape()), WHOLE);
            rmSync(join(directory, VICTIM));
            await sleep(250);
            const left = new DaemonPlace(directory, place.daemon);
            // Compressed on Node's own threads, should one be left.
            const { status } = await within(NEXT_MS, () =>
              place.daemon.get('/metrics', { 'Accept-Encoding': 'gzip' }),
            );
            assert.equal(status, 200);
            assert.deepEqual(await within(NEXT_MS, () => left.scrape()), REST);
          }
          await ends(place.daemon);
        });
      }),
  },
  {
    fault: 'a command on a directory with a file that hangs',
    served: 'everything else, 2 s later; a directory that hangs is reported after the same time',
    seen: 'FILE_UNREADABLE, or DIRECTORY_UNREADABLE',
    cure: 'none is needed: it recovers when the file system answers',
    test: () =>
      HangingFileSystem.use(async (fileSystem) => {
        const directory = tempDirectory();
        writeRest(directory);
        writeFileSync(join(fileSystem.source, VICTIM), victimBytes());
        symlinkSync(join(fileSystem.root, VICTIM), join(directory, VICTIM));
        await fileSystem.hang();
        for (const [command, says] of [
          [['ls', directory], /^3 +unknown .*1 unreadable/m],
          [
            ['check', directory],
            /counter_3\.db: its file system does not answer \[FILE_UNREADABLE\]/,
          ],
          [['explain', 'jobs_total', directory], /jobs_total/],
          [['cat', directory], /jobs/],
          [['scrape', directory], /^jobs_total 7\.0$/m],
        ] as const) {
          const { stdout, stderr } = await within(8_000, () => promfold(command));
          assert.match(stdout, says, `${command.join(' ')}: ${stdout}${stderr}`);
        }
        await isInterrupted(['ls', fileSystem.root], async () => {});
        fileSystem.answer();
        await isInterrupted(['top', '--interval', '0.2', fileSystem.root], async () => {
          await sleep(1_000);
          await fileSystem.hang();
        });
        for (const command of ['ls', 'check', 'scrape', 'top']) {
          const { exitCode, stderr } = await within(8_000, () =>
            promfold([command, fileSystem.root]),
          );
          assert.equal(exitCode, 2, stderr);
          assert.match(stderr, /does not answer/, command);
        }
      }),
  },
];
