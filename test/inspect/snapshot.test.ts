/** A snapshot says what the directory said when it was taken. */
import assert from 'node:assert/strict';
import {
  chownSync,
  cpSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { readDirectory, readPath } from '../../src/inspect/read-directory.js';
import type { ReadFile } from '../../src/inspect/reading.js';
import { takeSnapshot } from '../../src/inspect/snapshot.js';
import { readTar, writeTar } from '../../src/inspect/tar.js';
import { copyOfFiles, goldenCases } from '../support/golden-case.js';
import { counter, writeMetricFile } from '../support/metric-file.js';
import { GOLDEN } from '../support/paths.js';
import { run } from '../support/process.js';
import { tempDirectory } from '../support/temp.js';

async function snapshotOf(directory: string): Promise<string> {
  const path = join(tempDirectory(), 'snapshot.tar.gz');
  writeFileSync(path, (await takeSnapshot(directory, '1.2.3')).archive);
  return path;
}

/** Without their ids, which depend on the file that was read first. */
function plain(entries: ReadFile['entries']) {
  return [...entries].map(({ key, offset, valueOffset, value, timestampSeconds }) => {
    return { key, offset, valueOffset, value, timestampSeconds };
  });
}

describe('a snapshot', () => {
  for (const golden of goldenCases(GOLDEN)) {
    it(`of ${golden.name} reads as the directory does`, async () => {
      const directory = copyOfFiles(golden);
      const [live, taken] = [
        await readDirectory(directory),
        await readPath(await snapshotOf(directory)),
      ];
      // The excerpt of a file that ends early may be cut where zeros begin.
      const comparable = ({ files }: typeof live) =>
        files.map(({ excerpt: _, entries, ...file }) => ({ ...file, entries: plain(entries) }));
      assert.deepEqual(comparable(taken), comparable(live));
      assert.deepEqual([...taken.writers], [...live.writers]);
      assert.equal(taken.bootSeconds, live.bootSeconds);
    });
  }

  it('keeps what cannot be read as what it is', async () => {
    const directory = tempDirectory();
    mkdirSync(join(directory, 'counter_1.db'));
    symlinkSync('/no/such', join(directory, 'counter_2.db'));
    writeFileSync(join(directory, 'notes.db'), 'secret');
    const taken = await readPath(await snapshotOf(directory));
    assert.deepEqual(
      taken.files.map(({ name, fault }) => [name, fault?.code]),
      [
        ['counter_1.db', 'FILE_NOT_REGULAR'],
        ['counter_2.db', 'FILE_UNREADABLE'],
        ['notes.db', 'FILE_FOREIGN'],
      ],
    );
  });

  it('packs nothing of a file of another user that a link leads to', {
    skip: process.getuid!() === 0 ? false : 'needs root, for another user',
  }, async () => {
    const NOBODY = 65_534;
    const [directory, secrets] = [tempDirectory(), tempDirectory()];
    // Well formed, and not: of a damaged file whatever it holds would be kept.
    writeMetricFile(join(secrets, 'sound'), [counter('secret_of_root', 1)]);
    writeFileSync(join(secrets, 'damaged'), 'secret of root'.repeat(100));
    for (const [name, target] of [
      ['counter_1.db', 'sound'],
      ['counter_2.db', 'damaged'],
    ] as const) {
      symlinkSync(join(secrets, target), join(directory, name));
      lchownSync(join(directory, name), NOBODY, NOBODY);
    }
    writeMetricFile(join(directory, 'counter_3.db'), [counter('own', 1)]);
    chownSync(join(directory, 'counter_3.db'), NOBODY, NOBODY);
    chownSync(directory, NOBODY, NOBODY);

    const { archive } = await takeSnapshot(directory, '1.2.3');
    const members = readTar(gunzipSync(archive));
    assert.deepEqual(
      members.map(({ name }) => name),
      ['facts.json', 'files/counter_3.db'],
    );
    assert.doesNotMatch(gunzipSync(archive).toString('latin1'), /secret.of.root/);
    const { files } = JSON.parse(Buffer.from(members[0]!.bytes).toString());
    for (const { member, sizeBytes, modifiedSeconds, identity, fault } of files.slice(0, 2)) {
      assert.deepEqual([member, sizeBytes, modifiedSeconds, identity], [null, 0, 0, '']);
      assert.equal(fault.code, 'LINK_TO_OTHER_OWNER');
    }
  });

  it('keeps used bytes only', async () => {
    const directory = tempDirectory();
    writeMetricFile(join(directory, 'counter_1.db'), [counter('c', 1)], { sizeBytes: 1 << 20 });
    const { archive, usedBytes } = await takeSnapshot(directory, '1.2.3');
    assert.ok(usedBytes < 200, `${usedBytes} bytes`);
    assert.ok(gunzipSync(archive).length < 8192);
  });

  it('is a tar of valid metric files', async () => {
    const source = join(GOLDEN, 'web-v0.26.0', 'files');
    const path = await snapshotOf(source);
    const target = tempDirectory();
    const { exitCode, stderr } = await run('tar', ['-xzf', path, '-C', target]);
    assert.deepEqual([exitCode, stderr], [0, '']);
    assert.deepEqual(readdirSync(join(target, 'files')).sort(), readdirSync(source).sort());
    const [unpacked, live] = [
      await readDirectory(join(target, 'files')),
      await readDirectory(source),
    ];
    assert.deepEqual(
      unpacked.files.map(({ entries, fault }) => [plain(entries), fault]),
      live.files.map(({ entries, fault }) => [plain(entries), fault]),
    );
  });

  it('has no command line and no environment in it', async () => {
    const directory = tempDirectory();
    cpSync(join(GOLDEN, 'colons', 'files'), directory, { recursive: true });
    const { archive } = await takeSnapshot(directory, '1.2.3');
    const [facts] = readTar(gunzipSync(archive));
    const { writers } = JSON.parse(Buffer.from(facts!.bytes).toString());
    for (const writer of writers) {
      const known = [
        'processId',
        'liveness',
        'pid',
        'role',
        'program',
        'startSeconds',
        'pidNamespace',
        'otherPids',
        'abandoned',
      ];
      assert.deepEqual(
        Object.keys(writer).filter((name) => !known.includes(name)),
        [],
      );
    }
  });

  it('has names that no tar header holds', async () => {
    const directory = tempDirectory();
    const name = `counter_${'x'.repeat(200)}.db`;
    writeMetricFile(join(directory, name), [counter('c', 7)]);
    const taken = await readPath(await snapshotOf(directory));
    assert.deepEqual(
      taken.files.map((file) => [file.name, file.entries.at(0)?.value]),
      [[name, 7]],
    );
  });

  const broken: [title: string, bytes: Buffer, message: RegExp][] = [
    ['no gzip after the magic', Buffer.from([0x1f, 0x8b, 1, 2, 3]), /not a snapshot of promfold/],
    ['a gzip of something else', gzipSync('hello'), /archive ends early/],
    [
      'a tar of something else',
      gzipSync(writeTar([{ name: 'x', bytes: Buffer.from('y') }], 0)),
      /not a snapshot/,
    ],
    [
      'facts of another shape',
      gzipSync(writeTar([{ name: 'facts.json', bytes: Buffer.from('{"snapshot":1}') }], 0)),
      /another shape/,
    ],
    [
      'a later version',
      gzipSync(writeTar([{ name: 'facts.json', bytes: Buffer.from('{"snapshot":2}') }], 0)),
      /version 2/,
    ],
  ];
  for (const [title, bytes, message] of broken) {
    it(`is refused where it is ${title}`, async () => {
      const path = join(tempDirectory(), 'snapshot.tar.gz');
      writeFileSync(path, bytes);
      await assert.rejects(readPath(path), {
        name: 'MetricFileError',
        code: 'FILE_UNREADABLE',
        message,
      });
    });
  }
});

describe('a tar', () => {
  it('comes back as it was written', () => {
    const members = [0, 1, 511, 512, 513].map((size) => ({
      name: `files/${size}`,
      bytes: Buffer.alloc(size, 'x'),
    }));
    const found = readTar(writeTar(members, 1_700_000_000));
    assert.deepEqual(
      found.map(({ name, bytes }) => [name, bytes.length]),
      members.map(({ name, bytes }) => [name, bytes.length]),
    );
  });

  it('that is cut anywhere is refused', () => {
    const whole = writeTar([{ name: 'a', bytes: Buffer.alloc(700, 'x') }], 0);
    for (let length = 0; length < whole.length - 1024; length += 100) {
      assert.throws(() => readTar(whole.subarray(0, length)));
    }
  });
});
