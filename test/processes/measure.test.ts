/** What /proc says a process takes: made-up ones for what is rare, and this one. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type Measured, measure } from '../../src/processes/measure.js';
import { tempDirectory } from '../support/temp.js';

const BOOT = 1_700_000_000;
const PAGE_BYTES = Number(execFileSync('getconf', ['PAGESIZE'], { encoding: 'utf8' }));

const STAT =
  '42 (a) S 1 (b) S 7 42 42 0 -1 4194560 1 0 0 0 150 25 9 9 20 0 3 0 12345 8192000 100 18446744073709551615';
const LIMITS = `Limit                     Soft Limit           Hard Limit           Units
Max cpu time              unlimited            unlimited            seconds
Max open files            1024                 524288               files
`;

/** A /proc with one process, 42. */
function procOf(files: Readonly<Record<string, string>>, fds?: number): string {
  const proc = tempDirectory();
  const directory = join(proc, '42');
  mkdirSync(directory);
  writeFileSync(join(proc, 'stat'), `cpu 1 2\nbtime ${BOOT}\n`);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  if (fds !== undefined) mkdirSync(join(directory, 'fd'));
  for (let fd = 0; fd < (fds ?? 0); fd++) writeFileSync(join(directory, 'fd', String(fd)), '');
  return proc;
}

const process42 = { pid: 42, startSeconds: BOOT + 123.45 };

describe('measure', () => {
  it('reads what the client would, in its units', () => {
    const proc = procOf({ stat: STAT, limits: LIMITS }, 5);
    assert.deepEqual(measure([process42], proc), [
      {
        cpuSeconds: 1.75,
        residentBytes: 100 * PAGE_BYTES,
        virtualBytes: 8_192_000,
        openFds: 5,
        maxFds: 1024,
        startSeconds: BOOT + 123.45,
        threads: 3,
      },
    ]);
  });

  it('adds the two kinds of CPU time as the client does, to the last bit', () => {
    const stat = STAT.replace(' 150 25 ', ' 10 20 ');
    const [measured] = measure([process42], procOf({ stat, limits: LIMITS }, 1));
    assert.equal(measured!.cpuSeconds, 0.1 + 0.2);
    assert.notEqual(measured!.cpuSeconds, 0.3);
  });

  it('knows nothing of what may not be read', () => {
    const [measured] = measure([process42], procOf({ stat: STAT }));
    assert.equal(measured!.cpuSeconds, 1.75);
    assert.ok(Number.isNaN(measured!.openFds));
    assert.ok(Number.isNaN(measured!.maxFds));
  });

  it('has no number for a limit that is none', () => {
    const limits = LIMITS.replace('1024 ', 'unlimited ');
    const [measured] = measure([process42], procOf({ stat: STAT, limits }));
    assert.ok(Number.isNaN(measured!.maxFds));
  });

  const gone: [title: string, proc: string, asked?: Parameters<typeof measure>[0][number]][] = [
    ['is not there', procOf({})],
    ['has ended', procOf({ stat: STAT.replace('(b) S', '(b) Z') })],
    ['is another one under its pid', procOf({ stat: STAT }), { pid: 42, startSeconds: BOOT + 99 }],
  ];
  for (const [title, proc, asked = process42] of gone) {
    it(`gives nothing for a process that ${title}`, () =>
      assert.deepEqual(measure([asked], proc), [undefined]));
  }

  it('takes a process whose start is not known for the one that is meant', () => {
    const [measured] = measure([{ pid: 42, startSeconds: undefined }], procOf({ stat: STAT }));
    assert.equal(measured!.threads, 3);
  });

  it('agrees with what this process knows of itself', () => {
    const before = process.cpuUsage();
    const [own, other] = measure([
      { pid: process.pid, startSeconds: undefined },
      { pid: 999_999_999, startSeconds: undefined },
    ]) as [Measured, Measured | undefined];
    const after = process.cpuUsage();
    assert.equal(other, undefined);
    const seconds = ({ user, system }: NodeJS.CpuUsage) => (user + system) / 1e6;
    assert.ok(own.cpuSeconds >= seconds(before) - 0.03 && own.cpuSeconds <= seconds(after) + 0.03);
    assert.ok(Math.abs(own.residentBytes / process.memoryUsage.rss() - 1) < 0.2);
    assert.ok(Math.abs(Date.now() / 1000 - process.uptime() - own.startSeconds) < 2);
    assert.equal(own.threads, readdirSync('/proc/self/task').length);
  });
});
