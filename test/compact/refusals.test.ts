/** What cannot be compacted says why in one line, and is as it was: directory, files and the directory above. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { refusalText } from '../../src/compact/refusal.js';
import type { CompactionReport } from '../../src/compact/report.js';
import { promfold } from '../support/cli.js';
import { compactAsIf } from '../support/compact-as-if.js';
import { Mappers } from '../support/mapper.js';
import { counter, gauge, writeMetricFile } from '../support/metric-file.js';
import { ROOT } from '../support/paths.js';
import { run, start } from '../support/process.js';
import { tempDirectory } from '../support/temp.js';

const isRoot = process.getuid!() === 0;
const asRoot = { skip: isRoot ? false : 'needs root' };

/** Two dead processes. */
function fill(directory: string): string {
  mkdirSync(directory, { recursive: true });
  for (const pid of [70001, 70002]) {
    writeMetricFile(join(directory, `counter_${pid}.db`), [counter('jobs', pid)]);
    writeMetricFile(join(directory, `gauge_all_${pid}.db`), [gauge('busy', 1)]);
  }
  return directory;
}

/** All that is there, and next to it: names, inodes and bytes. */
function state(directory: string): string[] {
  const parent = dirname(directory);
  const files = readdirSync(directory).map((name) => {
    const path = join(directory, name);
    const { ino, isFile } = { ino: statSync(path).ino, isFile: statSync(path).isFile() };
    return `${name} ${ino} ${isFile ? readFileSync(path).toString('hex') : ''}`;
  });
  return [...files, String(statSync(directory).ino), ...readdirSync(parent)];
}

/** Compacts as another user. */
async function compactedBy(uid: number, directory: string): Promise<CompactionReport> {
  const child = `${ROOT}/dist/test/support/compact-child.js`;
  const { stdout, stderr } = await run(process.execPath, [child, directory], { uid, gid: uid });
  assert.equal(stderr, '');
  return JSON.parse(stdout) as CompactionReport;
}

async function refuses(
  directory: string,
  code: string,
  found: RegExp,
  compact: () => Promise<CompactionReport> = () => compactAsIf(directory),
): Promise<void> {
  const before = state(directory);
  const { refused, path, outcome } = await compact();
  assert.equal(refused?.code, code);
  const line = refusalText(path, refused!);
  assert.match(line, found);
  assert.doesNotMatch(line, /\n|undefined/);
  assert.deepEqual([outcome!.folded, outcome!.removed], [0, 0]);
  assert.deepEqual(state(directory), before);
}

const mappers = new Mappers();
after(() => mappers.close());

describe('a compaction is refused', () => {
  it('of a symbolic link', async () => {
    const directory = fill(join(tempDirectory(), 'prom'));
    const link = join(tempDirectory(), 'prom');
    symlinkSync(directory, link);
    await refuses(link, 'open', /symbolic link.*; name the directory itself$/);
  });

  it('of a directory that has another one in it', async () => {
    const directory = fill(join(tempDirectory(), 'prom'));
    mkdirSync(join(directory, 'old'));
    await refuses(directory, 'subDirectory', /\/old, which cannot be linked; move it out/);
  });

  it('of the working directory of a process', async () => {
    const directory = fill(join(tempDirectory(), 'prom'));
    const child = start('sleep', ['60'], { cwd: directory });
    try {
      const found = new RegExp(`working directory or the root of process ${child.pid},.*`);
      await refuses(directory, 'occupied', found);
    } finally {
      child.kill();
    }
  });

  it('while another one holds it', async () => {
    const directory = fill(join(tempDirectory(), 'prom'));
    const child = start('flock', ['-o', directory, 'sh', '-c', 'echo held; sleep 60']);
    await new Promise((resolve) => child.stdout!.once('data', resolve));
    try {
      await refuses(directory, 'lock', /another compaction of it is under way/);
    } finally {
      child.kill();
    }
  });

  it('of a mount point, also in the namespace of another process', asRoot, async () => {
    const directory = fill(join(tempDirectory(), 'prom'));
    const seen = join(tempDirectory(), 'seen');
    mkdirSync(seen);
    const script = 'mount --bind "$0" "$1" && echo mounted && exec sleep 60';
    const args = ['--mount', '--propagation=private', 'sh', '-c', script, directory, seen];
    const child = start('unshare', args);
    await new Promise((resolve) => child.stdout!.once('data', resolve));
    try {
      await refuses(
        directory,
        'mounted',
        /mounted at \S+\/seen for process \d+,.*sub-directory of the volume/,
      );
    } finally {
      child.kill();
    }
    const { refused } = await compactAsIf(directory);
    assert.equal(refused, undefined);
  });

  it('of the directory of another user', asRoot, async () => {
    const parent = tempDirectory();
    chmodSync(parent, 0o755);
    const directory = fill(join(parent, 'prom'));
    await refuses(
      directory,
      'owner',
      /belongs to another user than uid 65534; run promfold as/,
      () => compactedBy(65_534, directory),
    );
  });

  it('where the directory above cannot be written', asRoot, async () => {
    const parent = tempDirectory();
    chmodSync(parent, 0o755);
    const directory = fill(join(parent, 'prom'));
    chownSync(directory, 65_534, 65_534);
    for (const name of readdirSync(directory)) chownSync(join(directory, name), 65_534, 65_534);
    await refuses(
      directory,
      'sibling',
      /cannot make the new directory.*\(EACCES\); let promfold write/,
      () => compactedBy(65_534, directory),
    );
  });

  it('where the directory above cannot be read', asRoot, async () => {
    const parent = tempDirectory();
    const directory = fill(join(parent, 'prom'));
    for (const name of ['.', ...readdirSync(directory)])
      chownSync(join(directory, name), 65_534, 65_534);
    chmodSync(parent, 0o711);
    await refuses(
      directory,
      'open',
      new RegExp(`cannot open ${parent} \\(EACCES\\); let promfold read .* and the one above it$`),
      () => compactedBy(65_534, directory),
    );
  });

  it('where another mount namespace has it', asRoot, async () => {
    const place = tempDirectory();
    const script = 'mount -t tmpfs tmpfs "$0" && echo mounted && exec sleep 60';
    const args = ['--mount', '--propagation=private', 'sh', '-c', script, place];
    const child = start('unshare', args);
    await new Promise((resolve) => child.stdout!.once('data', resolve));
    try {
      const root = `/proc/${child.pid}/root${place}`;
      const below = fill(`${root}/below/prom`);
      const found = `cannot open ${place}/below \\(ENOENT\\); .* run promfold there$`;
      await refuses(below, 'open', new RegExp(found));
      await refuses(fill(`${root}/prom`), 'moved', /another directory.* run promfold there$/);
    } finally {
      child.kill();
    }
  });

  it('where the kernel gives no lease: files of another user', asRoot, async () => {
    const parent = tempDirectory();
    chmodSync(parent, 0o777);
    const directory = fill(join(parent, 'prom'));
    chownSync(directory, 65_534, 65_534);
    await refuses(directory, 'lease', /cannot find out whether a process writes.*\(EACCES\)/, () =>
      compactedBy(65_534, directory),
    );
  });
});

describe('on a file system of its own', asRoot, () => {
  async function mounted(options: string, test: (place: string) => Promise<void>): Promise<void> {
    const place = tempDirectory();
    const { exitCode, stderr } = await run('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', place]);
    assert.equal(exitCode, 0, stderr);
    try {
      await test(place);
    } finally {
      await run('umount', [place]);
    }
  }

  it('without space it fails, and a full file system is told apart from a directory that never can be', () =>
    mounted('size=256k', async (place) => {
      const directory = fill(join(place, 'prom'));
      const writer = await mappers.start('w', join(directory, 'counter_{pid}.db'));
      const free = join(place, 'full');
      try {
        for (;;) writeFileSync(free, Buffer.alloc(4096), { flag: 'a' });
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
      }
      await refuses(directory, 'write', /\(ENOSPC\); the archives need some space/);
      const before = state(directory);
      const { exitCode, stdout, stderr } = await promfold(['compact', '--apply', directory]);
      assert.equal(exitCode, 2);
      assert.match(stdout, /: nothing was changed\n$/);
      assert.match(
        stderr,
        /^promfold: \S+: cannot .* \(ENOSPC\); the archives need some space .*\n$/,
      );
      assert.deepEqual(state(directory), before);
      await mappers.end(writer);
    }));

  it('read-only it is refused', () =>
    mounted('size=1m', async (place) => {
      const directory = fill(join(place, 'prom'));
      await run('mount', ['-o', 'remount,ro', place]);
      await refuses(directory, 'sibling', /\(EROFS\); mount the volume writable/);
    }));

  it('a mount point is refused, and is compacted with --readers-stopped', () =>
    mounted('size=1m', async (place) => {
      fill(place);
      const writer = await mappers.start('w', join(place, 'counter_{pid}.db'));
      const refused = await promfold(['compact', place]);
      assert.equal(refused.exitCode, 1);
      assert.match(refused.stderr, /^promfold: .*it is mounted at .*--readers-stopped\n$/);
      const { exitCode, stdout, stderr } = await promfold([
        'compact',
        '--apply',
        '--readers-stopped',
        place,
      ]);
      assert.deepEqual([exitCode, stderr], [0, '']);
      assert.match(stdout, /2 files folded into 1 archive, 2 removed/);
      const left = readdirSync(place).filter((name) => name.endsWith('.db'));
      assert.equal(left.length, 2);
      const scraped = await promfold(['scrape', place]);
      assert.match(scraped.stdout, /^jobs_total 140003\.0$/m);
      await mappers.end(writer);
    }));
});

describe('what the kernel or the bytes keep', () => {
  it('is a file that a process has open for writing, whatever its process is thought to be', async () => {
    const directory = fill(join(tempDirectory(), 'prom'));
    const writer = await mappers.start('w', join(directory, 'counter_70002.db'));
    const { kept, folded } = await compactAsIf(directory);
    assert.deepEqual(
      kept.map(({ reason, example }) => [reason, example]),
      [['open-for-writing', 'counter_70002.db']],
    );
    assert.equal(folded[0]!.files, 1);
    assert.ok(readdirSync(directory).includes('counter_70002.db'));
    await mappers.end(writer);
  });

  it('is a NaN in a minimum', async () => {
    const directory = fill(join(tempDirectory(), 'prom'));
    // It is ignored after another value, and an archive comes first.
    for (const [pid, value] of [
      [60_000, 3],
      [70_001, Number.NaN],
    ] as const) {
      writeMetricFile(join(directory, `gauge_min_${pid}.db`), [gauge('low', value)]);
    }
    const { kept } = await compactAsIf(directory, (id) => id !== '60000');
    assert.deepEqual(
      kept.map(({ reason, example }) => [reason, example]),
      [
        ['alive', 'gauge_min_60000.db'],
        ['order-matters', 'gauge_min_70001.db'],
      ],
    );
  });

  it('is a file of another name, linked twice', async () => {
    const directory = fill(join(tempDirectory(), 'prom'));
    linkSync(join(directory, 'counter_70001.db'), join(directory, 'copy.txt'));
    const { outcome } = await compactAsIf(directory);
    assert.equal(outcome!.folded, 2);
    assert.ok(readdirSync(directory).includes('copy.txt'));
  });
});
