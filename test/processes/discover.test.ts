/** Real processes that use directories in every way there is; what is found of them. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  type DiscoveredDirectory,
  type Discovery,
  discoverDirectories,
} from '../../src/processes/discover.js';
import { identityOf } from '../../src/processes/namespace-path.js';
import { Proc } from '../../src/processes/proc.js';
import { Mappers } from '../support/mapper.js';
import { currentPython } from '../support/parts.js';
import { start } from '../support/process.js';
import { tempDirectory } from '../support/temp.js';
import { VllmLike } from '../support/vllm-like.js';

const python = currentPython();

/** What a process that only names a directory does: nothing. */
function idle(environment: Record<string, string>, cwd = '/'): number {
  const env = { PATH: process.env.PATH, ...environment };
  const child = start('sleep', ['600'], { env, cwd, stdio: 'ignore' });
  idlers.push(child);
  return child.pid!;
}

const idlers: ChildProcess[] = [];
const mappers = new Mappers();
after(() => {
  mappers.close();
  for (const child of idlers) child.kill();
});

function at(found: Discovery, path: string): DiscoveredDirectory | undefined {
  return found.directories.find((directory) => directory.path === path);
}

/** A process exists a little before its program runs and its environment is its own. */
async function findUntil(isThere: (found: Discovery) => boolean, what: string): Promise<Discovery> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const found = await discoverDirectories();
    if (isThere(found)) return found;
    assert.ok(Date.now() < deadline, `${what} is not found in ${JSON.stringify(found)}`);
  }
}

describe('a directory that processes write to', { skip: python.skip }, () => {
  let vllm: VllmLike;
  let late: VllmLike;
  before(async () => {
    vllm = await VllmLike.start(python.path, { args: ['--api-key=hunter2'] });
    late = await VllmLike.start(python.path, { late: true });
  });
  after(async () => {
    await vllm.stop();
    await late.stop();
  });

  it('is found with its processes, their roles, its owner and mode', async () => {
    const { directory, servers, engines } = await vllm.facts();
    const found = at(await discoverDirectories(), directory!)!;
    const { ino, dev } = statSync(directory!);
    assert.equal(found.insidePath, directory);
    assert.equal(found.identity, `${dev}:${ino}`);
    assert.equal(found.mode, 0o700);
    assert.equal(found.uid, process.getuid!());
    assert.equal(found.metricFiles, readdirSync(directory!).length);
    assert.equal(found.error, undefined);
    const of = (pid: number) => found.users.find((user) => user.pid === pid);
    for (const [i, pid] of servers.entries()) {
      const server = of(pid)!;
      assert.equal(server.role, `VLLM::APIServer_${i}`);
      assert.equal(server.writes, true);
      assert.match(server.program!, /^python3/);
    }
    assert.equal(of(engines[0]!)!.writes, false);
    assert.deepEqual(
      found.users.map(({ pid }) => pid),
      found.users.map(({ pid }) => pid).sort((a, b) => a - b),
    );
  });

  it('shows no command line', async () => {
    assert.doesNotMatch(JSON.stringify(await discoverDirectories()), /hunter2/);
  });

  it('reports a variable that was set too late: only engines write', async () => {
    const { directory, launcher, engines } = await late.facts();
    const found = at(await discoverDirectories(), directory!)!;
    assert.deepEqual(
      found.users.filter(({ writes }) => writes).map(({ pid }) => pid),
      engines,
    );
    assert.deepEqual(
      found.setLateBy.map(({ pid }) => pid),
      [launcher],
    );
    const { directory: other } = await vllm.facts();
    assert.deepEqual(at(await discoverDirectories(), other!)!.setLateBy, []);
  });

  it('says that files are removed which are still written', async () => {
    const { directory, servers } = await vllm.facts();
    rmSync(join(directory!, `histogram_${servers[0]}.db`));
    const found = at(await discoverDirectories(), directory!)!;
    assert.deepEqual(
      found.users.map(({ removedFiles }) => removedFiles).filter((count) => count > 0),
      [1],
    );
  });
});

describe('a directory that processes only name', () => {
  it('is found by the variable, in either spelling, relative, and through a link', async () => {
    const directory = tempDirectory();
    const link = join(tempDirectory(), 'link');
    symlinkSync(directory, link);
    const pids = [
      idle({ PROMETHEUS_MULTIPROC_DIR: directory }),
      idle({ prometheus_multiproc_dir: directory }),
      idle({ PROMETHEUS_MULTIPROC_DIR: '.' }, directory),
      idle({ PROMETHEUS_MULTIPROC_DIR: link, prometheus_multiproc_dir: '/nowhere' }),
    ];
    const isThere = (found: Discovery) =>
      found.directories.some(({ users }) => pids.every((pid) => users.some((u) => u.pid === pid)));
    const found = await findUntil(isThere, directory);
    const { insidePath, metricFiles, users } = found.directories.find(
      ({ identity }) => identity === `${statSync(directory).dev}:${statSync(directory).ino}`,
    )!;
    assert.ok([directory, link].includes(insidePath));
    assert.equal(metricFiles, 0);
    assert.ok(users.every(({ writes, program }) => !writes && program === 'sleep'));
    assert.equal(
      found.directories.filter((other) => other.insidePath === '/nowhere').length,
      0,
      'the old spelling counts only where the new one is not set',
    );
  });

  it('is found although it is missing or no directory', async () => {
    const missing = join(tempDirectory(), 'missing');
    idle({ PROMETHEUS_MULTIPROC_DIR: missing });
    idle({ PROMETHEUS_MULTIPROC_DIR: '/etc/hostname' });
    const isThere = (found: Discovery) =>
      at(found, missing) !== undefined && at(found, '/etc/hostname') !== undefined;
    const found = await findUntil(isThere, missing);
    assert.equal(at(found, missing)!.error, 'ENOENT');
    assert.equal(at(found, missing)!.identity, undefined);
    assert.equal(at(found, '/etc/hostname')!.error, 'ENOTDIR');
  });

  it('is none where the variable is empty, and our own does not count', async () => {
    const directory = tempDirectory();
    const empty = idle({ PROMETHEUS_MULTIPROC_DIR: '' }, directory);
    const other = idle({ PROMETHEUS_MULTIPROC_DIR: directory });
    const found = await findUntil((all) => at(all, directory) !== undefined, directory);
    assert.deepEqual(
      at(found, directory)!.users.map(({ pid }) => pid),
      [other],
    );
    const all = found.directories.flatMap(({ users }) => users.map(({ pid }) => pid));
    assert.ok(!all.includes(empty) && !all.includes(process.pid));
  });
});

describe('the user of a process', () => {
  const asRoot = { skip: process.getuid!() === 0 ? false : 'needs root' };
  const NOBODY = 65_534;
  const UID = 4_000_000;

  it(
    'is the real one, whatever it may do and whatever the owner of /proc/PID',
    asRoot,
    async () => {
      const directory = tempDirectory();
      // As a set-user-ID program does; and after that /proc/PID belongs to root.
      const script =
        'import os, sys; os.setresuid(65534, 0, 0); print("ready", flush=True); sys.stdin.read()';
      const child = start('python3', ['-c', script], {
        env: { PATH: process.env.PATH, PROMETHEUS_MULTIPROC_DIR: directory },
      });
      await once(child.stdout!, 'data');
      const { users } = at(await discoverDirectories(), directory)!;
      assert.deepEqual(
        users.map(({ pid, uid }) => [pid, uid]),
        [[child.pid, NOBODY]],
      );
      child.kill();
    },
  );

  it('may use a limited number of directories: of more, only the first are read', async () => {
    const root = tempDirectory();
    const mapped = Array.from({ length: 9 }, (_, i) => join(root, String(i), 'counter_1.db'));
    for (const path of mapped) {
      mkdirSync(dirname(path));
      writeFileSync(path, Buffer.alloc(4096));
    }
    const pids: (number | undefined)[] = [];
    class OfOneUser extends Proc {
      override async realUser(pid: number) {
        return pids.includes(pid) ? UID : super.realUser(pid);
      }
    }
    const discover = async (max?: number) => {
      const { directories, crowded } = await discoverDirectories(new OfOneUser(), max);
      const seen = directories.filter(({ insidePath }) => insidePath.startsWith(root));
      return { seen: seen.length, isCrowded: crowded.includes(UID) };
    };
    pids.push((await mappers.start('w', ...mapped.slice(0, 6))).pid);
    pids.push((await mappers.start('w', ...mapped.slice(4, 8))).pid);
    assert.deepEqual(await discover(8), { seen: 8, isCrowded: false });
    pids.push((await mappers.start('w', ...mapped.slice(8))).pid);
    assert.deepEqual(await discover(8), { seen: 8, isCrowded: true });
    assert.deepEqual(await discover(), { seen: 9, isCrowded: false });
  });
});

describe('the identity of a directory', () => {
  it('keeps all bits of an inode', () => {
    const stats = statSync('/', { bigint: true });
    const large = Object.assign(stats, { dev: 42n, ino: 2n ** 63n + 1n });
    assert.equal(identityOf(large), '42:9223372036854775809');
  });
});

describe('what cannot be read', () => {
  it('is counted by its owner', async () => {
    const directory = tempDirectory();
    const guarded = idle({ PROMETHEUS_MULTIPROC_DIR: directory });
    await findUntil((all) => at(all, directory) !== undefined, directory);
    class Guarded extends Proc {
      override async read(pid: number, name: string) {
        if (pid === guarded && name !== 'stat') return 'denied' as const;
        return super.read(pid, name);
      }
    }
    const count = ({ unread }: Discovery) =>
      unread.find(({ uid }) => uid === process.getuid!())?.processes ?? 0;
    const found = await discoverDirectories(new Guarded());
    assert.equal(at(found, directory), undefined);
    assert.ok(count(found) >= 1);
  });

  it('is not a reason to throw', async () => {
    const nothing = await discoverDirectories(new Proc('/nowhere'));
    assert.deepEqual(nothing.directories, []);
    assert.deepEqual(nothing.unread, []);
  });
});
