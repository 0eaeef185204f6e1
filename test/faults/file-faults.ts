/**
 * Damaged and odd files, the rows of `src/reference.md` K: each is among good ones when it is first seen,
 * and where its bytes can change so, a file that was served becomes like it.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  counter,
  double,
  entryBytes,
  fileBytes,
  int32,
  keyOf,
  overwrite,
  type TestEntry,
} from '../support/metric-file.js';
import type { Fault } from './fault.js';
import { Place, REST, type Said, VICTIM, VICTIM_ENTRIES, victimBytes, WHOLE } from './place.js';

const USED = victimBytes(0).length;
/** Where the second entry begins, and its parts. */
const SECOND = fileBytes('dict4-16', [VICTIM_ENTRIES[0]]).length;
const SECOND_KEY = SECOND + 4;
const SECOND_KEY_LENGTH = keyOf('dict4-16', VICTIM_ENTRIES[1]).length;
const SECOND_VALUE = USED - 16;

const LEFT_OUT = 'the rest; held if it was served before';
const REMOVE = 'remove the file when its process is gone';

/** The victim's bytes with something written over them. */
function over(offset: number, bytes: Buffer): () => Buffer {
  return () => {
    const victim = victimBytes();
    bytes.copy(victim, offset);
    return victim;
  };
}

const used = (value: number) => over(0, int32(value));
const secondKeyLength = (value: number) => over(SECOND, int32(value));

function withSecondKey(key: string | Buffer): () => Buffer {
  return () => {
    const bytes = Buffer.concat([
      victimBytes(0).subarray(0, SECOND),
      entryBytes(16, key, VICTIM_ENTRIES[1].value),
    ]);
    bytes.writeInt32LE(bytes.length, 0);
    return Buffer.concat([bytes, Buffer.alloc(64)]);
  };
}

/** The file is repaired in place, and then is like any other. */
async function heals(place: Place): Promise<void> {
  const bytes = victimBytes();
  rewrite(place.victim, bytes);
  assert.deepEqual(await place.scrape(), WHOLE);
  assert.deepEqual(place.problems(), []);
  assert.equal(place.own('held_files'), 0);
}

/** In place: the inode stays. */
function rewrite(path: string, bytes: Buffer): void {
  const fd = openSync(path, 'r+');
  try {
    ftruncateSync(fd, bytes.length);
  } finally {
    closeSync(fd);
  }
  overwrite(path, 0, bytes);
}

/** Nothing of the file is read; if it was served, its last good values stay. */
function leftOut(code: string, ...variants: (() => Buffer)[]) {
  return async () => {
    for (const [i, bytes] of variants.entries()) {
      const told = `variant ${i}`;
      await Place.use(async (place) => {
        writeFileSync(place.victim, bytes());
        assert.deepEqual(await place.scrape(), REST, told);
        assert.deepEqual(place.problems(), [`${code} ${VICTIM}`], told);
        assert.match(place.body, /^promfold_skipped_files\{reason="\w+"\} 1\.0$/m);
        await heals(place);
      });
      await Place.use(async (place) => {
        writeFileSync(place.victim, victimBytes());
        assert.deepEqual(await place.scrape(), WHOLE);
        rewrite(place.victim, bytes());
        for (let again = 0; again < 3; again += 1) {
          assert.deepEqual(await place.scrape(), WHOLE, `${told}, served before`);
          assert.equal(place.own('held_files'), 1, told);
        }
        assert.deepEqual(
          place.problems().map((problem) => problem.split(' ')[1]),
          [VICTIM],
          told,
        );
        await heals(place);
      });
    }
  };
}

/** One entry is not read, the others of its file are. */
function entryLeftOut(...variants: (() => Buffer)[]) {
  return async () => {
    for (const [i, bytes] of variants.entries()) {
      await Place.use(async (place) => {
        writeFileSync(place.victim, bytes());
        const expected: Said = { jobs: WHOLE.jobs, loops: REST.loops };
        assert.deepEqual(await place.scrape(), expected, `variant ${i}`);
        assert.deepEqual(place.problems(), [`KEY_UNUSABLE ${VICTIM}`], `variant ${i}`);
        assert.match(place.body, /^promfold_skipped_entries\{reason="\w+"\} 1\.0$/m);
        await heals(place);
      });
    }
  };
}

/** The file is read, as prometheus_client would or better. */
function read(expected: Said, problems: readonly string[], ...variants: (() => Buffer)[]) {
  return async () => {
    for (const [i, bytes] of variants.entries()) {
      await Place.use(async (place) => {
        writeFileSync(place.victim, bytes());
        assert.deepEqual(await place.scrape(), expected, `variant ${i}`);
        assert.deepEqual(place.problems(), problems, `variant ${i}`);
      });
    }
  };
}

/** An entry of a name of its own shows how a text comes out. */
function readOne(key: string | Buffer, line: string, problems: readonly string[]) {
  return async () => {
    await Place.use(async (place) => {
      const entry = entryBytes(16, key, 2);
      const bytes = Buffer.concat([Buffer.alloc(8), entry]);
      bytes.writeInt32LE(bytes.length, 0);
      writeFileSync(place.victim, bytes);
      assert.deepEqual(await place.scrape(), REST);
      assert.ok(place.body.split('\n').includes(line), place.body);
      assert.deepEqual(place.problems(), problems);
    });
  };
}

/** A name or a kind of thing that is not opened. */
function ignored(make: (directory: string) => void, problems: readonly string[]) {
  return async () => {
    await Place.use(async (place) => {
      make(place.directory);
      assert.deepEqual(await place.scrape(), REST);
      assert.deepEqual(place.problems(), problems);
    });
  };
}

const SQLITE = Buffer.alloc(8192);
SQLITE.write('SQLite format 3\0', 'latin1');

/** Bytes that read as a header of 4 and of 70,000,000 respectively. */
const RANDOM = [1, 2].map((seed) => {
  const bytes = Buffer.alloc(4096);
  for (let i = 0, x = seed; i < bytes.length; i += 1) {
    x = (Math.imul(x, 1_103_515_245) + 12_345) >>> 0;
    bytes[i] = x >>> 16;
  }
  return bytes;
});

const named = (labels: string, help = '"help"'): string =>
  `["loops", "loops_total", ${labels}, ${help}]`;

const bucket = (le: string): TestEntry => ({
  family: 'seconds',
  sampleName: 'seconds_bucket',
  labels: { le },
  value: 1,
});

export const FILE_FAULTS: readonly Fault[] = [
  {
    fault: 'a file of 0 to 3 bytes',
    served: LEFT_OUT,
    seen: 'nothing for 5 s, in which its worker may fill it; then FILE_EMPTY',
    cure: 'its process, if it still writes; else remove it',
    test: async () => {
      await Place.use(async (place) => {
        for (let bytes = 0; bytes < 4; bytes += 1) {
          writeFileSync(join(place.directory, `counter_9${bytes}.db`), Buffer.alloc(bytes));
        }
        assert.deepEqual(await place.scrape(), REST);
        assert.deepEqual(place.problems(), []);
        await sleep(5_300);
        assert.deepEqual(await place.scrape(), REST);
        const empty = [0, 1, 2, 3].map((bytes) => `FILE_EMPTY counter_9${bytes}.db`);
        assert.deepEqual(place.problems(), empty);
        for (let bytes = 0; bytes < 4; bytes += 1) {
          rmSync(join(place.directory, `counter_9${bytes}.db`));
        }
        await place.scrape();
        assert.deepEqual(place.problems(), []);

        writeFileSync(place.victim, victimBytes());
        assert.deepEqual(await place.scrape(), WHOLE);
        for (const bytes of [3, 0]) {
          truncateSync(place.victim, bytes);
          assert.deepEqual(await place.scrape(), WHOLE);
          assert.equal(place.own('held_files'), 1);
        }
        await heals(place);
      });
    },
  },
  {
    fault: 'a file without an entry: header only, `used` 0',
    served: 'everything; it adds nothing',
    seen: 'nothing; all zeros for longer than 5 s: FILE_EMPTY',
    cure: 'none is needed',
    test: async () => {
      await Place.use(async (place) => {
        const write = (name: string, bytes: Buffer) =>
          writeFileSync(join(place.directory, name), bytes);
        write('counter_90.db', int32(8));
        write('counter_91.db', Buffer.concat([int32(8), Buffer.alloc(65_528)]));
        write('counter_92.db', int32(0));
        write('counter_93.db', Buffer.alloc(65_536));
        assert.deepEqual(await place.scrape(), REST);
        assert.deepEqual(place.problems(), []);
        await sleep(5_300);
        assert.deepEqual(await place.scrape(), REST);
        assert.deepEqual(place.problems(), [
          'FILE_EMPTY counter_92.db',
          'FILE_EMPTY counter_93.db',
        ]);
      });
    },
  },
  {
    fault: '`used` negative, or less than its own header',
    served: LEFT_OUT,
    seen: 'FILE_CORRUPT',
    cure: REMOVE,
    test: leftOut('FILE_CORRUPT', used(-1), used(-8), used(5), used(-(2 ** 31))),
  },
  {
    fault: '`used` reaches into zeros after the entries',
    served: LEFT_OUT,
    seen: 'FILE_CORRUPT, with the byte',
    cure: REMOVE,
    test: leftOut('FILE_CORRUPT', used(USED + 8), used(USED + 64), used(4096), () => {
      const zeros = Buffer.alloc(4096);
      zeros.writeInt32LE(24, 0);
      return zeros;
    }),
  },
  {
    fault: '`used` beyond the end of the file',
    served: LEFT_OUT,
    seen: 'FILE_CORRUPT; never more is read than the file has',
    cure: REMOVE,
    test: leftOut('FILE_CORRUPT', used(4104), used(2 ** 31 - 1), () => {
      const noTail = victimBytes(0);
      noTail.writeInt32LE(1 << 30, 0);
      return noTail;
    }),
  },
  {
    fault: '`used` inside a key',
    served: LEFT_OUT,
    seen: 'FILE_CORRUPT',
    cure: REMOVE,
    test: leftOut('FILE_CORRUPT', used(SECOND_KEY + 5), used(SECOND + 4)),
  },
  {
    fault: '`used` inside the last value or timestamp',
    served: 'everything, that entry too, as prometheus_client',
    seen: 'nothing',
    cure: 'none is needed',
    test: read(WHOLE, [], used(SECOND_VALUE + 8), used(SECOND_VALUE + 4), used(USED - 1)),
  },
  {
    fault: '`used` one entry less than there are',
    served: 'everything but that entry: it is not finished',
    seen: 'nothing',
    cure: 'none is needed: its writer finishes it',
    test: read({ jobs: WHOLE.jobs, loops: REST.loops }, [], used(SECOND)),
  },
  {
    fault: 'a file cut inside a key, a value or a timestamp, or before an entry',
    served: LEFT_OUT,
    seen: 'FILE_CORRUPT',
    cure: REMOVE,
    test: async () => {
      const cutTo = (size: number) => () => victimBytes(0).subarray(0, size);
      await leftOut('FILE_CORRUPT', ...[SECOND_KEY + 9, SECOND_VALUE + 4, SECOND].map(cutTo))();
      // What is mapped still has the value; a counter has no other use for its timestamp.
      await Place.use(async (place) => {
        writeFileSync(place.victim, cutTo(USED - 4)());
        assert.deepEqual(await place.scrape(), REST);
        assert.deepEqual(place.problems(), [`FILE_CORRUPT ${VICTIM}`]);
        await heals(place);
        truncateSync(place.victim, USED - 4);
        assert.deepEqual(await place.scrape(), WHOLE);
      });
    },
  },
  {
    fault: 'a key length that is negative',
    served: LEFT_OUT,
    seen: 'FILE_CORRUPT, with length and byte',
    cure: REMOVE,
    test: leftOut('FILE_CORRUPT', secondKeyLength(-1), secondKeyLength(-(2 ** 31))),
  },
  {
    fault: 'a key length of 0',
    served: LEFT_OUT,
    seen: 'FILE_CORRUPT',
    cure: REMOVE,
    test: leftOut('FILE_CORRUPT', secondKeyLength(0)),
  },
  {
    fault: 'a key length that runs past `used`',
    served: LEFT_OUT,
    seen: 'FILE_CORRUPT',
    cure: REMOVE,
    test: leftOut('FILE_CORRUPT', secondKeyLength(2 ** 31 - 1), secondKeyLength(5000)),
  },
  {
    fault: 'a key length one too long, into the blanks',
    served: 'everything',
    seen: 'nothing',
    cure: 'none is needed',
    test: read(WHOLE, [], secondKeyLength(SECOND_KEY_LENGTH + 1)),
  },
  {
    fault: 'a key length eight too long',
    served: `${LEFT_OUT}; of the last entry, only that one is left out`,
    seen: 'FILE_CORRUPT; KEY_UNUSABLE',
    cure: REMOVE,
    test: async () => {
      const first = keyOf('dict4-16', VICTIM_ENTRIES[0]).length;
      await Place.use(async (place) => {
        writeFileSync(place.victim, over(8, int32(first + 8))());
        assert.deepEqual(await place.scrape(), REST);
        assert.deepEqual(place.problems(), [`FILE_CORRUPT ${VICTIM}`]);
        await heals(place);
        // What was read is not read again.
        overwrite(place.victim, 8, int32(first + 8));
        assert.deepEqual(await place.scrape(), WHOLE);
      });
      await entryLeftOut(secondKeyLength(SECOND_KEY_LENGTH + 8))();
    },
  },
  {
    fault: 'a key that is not UTF-8',
    served: 'everything but that entry',
    seen: 'KEY_UNUSABLE, with the byte',
    cure: 'find who else writes the file',
    test: entryLeftOut(over(SECOND_KEY + 5, Buffer.from([0xff, 0xfe]))),
  },
  {
    fault: 'a key that is not JSON',
    served: 'everything but that entry; blanks around valid JSON are allowed',
    seen: 'KEY_UNUSABLE',
    cure: 'find who else writes the file',
    test: async () => {
      await entryLeftOut(withSecondKey('["loops", "loops_total"'), withSecondKey('nonsense'))();
      await read(WHOLE, [], withSecondKey(` ${named('{}')} `))();
    },
  },
  {
    fault: 'a key that is JSON of another shape',
    served: 'everything but that entry; the shapes of older clients are read',
    seen: 'KEY_UNUSABLE',
    cure: 'find who else writes the file',
    test: async () => {
      const five = '["loops", "loops_total", {}, "help", 1]';
      await entryLeftOut(...['12', '"abcd"', '{}', 'null', five].map(withSecondKey))();
      await read(WHOLE, [], withSecondKey('["loops", "loops_total", {}]'))();
      await read(WHOLE, [], withSecondKey('["loops", "loops_total", [], []]'))();
    },
  },
  {
    fault: 'a help that is null or a number',
    served: 'everything, with an empty help where it is the first',
    seen: 'TEXT_REPAIRED',
    cure: 'give the metric a help',
    test: async () => {
      const problems = [`TEXT_REPAIRED ${VICTIM}`];
      const keys = [named('{}', 'null'), named('{}', '5')].map(withSecondKey);
      await read(WHOLE, problems, ...keys)();
      await readOne('["x", "x_total", {}, null]', '# HELP x_total ', problems)();
    },
  },
  {
    fault: 'a label value that is a number, null or a list',
    served: 'everything but that entry',
    seen: 'KEY_UNUSABLE',
    cure: 'find who else writes the file',
    test: entryLeftOut(
      ...['{"a": 1}', '{"a": null}', '{"a": ["b"]}'].map((labels) => withSecondKey(named(labels))),
    ),
  },
  {
    fault: 'a name that is empty or a number',
    served: 'everything but that entry',
    seen: 'KEY_UNUSABLE',
    cure: 'find who else writes the file',
    test: entryLeftOut(
      withSecondKey('["", "loops_total", {}, "help"]'),
      withSecondKey('[1, "loops_total", {}, "help"]'),
      withSecondKey('["loops", "", {}, "help"]'),
      withSecondKey('["loops", 2, {}, "help"]'),
    ),
  },
  {
    fault: 'a bucket whose `le` is not a number',
    served: 'everything but that bucket',
    seen: 'KEY_UNUSABLE',
    cure: 'find who else writes the file',
    test: async () => {
      await Place.use(async (place) => {
        const bytes = fileBytes('dict4-16', ['1.0', 'many', '+Inf'].map(bucket));
        writeFileSync(join(place.directory, 'histogram_3.db'), bytes);
        assert.deepEqual(await place.scrape(), REST);
        assert.deepEqual(place.problems(), ['KEY_UNUSABLE histogram_3.db']);
        assert.equal(place.values.get('seconds_bucket{le="+Inf"}'), 2);
        assert.equal(place.values.get('seconds_count'), 2);
      });
    },
  },
  {
    fault: 'one label twice in a key',
    served: 'everything; the last one counts, as in prometheus_client',
    seen: 'nothing',
    cure: 'none is needed',
    test: readOne('["x", "x_total", {"a": "1", "a": "2"}, "h"]', 'x_total{a="2"} 2.0', []),
  },
  {
    fault: 'one key twice in a file',
    served: 'everything; both are added, as in prometheus_client',
    seen: 'nothing',
    cure: 'none is needed',
    test: read({ jobs: WHOLE.jobs, loops: WHOLE.loops + 2 }, [], () =>
      fileBytes('dict4-16', [...VICTIM_ENTRIES, VICTIM_ENTRIES[1]]),
    ),
  },
  {
    fault: 'a value stored over a part of a key (two containers, one pid)',
    served: 'everything but that entry; held if it was served before and its last key is hit',
    seen: 'KEY_UNUSABLE, or FILE_CORRUPT where it is held',
    cure: 'a directory for each container',
    test: async () => {
      for (const value of [1, 0.1, 1e300]) {
        await entryLeftOut(over(SECOND_KEY + 4, double(value)))();
        await Place.use(async (place) => {
          writeFileSync(place.victim, victimBytes());
          assert.deepEqual(await place.scrape(), WHOLE);
          // Inside the page that is mapped, as another process stores.
          overwrite(place.victim, SECOND_KEY + 4, double(value));
          assert.deepEqual(await place.scrape(), WHOLE, `${value}`);
          assert.equal(place.own('held_files'), 1, `${value}`);
          await heals(place);
        });
      }
    },
  },
  {
    fault: 'half a value',
    served: 'as it is: it looks like any other number',
    seen: 'nothing',
    cure: 'none is needed: the next write replaces it',
    test: async () => {
      await Place.use(async (place) => {
        const half = double(2);
        half.fill(0xff, 0, 4);
        writeFileSync(place.victim, over(SECOND_VALUE, half)());
        const { loops } = await place.scrape();
        assert.equal(loops, REST.loops + half.readDoubleLE(0));
        assert.deepEqual(place.problems(), []);
      });
    },
  },
  {
    fault: 'half a surrogate pair in a text (a file name that is not UTF-8)',
    served: 'everything, with U+FFFD in its place',
    seen: 'TEXT_REPAIRED',
    cure: 'fix the label in the application',
    test: readOne('["x", "x_total", {"a": "\\udcff"}, "h"]', 'x_total{a="\ufffd"} 2.0', [
      `TEXT_REPAIRED ${VICTIM}`,
    ]),
  },
  {
    fault: 'random bytes, text or an SQLite database under the name of a metric file',
    served: LEFT_OUT,
    seen: 'FILE_CORRUPT; it costs no memory',
    cure: 'move it away',
    test: leftOut(
      'FILE_CORRUPT',
      () => SQLITE,
      () => Buffer.from('not a metric file\n'.repeat(300)),
      ...RANDOM.map((bytes) => () => bytes),
    ),
  },
  {
    fault: 'a name with an unknown type word, or a gauge without a mode',
    served: 'everything else; it is not opened',
    seen: 'FILE_FOREIGN',
    cure: 'give the metrics a directory of their own',
    test: ignored(
      (directory) => {
        for (const name of ['session_1.db', 'gauge_1.db', 'counter.db', 'Counter_1.db']) {
          writeFileSync(join(directory, name), victimBytes());
        }
      },
      ['Counter_1.db', 'counter.db', 'gauge_1.db', 'session_1.db'].map((n) => `FILE_FOREIGN ${n}`),
    ),
  },
  {
    fault: 'files of older clients among new ones, before 0.18.0 without timestamps',
    served: 'everything, in each of the four layouts',
    seen: '`check`: MIXED_LAYOUTS',
    cure: 'none is needed here; prometheus_client wants the directory wiped',
    test: async () => {
      for (const layout of ['dict4-8', 'dict3-8'] as const) {
        await read(WHOLE, [], () => fileBytes(layout, VICTIM_ENTRIES))();
      }
      const listed = VICTIM_ENTRIES.map((entry) => ({ ...entry, family: entry.sampleName }));
      await read(WHOLE, [], () => fileBytes('list4-8', listed))();
    },
  },
  {
    fault: 'a directory, a FIFO or a dangling link called like a metric file',
    served: 'everything else; it is not opened',
    seen: 'FILE_NOT_REGULAR; for the link FILE_UNREADABLE',
    cure: 'move it away',
    test: ignored(
      (directory) => {
        mkdirSync(join(directory, 'counter_4.db'));
        execFileSync('mkfifo', [join(directory, 'counter_5.db')]);
        symlinkSync('/nowhere/at/all', join(directory, 'counter_6.db'));
      },
      [
        'FILE_NOT_REGULAR counter_4.db',
        'FILE_NOT_REGULAR counter_5.db',
        'FILE_UNREADABLE counter_6.db',
      ],
    ),
  },
  {
    fault: 'a sparse file of 2 GiB',
    served: 'everything; a hole that `used` counts as entries: held',
    seen: 'nothing; FILE_CORRUPT for such a `used`',
    cure: 'none is needed; else remove it',
    test: async () => {
      await Place.use(async (place) => {
        writeFileSync(place.victim, victimBytes());
        truncateSync(place.victim, 2 ** 31);
        assert.deepEqual(await place.scrape(), WHOLE);
        assert.deepEqual(place.problems(), []);
        const before = residentMebibytes();
        overwrite(place.victim, 0, int32(2 ** 31 - 8));
        assert.deepEqual(await place.scrape(), WHOLE);
        assert.equal(place.own('held_files'), 1);
        assert.ok(residentMebibytes() - before < 64, 'the hole was read');
        await heals(place);
      });
    },
  },
  {
    fault: 'a key above 1 MiB',
    served: LEFT_OUT,
    seen: 'FILE_CORRUPT',
    cure: 'a shorter label',
    test: leftOut('FILE_CORRUPT', () =>
      fileBytes('dict4-16', [VICTIM_ENTRIES[0], counter('loops', 2, { a: 'x'.repeat(2 ** 20) })]),
    ),
  },
];

function residentMebibytes(): number {
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))!;
  return Number(kibibytes) / 1024;
}

/** For rows elsewhere: another file under the same name. */
export function replace(path: string, bytes: Buffer): void {
  writeFileSync(`${path}.new`, bytes);
  renameSync(`${path}.new`, path);
}
