/** `promfold cat`, as it is started by a user, and its view on files damaged by chance. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { viewEntries } from '../../src/inspect/entries.js';
import { readPath } from '../../src/inspect/read-directory.js';
import { promfold } from '../support/cli.js';
import { gauge, writeMetricFile } from '../support/metric-file.js';
import { GOLDEN } from '../support/paths.js';
import { Random, seed } from '../support/random.js';
import { tempDirectory } from '../support/temp.js';

describe('promfold cat', () => {
  it('prints entries with value, age and offset', async () => {
    const file = join(tempDirectory(), 'gauge_mostrecent_7.db');
    const hourAgo = Date.now() / 1000 - 3 * 3600;
    writeMetricFile(file, [gauge('a', 1.5, hourAgo, { x: 'y' }), gauge('b', 2)]);
    const { exitCode, stdout, stderr } = await promfold(['cat', file]);
    assert.deepEqual([exitCode, stderr], [0, '']);
    assert.match(
      stdout,
      /^gauge mostrecent: the most recently set value counts; process 7 \(unknown \d+s\), 2 entries, 16-byte slots, \d+ B used of \d+ B$/m,
    );
    assert.match(stdout, /^ {3}8 +1\.5 +3h ago +a\{x="y"\}$/m);
    assert.match(stdout, /^ *\d+ +2 +- +b$/m);
  });

  it('prints what stands before a fault, the fault, and the bytes round it, and exits 1', async () => {
    const file = `${GOLDEN}/bad-klen-negative/files/counter_12.db`;
    const { exitCode, stdout } = await promfold(['cat', file, '--bytes', '32']);
    assert.equal(exitCode, 1);
    assert.match(stdout, /^ +8 +11 +bad_jobs_total\{queue="fast"\}$/m);
    assert.match(stdout, /^damaged at byte 96 \[FILE_CORRUPT\]; 1 entry readable$/m);
    assert.match(stdout, /^found: {4}key length -5 is not positive$/m);
    assert.match(stdout, /^expected: a 4-byte key length above 0/m);
    const hex = stdout.split('\n').filter((line) => /^ +\d+ {2}[\da-f]{2} /.test(line));
    assert.equal(hex.length, 2);
    assert.match(hex[0]!, /^ {7}96 {2}fb ff ff ff 5b /);
    assert.match(stdout, /^ {11}\^\^$/m);
  });

  it('chooses entries of a directory', async () => {
    const directory = `${GOLDEN}/web-v0.26.0/files`;
    const { exitCode, stdout } = await promfold([
      'cat',
      '--match',
      '{__name__=~".+_total"}',
      directory,
    ]);
    assert.equal(exitCode, 0);
    const rows = stdout.split('\n').filter((line) => /^ +\d+ /.test(line));
    assert.ok(rows.length > 0 && rows.every((row) => row.includes('_total')));
  });

  it('prints the same as JSON, in a shape that stays', async () => {
    const file = `${GOLDEN}/bad-klen-negative/files/counter_12.db`;
    const { exitCode, stdout } = await promfold(['cat', '--json', file]);
    assert.equal(exitCode, 1);
    const { takenAtSeconds, ...view } = JSON.parse(stdout);
    assert.equal(typeof takenAtSeconds, 'number');
    assert.deepEqual(Object.keys(view), ['path', 'files']);
    const [{ fault, entries, lastSeenSeconds, ...about }] = view.files;
    assert.equal(typeof lastSeenSeconds, 'number');
    assert.deepEqual(about, {
      file: 'counter_12.db',
      path: file,
      type: 'counter',
      processId: '12',
      liveness: 'unknown',
      operation: 'sum',
      slotBytes: 16,
      usedBytes: 256,
      sizeBytes: 4096,
      entryCount: 1,
    });
    assert.deepEqual(entries, [
      {
        offset: 8,
        valueOffset: 80,
        value: 11,
        previousLife: false,
        series: 'bad_jobs_total{queue="fast"}',
        family: 'bad_jobs',
        labels: { queue: 'fast' },
        help: entries[0].help,
      },
    ]);
    assert.deepEqual([fault.code, fault.offset, fault.excerptOffset], ['FILE_CORRUPT', 96, 80]);
    assert.equal(fault.excerpt.length, 2 * 64);
  });

  const broken = readdirSync(GOLDEN).filter((name) => name.startsWith('bad-'));
  it('reads every damaged directory', async () => {
    for (const name of broken) {
      const view = viewEntries(await readPath(`${GOLDEN}/${name}/files`), undefined, 64);
      assert.ok(view.files.length > 0, name);
    }
  });

  it('exits 1 also where only a key was overwritten, and prints the entries around it', async () => {
    const file = `${GOLDEN}/bad-two-writers/files/counter_12.db`;
    const { exitCode, stdout } = await promfold(['cat', file]);
    assert.equal(exitCode, 1);
    assert.match(stdout, /KEY_UNUSABLE/);
    assert.match(stdout, /bad_loops_total/);
  });

  it('exits 0 for a file that is only unfinished or repaired', async () => {
    for (const name of ['header-only/files/counter_99.db', 'bad-help-none/files/counter_12.db']) {
      const { exitCode } = await promfold(['cat', `${GOLDEN}/${name}`]);
      assert.equal(exitCode, 0, name);
    }
  });

  it('opens no FIFO that it finds in a directory', async () => {
    const directory = tempDirectory();
    execFileSync('mkfifo', [join(directory, 'counter_1.db')]);
    const { exitCode, stdout } = await promfold(['cat', directory]);
    assert.equal(exitCode, 1);
    assert.match(stdout, /found: +a fifo/);
  });

  it('says why a file cannot be found', async () => {
    const { exitCode, stderr } = await promfold(['cat', '/no/such.db']);
    assert.equal(exitCode, 2);
    assert.match(stderr, /^promfold: \/no\/such\.db: [^\n]*\n$/);
  });
});

describe('cat on bytes damaged by chance', () => {
  const random = new Random(seed());
  it(`never fails, and shows entries inside the file only (seed ${random.seed})`, async () => {
    const directory = tempDirectory();
    const sources = goldenFiles();
    for (let round = 0; round < 400; round++) {
      const bytes = damage(random, readFileSync(random.pick(sources)));
      const name = `${random.pick(['counter', 'gauge_all', 'histogram'])}_1.db`;
      const path = join(directory, name);
      writeFileSync(path, bytes);
      const { files } = viewEntries(await readPath(path), undefined, random.pick([0, 1, 64, 4096]));
      for (const { valueOffset, offset } of files[0]!.entries) {
        assert.ok(
          offset >= 8 && valueOffset + 8 <= bytes.length,
          `seed ${random.seed}, round ${round}`,
        );
      }
    }
  });
});

function goldenFiles(): string[] {
  return [
    'web-v0.26.0',
    'web-v0.12.0',
    'web-0.0.16-earliest',
    'buckets',
    'bad-garbage',
    'strings',
  ].flatMap((name) => {
    const directory = `${GOLDEN}/${name}/files`;
    return readdirSync(directory).map((file) => join(directory, file));
  });
}

/** Some bytes changed, numbers made odd, the end cut: what disks, writers and other programs do. */
function damage(random: Random, source: Buffer): Buffer {
  const bytes = Buffer.from(source.subarray(0, Math.min(source.length, 8192)));
  for (let i = random.below(6); i > 0 && bytes.length > 4; i--) {
    const at = random.below(bytes.length - 4);
    if (random.chance(0.5)) bytes[at] = random.below(256);
    else
      bytes.writeInt32LE(random.pick([-1, 0, 1, 4, 7, 64, 4096, 0x7fffffff, -0x80000000]), at & ~3);
  }
  if (random.chance(0.2) && bytes.length >= 4)
    bytes.writeInt32LE(random.below(bytes.length + 64), 0);
  return random.chance(0.3) ? bytes.subarray(0, random.below(bytes.length + 1)) : bytes;
}
