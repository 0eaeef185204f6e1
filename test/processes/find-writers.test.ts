/** Real processes that map real files: alive, dead and unknown as facts. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { findWriters, type WrittenFile } from '../../src/processes/find-writers.js';
import { Proc } from '../../src/processes/proc.js';
import { Mappers } from '../support/mapper.js';

describe('findWriters', () => {
  const directory = mkdtempSync(join(tmpdir(), 'promfold-writers-'));
  const mappers = new Mappers();
  const start = mappers.start.bind(mappers);
  const file = (name: string): string => {
    const path = join(directory, name);
    writeFileSync(path, Buffer.alloc(4096), { flag: 'a' });
    return path;
  };
  const written = (processId: string, path: string): WrittenFile => {
    const { dev, ino } = statSync(path, { bigint: true });
    const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
    const minor = (dev & 0xffn) | ((dev >> 12n) & ~0xffn);
    const hex = (n: bigint) => n.toString(16).padStart(2, '0');
    return { processId, identity: `${hex(major)}:${hex(minor)}:${ino}`, path };
  };
  let living: ChildProcess;
  let forking: ChildProcess;
  const second: ChildProcess[] = [];
  before(async () => {
    living = await start('w', file('counter_1.db'));
    await start('r', file('counter_2.db'));
    forking = await start('fork', file('counter_3.db'));
    for (let i = 0; i < 2; i++) second.push(await start('w', file('counter_w4.db')));
    file('gauge_livesum_1.db');
  });
  after(() => {
    mappers.close();
    rmSync(directory, { recursive: true });
  });
  const ownId = () => String(living.pid);
  const find = (...names: [processId: string, name: string][]) =>
    findWriters(names.map(([processId, name]) => written(processId, join(directory, name))));

  it('calls alive who maps the file to write, with pid, program and start', async () => {
    const writer = (await find(['1', 'counter_1.db'])).get('1')!;
    assert.equal(writer.liveness, 'alive');
    assert.equal(writer.pid, living.pid);
    assert.match(writer.program!, /^python3/);
    assert.equal(writer.role, undefined);
    assert.ok(Math.abs(writer.startSeconds! - Date.now() / 1000) < 60);
    assert.equal(writer.pidNamespace, readlinkSync('/proc/self/ns/pid'));
    assert.equal(writer.otherPids, undefined);
  });

  it('calls a process dead whose file nobody maps while another file is mapped', async () => {
    const writers = await find([ownId(), 'counter_1.db'], ['999999999', 'counter_2.db']);
    assert.equal(writers.get('999999999')!.liveness, 'dead');
  });

  it('does not count a reader, nor call dead where no writer is seen', async () => {
    assert.equal((await find(['2', 'counter_2.db'])).get('2')!.liveness, 'unknown');
  });

  it('calls nobody dead whose pid a process that cannot be read has, or where ids are not pids', async () => {
    class Guarded extends Proc {
      override async read(pid: number, name: string) {
        if (pid === process.pid && name === 'maps') return 'denied' as const;
        return super.read(pid, name);
      }
    }
    const liveness = async (aliveId: string, otherId: string) => {
      const files = [
        written(aliveId, join(directory, 'counter_1.db')),
        written(otherId, join(directory, 'counter_2.db')),
      ];
      const writers = await findWriters(files, new Guarded());
      assert.equal(writers.get(aliveId)!.liveness, 'alive');
      return writers.get(otherId)!.liveness;
    };
    assert.equal(await liveness(ownId(), '999999999'), 'dead');
    assert.equal(await liveness(ownId(), String(process.pid)), 'unknown');
    assert.equal(await liveness(ownId(), 'worker_1'), 'unknown');
    assert.equal(await liveness('worker_2', '999999999'), 'unknown');
  });

  it('takes the parent, not a fork that has touched nothing, and sees one writer', async () => {
    const writer = (await find(['3', 'counter_3.db'])).get('3')!;
    assert.equal(writer.pid, forking.pid);
    assert.equal(writer.otherPids, undefined);
  });

  it('names the second process that writes one file', async () => {
    const writer = (await find(['w4', 'counter_w4.db'])).get('w4')!;
    assert.deepEqual(
      [writer.pid, ...writer.otherPids!].sort(),
      second.map(({ pid }) => pid).sort(),
    );
  });

  it('names a file that a living process left aside', {
    skip: process.getuid!() !== 0,
  }, async () => {
    const writers = await find([ownId(), 'counter_1.db'], [ownId(), 'gauge_livesum_1.db']);
    const writer = writers.get(ownId())!;
    assert.deepEqual(writer.abandoned, [
      written('1', join(directory, 'gauge_livesum_1.db')).identity,
    ]);
  });

  it('survives processes that vanish and a /proc that is not there', async () => {
    const empty = join(directory, 'proc');
    mkdirSync(join(empty, '4711'), { recursive: true });
    for (const place of [empty, join(directory, 'none')]) {
      const writers = await findWriters(
        [written('1', join(directory, 'counter_1.db'))],
        new Proc(place),
      );
      assert.equal(writers.get('1')!.liveness, 'unknown');
    }
  });
});
