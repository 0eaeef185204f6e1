/** SIGUSR1 to the built promfold: nobody can debug it, and it runs on. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../support/free-port.js';
import { MAIN } from '../support/paths.js';
import { childrenOf, Session, until } from '../support/session.js';
import { tempDirectory } from '../support/temp.js';

/** A debugger that is started listens within a tenth of this, as the last test sees. */
const SETTLE_MS = 1_000;

let session: Session | undefined;

afterEach(() => {
  session?.kill();
  session = undefined;
});

async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

function node(options: readonly string[], args: readonly string[]): Session {
  session = new Session(process.execPath, [...options, ...args]);
  return session;
}

const isAlive = ({ child }: Session) => child.exitCode === null && child.signalCode === null;

/** Whether Node or a program has a handler for it: before that it ends any process. */
function catchesSigusr1(pid: number): boolean {
  const [, caught] = /^SigCgt:\s*(\w+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!;
  return (BigInt(`0x${caught}`) & (1n << 9n)) !== 0n;
}

/** Another address than the debugger's: it may be given the port that a debugger had. */
const LISTEN = '--web.listen-address=127.0.0.2:0';
const SERVE = [MAIN, 'serve', LISTEN];

describe('SIGUSR1', () => {
  const commands: [title: string, args: () => string[], begun: RegExp, on: 'stdout' | 'stderr'][] =
    [
      ['serve', () => [...SERVE, tempDirectory()], /starting promfold/, 'stderr'],
      ['serve that listens', () => [...SERVE, tempDirectory()], /msg=listening/, 'stderr'],
      ['top', () => [MAIN, 'top', '--interval=0.1', tempDirectory()], /promfold top/, 'stdout'],
    ];
  for (const [title, args, begun, on] of commands) {
    it(`opens no debugger in ${title}, and ends nothing`, async () => {
      const port = await freePort();
      const promfold = node([`--inspect-port=${port}`], args());
      await promfold.shows(begun, on);
      process.kill(promfold.pid, 'SIGUSR1');
      await sleep(SETTLE_MS);
      assert.equal(await isOpen(port), false);
      assert.doesNotMatch(promfold.stderr, /debugger/i);
      assert.ok(isAlive(promfold), promfold.stderr);
    });
  }

  it('to run and its daemon opens no debugger, and is handed on', async () => {
    const port = await freePort();
    const shell = 'trap "echo got it" USR1; echo begun; while :; do sleep 0.1; done';
    const command = [LISTEN, '--', 'sh', '-c', shell];
    const run = node([`--inspect-port=${port}`], [MAIN, 'run', ...command]);
    await run.shows(/begun/);
    await run.shows(/msg=listening/, 'stderr');
    const daemon = childrenOf(run.pid).find((pid) =>
      readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('\0serve\0'),
    )!;
    process.kill(daemon, 'SIGUSR1');
    process.kill(run.pid, 'SIGUSR1');
    await sleep(SETTLE_MS);
    assert.equal(await isOpen(port), false);
    assert.doesNotMatch(run.stderr, /debugger/i);
    assert.ok(isAlive(run) && childrenOf(run.pid).includes(daemon), run.stderr);
    process.kill(run.pid, 'SIGUSR1');
    await run.shows(/got it/);
  });

  it('that comes before promfold is loaded leaves no debugger', async () => {
    for (let i = 0; i < 5; i += 1) {
      const port = await freePort();
      const promfold = node([`--inspect-port=${port}`], [...SERVE, tempDirectory()]);
      while (!catchesSigusr1(promfold.pid)) await sleep(1);
      process.kill(promfold.pid, 'SIGUSR1');
      await promfold.shows(/msg=listening/, 'stderr');
      await until(
        async () => !(await isOpen(port)),
        () => `no debugger at ${port}: ${promfold.stderr}`,
      );
      await sleep(SETTLE_MS);
      assert.equal(await isOpen(port), false, promfold.stderr);
      assert.ok(isAlive(promfold));
      promfold.kill();
    }
  });

  it('changes nothing for who asked Node for a debugger', async () => {
    const port = await freePort();
    const promfold = node([`--inspect=127.0.0.1:${port}`], [...SERVE, tempDirectory()]);
    await promfold.shows(/msg=listening/, 'stderr');
    assert.equal(await isOpen(port), true);
  });
});

describe('the test itself', () => {
  it('would see a debugger', async () => {
    const port = await freePort();
    const plain = node(
      [`--inspect-port=${port}`],
      ['-e', 'console.log("begun"); setInterval(() => {}, 1000)'],
    );
    await plain.shows(/begun/);
    process.kill(plain.pid, 'SIGUSR1');
    await until(
      () => isOpen(port),
      () => `a debugger at ${port}`,
    );
    assert.match(plain.stderr, /Debugger listening/);
  });
});
