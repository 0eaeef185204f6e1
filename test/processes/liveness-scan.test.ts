/** Scans of files that real processes map: what stays known, what is in its creation grace period, and what is removed. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { LivenessScan, type ScannedFile } from '../../src/processes/liveness-scan.js';
import { Proc } from '../../src/processes/proc.js';
import { Mappers } from '../support/mapper.js';
import { start } from '../support/process.js';
import { tempDirectory } from '../support/temp.js';

/** Pids that no process has. */
const DEAD = '999999998';
const OTHER = '999999999';

const LIVESUM = `gauge_livesum_${DEAD}.db`;

const LATER = () => Date.now() / 1000 + 60;

describe('a liveness scan', () => {
  const mappers = new Mappers();
  after(() => mappers.close());

  interface Place {
    readonly directory: string;
    readonly scan: LivenessScan;
    readonly files: ScannedFile[];
    path(name: string): string;
    add(...names: string[]): void;
    /** A process that writes `counter_PID.db`. */
    live(): Promise<ChildProcess>;
    /** Liveness by name. */
    see(): Promise<Record<string, string>>;
  }
  const place = (nowSeconds = LATER, proc = new Proc(), directory = tempDirectory()): Place => {
    const scan = new LivenessScan(directory, proc, nowSeconds);
    const files: ScannedFile[] = [];
    const path = (name: string) => join(directory, name);
    return {
      directory,
      scan,
      files,
      path,
      add(...names) {
        for (const name of names) {
          writeFileSync(path(name), Buffer.alloc(4096));
          files.push({ id: files.length, name });
        }
      },
      async live() {
        const child = await mappers.start('w', path('counter_{pid}.db'));
        files.push({ id: files.length, name: `counter_${child.pid}.db` });
        return child;
      },
      async see() {
        const { liveness } = await scan.scan(files, false);
        return Object.fromEntries(files.map(({ name }, i) => [name, liveness[i]!]));
      },
    };
  };

  it('tells alive, dead and left aside by file', async () => {
    const { add, live, see } = place();
    const { pid } = await live();
    add(`gauge_all_${pid}.db`, `counter_${DEAD}.db`);
    assert.deepEqual(await see(), {
      [`counter_${pid}.db`]: 'alive',
      [`gauge_all_${pid}.db`]: 'dead',
      [`counter_${DEAD}.db`]: 'dead',
    });
  });

  it('says when the writer of a file began, and nothing of others', async () => {
    const { add, live, scan, files } = place();
    const { pid } = await live();
    add(`gauge_all_${pid}.db`);
    const { startSeconds, writers } = await scan.scan(files, false);
    assert.ok(Math.abs(startSeconds[0]! - Date.now() / 1000) < 60);
    assert.equal(startSeconds[1], 0);
    const writer = { processId: String(pid), pid, role: undefined, startSeconds: startSeconds[0] };
    assert.deepEqual(writers, [writer]);
  });

  it('calls a file that was just made unknown: it may be about to be mapped', async () => {
    const { add, live, see } = place(() => Date.now() / 1000);
    await live();
    add(`counter_${DEAD}.db`);
    assert.equal((await see())[`counter_${DEAD}.db`], 'unknown');
  });

  it('goes on knowing the dead when the last living process ends, and that one too', async () => {
    const { add, live, path, see } = place();
    add(`counter_${DEAD}.db`);
    const living = await live();
    const own = `counter_${living.pid}.db`;
    assert.deepEqual(await see(), { [`counter_${DEAD}.db`]: 'dead', [own]: 'alive' });
    await mappers.end(living);
    assert.deepEqual(await see(), { [`counter_${DEAD}.db`]: 'dead', [own]: 'dead' });
    // The owner of a new file that no process maps is unknown: its writer may not be visible here.
    add(`counter_${OTHER}.db`);
    assert.equal((await see())[`counter_${OTHER}.db`], 'unknown');
    await mappers.start('w', path(own));
    assert.equal((await see())[own], 'alive');
  });

  it('calls nothing dead where no writer was ever seen', async () => {
    const { add, see } = place();
    add(`counter_${DEAD}.db`);
    assert.deepEqual(await see(), { [`counter_${DEAD}.db`]: 'unknown' });
  });

  it('sees the files of another mount namespace, not those of the same path in its own', {
    skip: process.getuid!() !== 0,
  }, async () => {
    // A tmpfs lies over it there.
    const directory = tempDirectory();
    const script = ['mount -t tmpfs none "$0"', 'exec python3 -c "$1" "$0"'].join(' && ');
    const mapper = `
import mmap, os, sys
name = f'{sys.argv[1]}/counter_{os.getpid()}.db'
open(name, 'wb').write(bytes(4096))
file = open(name, 'r+b')
held = mmap.mmap(file.fileno(), 0)
print('ready', flush=True)
sys.stdin.read()`;
    const child = start('unshare', ['--mount', 'sh', '-c', script, directory, mapper]);
    await once(child.stdout!, 'data');
    const there = place(LATER, new Proc(), `/proc/${child.pid}/root${directory}`);
    const name = `counter_${child.pid}.db`;
    there.files.push({ id: 0, name });
    assert.deepEqual(await there.see(), { [name]: 'alive' });
    child.kill('SIGKILL');
  });

  it('knows nothing of a directory that is not there, until it is', async () => {
    const directory = join(tempDirectory(), 'later');
    const later = place(LATER, new Proc(), directory);
    later.files.push({ id: 0, name: `counter_${DEAD}.db` });
    assert.deepEqual(await later.see(), { [`counter_${DEAD}.db`]: 'unknown' });
    mkdirSync(directory);
    writeFileSync(later.path(`counter_${DEAD}.db`), Buffer.alloc(4096));
    const { pid } = await later.live();
    assert.deepEqual(await later.see(), {
      [`counter_${DEAD}.db`]: 'dead',
      [`counter_${pid}.db`]: 'alive',
    });
  });

  describe('that removes', () => {
    const LIVE = ['liveall', 'livemin', 'livemax', 'livesum', 'livemostrecent'];
    const liveOf = (id: string) => LIVE.map((mode) => `gauge_${mode}_${id}.db`);

    it('removes what mark_process_dead would, at the second scan', async () => {
      const { add, live, path, scan, files } = place();
      const kept = ['counter_', 'gauge_all_', 'gauge_livefoo_', 'histogram_'].map(
        (kind) => `${kind}${DEAD}.db`,
      );
      const { pid } = await live();
      add(`gauge_livesum_${pid}.db`, ...kept, ...liveOf(DEAD));
      assert.deepEqual((await scan.scan(files, true)).removed, []);
      assert.deepEqual([...(await scan.scan(files, true)).removed].sort(), liveOf(DEAD).sort());
      for (const name of liveOf(DEAD)) assert.ok(!existsSync(path(name)), name);
      for (const name of kept) assert.ok(existsSync(path(name)), name);
      // Left aside by a living process, which may open it at any moment.
      assert.ok(existsSync(path(`gauge_livesum_${pid}.db`)));
    });

    it('removes nothing that is adopted meanwhile, nor what is unknown', async () => {
      let adopter: ChildProcess | undefined;
      let passes = 0;
      class Adopting extends Proc {
        override async pids() {
          passes += 1;
          // Between the second scan and the one just before the removal.
          if (passes === 3) adopter = await mappers.start('w', path(LIVESUM));
          return super.pids();
        }
      }
      const { add, live, path, scan, files } = place(LATER, new Adopting());
      const living = await live();
      add(LIVESUM);
      await scan.scan(files, true);
      assert.deepEqual((await scan.scan(files, true)).removed, []);
      assert.equal(passes, 3);
      assert.ok(adopter !== undefined && existsSync(path(LIVESUM)));
      await mappers.end(living);
      const never = place();
      never.add(LIVESUM);
      for (let i = 0; i < 3; i++) await never.scan.scan(never.files, true);
      assert.ok(existsSync(never.path(LIVESUM)));
    });

    it('removes no file of another inode under the name', async () => {
      const { add, live, path, scan, files } = place();
      await live();
      add(LIVESUM);
      await scan.scan(files, true);
      execFileSync('cp', [path(LIVESUM), path('new')]);
      execFileSync('mv', [path('new'), path(LIVESUM)]);
      assert.deepEqual((await scan.scan(files, true)).removed, []);
      assert.ok(existsSync(path(LIVESUM)));
    });

    describe('while its directory is exchanged', () => {
      /** Does it when everything is judged, just before something would be removed. */
      class Exchanging extends Proc {
        #passes = 0;
        exchange = () => {};
        override async pids() {
          const pids = await super.pids();
          this.#passes += 1;
          if (this.#passes === 3) this.exchange();
          return pids;
        }
      }
      interface Exchange {
        readonly place: Place;
        readonly proc: Exchanging;
        /** A directory of another user, which has the same file under the same name. */
        readonly victim: string;
        readonly outer: string;
      }
      const exchange = async (): Promise<Exchange> => {
        const outer = tempDirectory();
        const victim = join(outer, 'victim');
        mkdirSync(victim);
        mkdirSync(join(outer, 'parent'));
        mkdirSync(join(outer, 'parent', 'metrics'));
        const proc = new Exchanging();
        const own = place(LATER, proc, join(outer, 'parent', 'metrics'));
        await own.live();
        own.add(LIVESUM);
        linkSync(own.path(LIVESUM), join(victim, LIVESUM));
        return { place: own, proc, victim, outer };
      };

      it('removes nothing of what a link in its place leads to', async () => {
        const { place: own, proc, victim, outer } = await exchange();
        const moved = join(outer, 'moved');
        proc.exchange = () => {
          renameSync(own.directory, moved);
          symlinkSync(victim, own.directory);
        };
        await own.scan.scan(own.files, true);
        assert.deepEqual((await own.scan.scan(own.files, true)).removed, [LIVESUM]);
        assert.ok(existsSync(join(victim, LIVESUM)));
        assert.ok(!existsSync(join(moved, LIVESUM)));
      });

      it('removes nothing of what a link in place of its parent leads to', async () => {
        const { place: own, proc, victim, outer } = await exchange();
        const moved = join(outer, 'moved');
        proc.exchange = () => {
          renameSync(join(outer, 'parent'), moved);
          mkdirSync(join(outer, 'elsewhere'));
          renameSync(victim, join(outer, 'elsewhere', 'metrics'));
          symlinkSync(join(outer, 'elsewhere'), join(outer, 'parent'));
        };
        await own.scan.scan(own.files, true);
        assert.deepEqual((await own.scan.scan(own.files, true)).removed, [LIVESUM]);
        assert.ok(existsSync(join(outer, 'elsewhere', 'metrics', LIVESUM)));
        assert.ok(!existsSync(join(moved, 'metrics', LIVESUM)));
      });

      it('removes nothing of another directory that a later scan finds in its place', async () => {
        const { place: own, victim, outer } = await exchange();
        await own.scan.scan(own.files, true);
        renameSync(own.directory, join(outer, 'moved'));
        symlinkSync(victim, own.directory);
        assert.deepEqual((await own.scan.scan(own.files, true)).removed, []);
        assert.ok(existsSync(join(victim, LIVESUM)));
        assert.ok(existsSync(join(outer, 'moved', LIVESUM)));
      });

      it('judges it anew in a directory that a compaction put in its place, which makes it no younger', async () => {
        const { place: own, victim, outer } = await exchange();
        await own.scan.scan(own.files, true);
        renameSync(own.directory, join(outer, 'old'));
        renameSync(victim, own.directory);
        const { removed, liveness } = await own.scan.scan(own.files, true);
        assert.deepEqual([removed, liveness.at(-1)], [[], 'dead']);
        assert.deepEqual((await own.scan.scan(own.files, true)).removed, [LIVESUM]);
        assert.ok(existsSync(join(outer, 'old', LIVESUM)));
      });

      it('removes no link to the file that was judged', async () => {
        const { place: own, proc, victim } = await exchange();
        proc.exchange = () => {
          rmSync(own.path(LIVESUM));
          symlinkSync(join(victim, LIVESUM), own.path(LIVESUM));
        };
        await own.scan.scan(own.files, true);
        assert.deepEqual((await own.scan.scan(own.files, true)).removed, []);
        assert.ok(existsSync(own.path(LIVESUM)) && existsSync(join(victim, LIVESUM)));
      });
    });

    it('tells once what it cannot remove', { skip: process.getuid!() !== 0 }, async () => {
      const writable = place();
      const readOnly = tempDirectory();
      execFileSync('mount', ['--bind', writable.directory, readOnly]);
      try {
        execFileSync('mount', ['-o', 'remount,ro,bind', readOnly]);
        await writable.live();
        writable.add(LIVESUM);
        const { scan } = place(LATER, new Proc(), readOnly);
        await scan.scan(writable.files, true);
        const expected = [{ name: LIVESUM, error: 'EROFS' }];
        assert.deepEqual((await scan.scan(writable.files, true)).notRemoved, expected);
        assert.deepEqual((await scan.scan(writable.files, true)).notRemoved, []);
      } finally {
        execFileSync('umount', [readOnly]);
      }
    });
  });
});
