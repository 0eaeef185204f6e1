/** What happens to the directory itself, on each kind of file system that metrics directories are on. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { MetricFileWriter } from '../../scripts/demo/metric-file-writer.js';
import { mapped } from '../support/mapped.js';
import { counter, fileBytes, gauge, overwrite } from '../support/metric-file.js';
import { ROOT } from '../support/paths.js';
import { tempDirectory } from '../support/temp.js';
import type { Fault } from './fault.js';
import { replace } from './file-faults.js';
import { type FileSystem, onFileSystem } from './file-system.js';
import { DaemonPlace, Place, REST, VICTIM, victimBytes, WHOLE, writeRest } from './place.js';

const NOBODY = 65_534;
const OTHER = 65_533;

function filled(directory: string): string {
  mkdirSync(directory, { recursive: true });
  writeRest(directory);
  return directory;
}

/** What a directory lives through: files come, grow, are replaced and go, and it is renamed and made anew. */
function livesOn(type: FileSystem) {
  return () =>
    onFileSystem(type, async (root) => {
      const directory = filled(join(root, 'prom'));
      await DaemonPlace.use(directory, async (place) => {
        const victim = join(directory, VICTIM);
        assert.deepEqual(await place.scrape(), REST);
        const writer = new MetricFileWriter(victim, mapped);
        const jobs = writer.createEntry({ ...counter('jobs', 0), help: 'help' }, 5);
        writer.createEntry({ ...counter('loops', 0), help: 'help' }, 2);
        assert.deepEqual(await place.scrape(), WHOLE);
        writer.add(jobs, 1);
        assert.equal((await place.scrape()).jobs, WHOLE.jobs + 1);
        for (let i = 0; i < 1500; i += 1) {
          const labels = { n: String(i) };
          writer.createEntry({ ...counter('grown', 0, labels), help: 'help' }, 1);
        }
        assert.ok(writer.sizeBytes > 65_536);
        await place.scrape();
        assert.equal(place.own('series'), 1502);
        writer.close();

        replace(victim, fileBytes('dict4-16', [counter('jobs', 8), counter('loops', 2)]));
        const after = await new DaemonPlace(directory, place.daemon).scrape();
        assert.deepEqual(after, { jobs: 15, loops: 3 });
        rmSync(victim);
        const left = new DaemonPlace(directory, place.daemon);
        assert.deepEqual(await left.scrape(), REST);

        renameSync(directory, `${directory}.old`);
        assert.match(await left.refusal(), /no such directory/);
        filled(directory);
        writeFileSync(victim, victimBytes());
        assert.deepEqual(await left.scrape(), WHOLE);
        rmSync(directory, { recursive: true });
        assert.match(await left.refusal(), /no such directory/);
        filled(directory);
        writeFileSync(victim, victimBytes());
        assert.deepEqual(await left.scrape(), WHOLE);
      });
    });
}

/** A directory of NOBODY, which promfold reads as root. */
async function linksOfOthers(): Promise<void> {
  const elsewhere = tempDirectory();
  chmodSync(elsewhere, 0o755);
  const target = join(elsewhere, 'target');
  writeFileSync(target, victimBytes());
  const left = [`LINK_TO_OTHER_OWNER ${VICTIM}`];
  const inPlace = (linkOwner: number, work: (place: Place) => Promise<void>) =>
    Place.use(async (place) => {
      chownSync(place.directory, NOBODY, NOBODY);
      symlinkSync(target, place.victim);
      lchownSync(place.victim, linkOwner, linkOwner);
      await work(place);
    });

  await inPlace(NOBODY, async (place) => {
    for (const owner of [0, OTHER]) {
      chownSync(target, owner, owner);
      assert.deepEqual(await place.scrape(), REST);
      assert.deepEqual(place.problems(), left);
      const skipped = place.values.get('promfold_skipped_files{reason="link_to_other_owner"}');
      assert.equal(skipped, 1);
    }
    chownSync(target, NOBODY, NOBODY);
    assert.deepEqual(await place.scrape(), WHOLE);
    assert.deepEqual(place.problems(), []);
    // It was served, and is held as other damage is: of the file as it is now nothing is read.
    chownSync(target, OTHER, OTHER);
    assert.deepEqual(await place.scrape(), WHOLE);
    assert.deepEqual(place.problems(), left);
    assert.equal(place.own('held_files'), 1);
    replace(target, fileBytes('dict4-16', [counter('jobs', 1_000), counter('secret', 1)]));
    assert.deepEqual(await place.scrape(), WHOLE);
    assert.equal(place.values.get('secret_total'), undefined);
    replace(target, victimBytes());
    chownSync(target, NOBODY, NOBODY);
    assert.deepEqual(await place.scrape(), WHOLE);
    assert.equal(place.own('held_files'), 0);
    // Another directory owner is another rule for its links.
    chownSync(place.directory, OTHER, OTHER);
    assert.deepEqual(await place.scrape(), WHOLE);
    assert.deepEqual(place.problems(), left);
  });
  for (const linkOwner of [0, OTHER]) {
    await inPlace(linkOwner, async (place) => {
      chownSync(target, NOBODY, NOBODY);
      assert.deepEqual(await place.scrape(), REST);
      assert.deepEqual(place.problems(), left);
    });
  }
}

export const DIRECTORY_FAULTS: readonly Fault[] = [
  {
    fault: 'a directory that does not exist yet, is removed, and comes back',
    served: 'only promfold with `promfold_up 0` until it has existed once; 503 while it is gone',
    seen: '`/-/ready` says what it waits for',
    cure: 'none is needed: it recovers when the directory is back',
    test: {
      file: 'test/e2e/missing-directory.test.ts',
      title: 'waits for a directory, picks it up, misses it when it is gone, and finds it again',
    },
  },
  {
    fault: 'another directory renamed into its place',
    served: 'the new one, from the next scrape on',
    seen: 'nothing',
    cure: 'none is needed',
    test: async () => {
      const directory = filled(join(tempDirectory(), 'prom'));
      await DaemonPlace.use(directory, async (place) => {
        assert.deepEqual(await place.scrape(), REST);
        const other = filled(`${directory}.new`);
        writeFileSync(join(other, VICTIM), victimBytes());
        // In one step, as an application that prepares it first would.
        renameSync(directory, `${directory}.old`);
        renameSync(other, directory);
        assert.deepEqual(await place.scrape(), WHOLE);
        rmSync(`${directory}.old`, { recursive: true });
        assert.deepEqual(await place.scrape(), WHOLE);
      });
    },
  },
  {
    fault: 'a directory removed and created again between two scrapes',
    served: 'the new one',
    seen: 'nothing',
    cure: 'none is needed',
    test: async () => {
      const directory = filled(join(tempDirectory(), 'prom'));
      await DaemonPlace.use(directory, async (place) => {
        assert.deepEqual(await place.scrape(), REST);
        for (let i = 0; i < 5; i += 1) {
          rmSync(directory, { recursive: true });
          filled(directory);
          writeFileSync(join(directory, VICTIM), victimBytes());
          assert.deepEqual(await place.scrape(), WHOLE);
        }
      });
    },
  },
  {
    fault:
      'a directory on tmpfs: files grow, are replaced and removed; the directory is renamed and created again',
    served: 'everything',
    seen: 'nothing; reading takes no disk blocks',
    cure: 'none is needed',
    test: livesOn('tmpfs'),
  },
  {
    fault: 'the same on ext4',
    served: 'everything',
    seen: 'nothing',
    cure: 'none is needed',
    test: livesOn('ext4'),
  },
  {
    fault: 'the same on overlayfs, as in a container',
    served: 'everything',
    seen: '`check`: OVERLAY_FILE_SYSTEM',
    cure: 'none is needed; a volume is better',
    test: livesOn('overlay'),
  },
  {
    fault: 'files of a container image that a worker continues (overlayfs copies them up)',
    served: 'the copy, from the next scrape on',
    seen: 'nothing',
    cure: 'none is needed',
    test: () =>
      onFileSystem('overlay', async (root, lower) => {
        await DaemonPlace.use(join(root, 'image'), async (place) => {
          assert.deepEqual(await place.scrape(), WHOLE, lower);
          overwrite(
            join(root, 'image', VICTIM),
            0,
            fileBytes('dict4-16', [counter('jobs', 9), counter('loops', 2)]),
          );
          assert.deepEqual(await place.scrape(), { jobs: 16, loops: 3 });
        });
      }),
  },
  {
    fault: 'a read-only mount',
    served: 'everything: promfold only reads',
    seen: 'nothing',
    cure: 'none is needed',
    test: async () => {
      const directory = filled(join(tempDirectory(), 'prom'));
      await onFileSystem(
        'read-only',
        async (root) => {
          await DaemonPlace.use(root, async (place) => {
            assert.deepEqual(await place.scrape(), REST);
            // The application has it mounted to write.
            writeFileSync(join(directory, VICTIM), victimBytes());
            assert.deepEqual(await place.scrape(), WHOLE);
            assert.throws(() => writeFileSync(join(root, 'x'), ''), { code: 'EROFS' });
          });
        },
        directory,
      );
    },
  },
  {
    fault: 'no permission for a file',
    served: 'everything else; held if it was served before',
    seen: 'FILE_UNREADABLE: whose it is, its mode, and the uid of promfold',
    cure: 'run promfold as its owner, or change the mode',
    test: {
      file: 'test/e2e/odd-files.test.ts',
      title: 'a file one may not read is named by a daemon that is not root',
    },
  },
  {
    fault: 'no permission any more for a file that was served',
    served: 'everything; it is held',
    seen: 'FILE_UNREADABLE: whose it is, its mode, and the uid of promfold',
    cure: 'run promfold as its owner, or change the mode',
    test: {
      file: 'test/e2e/held.test.ts',
      title: 'stays when permission to read it is taken away, for one who is not root',
    },
  },
  {
    fault: 'a link to a file of another user, or a link of another user',
    served: 'everything else; held if it was served before',
    seen: 'LINK_TO_OTHER_OWNER',
    cure: 'put the file itself there, or give link, file and directory to one user',
    test: linksOfOthers,
  },
  {
    fault: 'a directory that is a link of any user, with files of any user in it',
    served:
      'everything: the operator chose the link, and users who can write to the directory made the files',
    seen: 'nothing',
    cure: 'none is needed',
    test: async () => {
      const parent = tempDirectory();
      const directory = filled(join(parent, 'prom'));
      const link = join(parent, 'link');
      symlinkSync(directory, link);
      lchownSync(link, OTHER, OTHER);
      chownSync(directory, NOBODY, NOBODY);
      writeFileSync(join(directory, VICTIM), victimBytes());
      chownSync(join(directory, VICTIM), OTHER, OTHER);
      await Place.use(
        async (place) => {
          assert.deepEqual(await place.scrape(), WHOLE);
          assert.deepEqual(place.problems(), []);
        },
        { directory: link },
      );
    },
  },
  {
    fault: 'no permission for the directory',
    served: '503 until it may be listed again',
    seen: 'DIRECTORY_UNREADABLE: whose it is, and its mode',
    cure: "run as its owner, or change the mode; vLLM's own is 0700",
    test: async () => {
      const parent = tempDirectory();
      chmodSync(parent, 0o755);
      const directory = filled(join(parent, 'prom'));
      if (process.getuid!() === 0) chownSync(directory, NOBODY, NOBODY);
      await DaemonPlace.use(
        directory,
        async (place) => {
          assert.deepEqual(await place.scrape(), REST);
          for (const mode of [0, 0o300, 0o400]) {
            chmodSync(directory, mode);
            const told = await place.refusal();
            assert.match(told, /permission denied|EACCES/, mode.toString(8));
            chmodSync(directory, 0o700);
            assert.deepEqual(await place.scrape(), REST);
          }
          assert.match(place.daemon.log, /belongs to uid \d+ gid \d+ with mode 0000/);
        },
        { uid: NOBODY },
      );
    },
  },
  {
    fault: 'file names with every byte there is',
    served: 'everything; in `pid` and in messages what is not UTF-8 is U+FFFD',
    seen: 'nothing',
    cure: 'none is needed',
    test: async () => {
      await Place.use(async (place) => {
        const inDirectory = Buffer.from(`${place.directory}/`);
        let files = 0;
        for (let byte = 1; byte < 256; byte += 1) {
          if (byte === '/'.charCodeAt(0)) continue;
          for (const [kind, entry] of [
            ['counter', counter('odd', 1)],
            ['gauge_livesum', gauge('oddities', 1)],
          ] as const) {
            const name = Buffer.from(`${kind}_x_.db`);
            name[name.length - 4] = byte;
            writeFileSync(Buffer.concat([inDirectory, name]), fileBytes('dict4-16', [entry]));
          }
          files += 1;
        }
        assert.deepEqual(await place.scrape(), REST);
        assert.equal(files, 254);
        assert.equal(place.values.get('odd_total'), files);
        assert.equal(place.values.get('oddities'), files);
        assert.deepEqual(place.problems(), []);
      });
    },
  },
  {
    fault: 'a directory that is a symbolic link, and later leads elsewhere',
    served: 'where it leads now',
    seen: 'nothing',
    cure: 'none is needed',
    test: async () => {
      const parent = tempDirectory();
      const [first, second, link] = ['a', 'b', 'prom'].map((name) => join(parent, name));
      filled(first!);
      filled(second!);
      writeFileSync(join(second!, VICTIM), victimBytes());
      symlinkSync(first!, link!);
      await DaemonPlace.use(link!, async (place) => {
        assert.deepEqual(await place.scrape(), REST);
        symlinkSync(second!, `${link}.new`);
        renameSync(`${link}.new`, link!);
        assert.deepEqual(await place.scrape(), WHOLE);
        rmSync(link!);
        assert.match(await place.refusal(), /no such directory/);
        symlinkSync(second!, link!);
        assert.deepEqual(await place.scrape(), WHOLE);
      });
    },
  },
  {
    fault: '50,000 unrecognised files in the directory',
    served: 'everything else',
    seen: 'FILE_FOREIGN for fifty of those that end in .db, and how many more there are',
    cure: 'give the metrics a directory of their own',
    test: async () => {
      const directory = filled(join(tempDirectory('/dev/shm'), 'prom'));
      const make =
        'import sys\nfor i in range(25000):\n for end in ("txt", "db"): open("%s/session_%d.%s" % (sys.argv[1], i, end), "w")';
      execFileSync('python3', ['-c', make, directory]);
      await DaemonPlace.use(directory, async (place) => {
        assert.deepEqual(await place.scrape(), REST);
        assert.equal(place.values.get('promfold_skipped_files{reason="foreign"}'), 25_000);
        const started = performance.now();
        assert.deepEqual(await place.scrape(), REST);
        assert.ok(performance.now() - started < 2_000);
        await place.logSays(/more problems of this kind.* code=FILE_FOREIGN count=24950/);
        assert.ok(place.daemon.log.split('\n').length < 200);
      });
    },
  },
  {
    fault: 'times of the directory that are in the future, or are set back',
    served: 'everything: it is listed whenever its times prove nothing',
    seen: 'nothing',
    cure: 'none is needed',
    test: async () => {
      await Place.use(async (place) => {
        assert.deepEqual(await place.scrape(), REST);
        const { victim, directory } = place;
        for (const seconds of [4_000_000_000, 1, 1_000_000_000]) {
          writeFileSync(victim, victimBytes());
          utimesSync(victim, seconds, seconds);
          utimesSync(directory, seconds, seconds);
          const other = await anew(place);
          assert.deepEqual(await other(), WHOLE, `${seconds}`);
          rmSync(victim);
          utimesSync(directory, seconds, seconds);
          assert.deepEqual(await other(), REST, `${seconds}`);
        }
      });
    },
  },
  {
    fault: 'the clock jumps, a day forward or back',
    served: 'everything; counters as they are',
    seen: 'ages in `ls` and `cat` are off by as much',
    cure: 'none is needed',
    test: async () => {
      const directory = filled(join(tempDirectory(), 'prom'));
      const jump = join(tempDirectory(), 'seconds');
      writeFileSync(jump, '0');
      const env = {
        NODE_OPTIONS: `--require=${ROOT}/test/support/jumping-clock.cjs`,
        JUMP_FILE: jump,
      };
      await DaemonPlace.use(
        directory,
        async (place) => {
          const victim = join(directory, VICTIM);
          assert.deepEqual(await place.scrape(), REST);
          for (const seconds of [86_400, -86_400, 0]) {
            writeFileSync(jump, String(seconds));
            writeFileSync(victim, victimBytes());
            assert.deepEqual(await new DaemonPlace(directory, place.daemon).scrape(), WHOLE);
            rmSync(victim);
            const left = new DaemonPlace(directory, place.daemon);
            assert.deepEqual(await left.scrape(), REST);
            assert.deepEqual(await left.scrape(), REST);
          }
          assert.match(place.daemon.log, /clock jumps/);
        },
        { env },
      );
    },
  },
  {
    fault: 'a reused pid: the new worker continues the old file',
    served: 'counters continue, as in prometheus_client',
    seen: '`ls` marks it, `check`: PREVIOUS_LIFE',
    cure: 'wipe the directory before the application starts',
    test: async () => {
      await Place.use(async (place) => {
        for (let life = 1; life <= 3; life += 1) {
          const writer = new MetricFileWriter(place.victim, mapped);
          // An entry that is there is found by its key; what is new is appended.
          const offset = life === 1 ? writer.createEntry(entry('jobs'), 5) : FIRST_VALUE;
          if (life > 1) writer.add(offset, 1);
          writer.createEntry(entry(`life${life}`), 1);
          writer.close();
          assert.equal((await place.scrape()).jobs, WHOLE.jobs + life - 1);
          assert.equal(place.values.get(`life${life}_total`), 1);
          assert.deepEqual(place.problems(), []);
        }
      });
    },
  },
];

const entry = (family: string) => ({ ...counter(family, 0), help: 'help' });
/** Of the entry of jobs: after the header, its length, its key and the blanks. */
const FIRST_VALUE = fileBytes('dict4-16', [counter('jobs', 0)]).length - 16;

/** Scrapes that are not compared with the ones before: counters are meant to go. */
async function anew(place: Place): Promise<() => Promise<{ jobs?: number; loops?: number }>> {
  const { valuesOf } = await import('../support/exposition.js');
  const { TEXT } = await import('../support/dialect.js');
  return async () => {
    const values = valuesOf(String(await place.scraper.scrape({ dialect: TEXT })));
    return { jobs: values.get('jobs_total')!, loops: values.get('loops_total')! };
  };
}
