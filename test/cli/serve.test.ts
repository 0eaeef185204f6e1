/** The daemon, as a process: how it starts, and how it ends. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { Daemon, promfold } from '../support/cli.js';
import { MAIN } from '../support/paths.js';
import { start } from '../support/process.js';
import { tempDirectory } from '../support/temp.js';

describe('promfold serve', () => {
  it('says what starts, and where it listens', async () => {
    const daemon = await Daemon.serve(tempDirectory());
    const { log } = daemon;
    assert.equal(await daemon.stop(), 0);
    assert.match(log, /^time=\S+ level=info msg="starting promfold" version=\d\S*/m);
    assert.match(
      log,
      /^time=\S+ level=info msg=listening address=(127\.0\.0\.1:\d+) url=http:\/\/\1\/metrics$/m,
    );
  });

  it('logs JSON when asked', async () => {
    const daemon = await Daemon.serve(tempDirectory(), ['--log.format=json']);
    const { log } = daemon;
    await daemon.stop();
    const messages = log
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).msg);
    assert.ok(messages.includes('listening'), log);
  });

  it('logs requests only at debug', async () => {
    for (const [level, logged] of [
      ['info', false],
      ['debug', true],
    ] as const) {
      const daemon = await Daemon.serve(tempDirectory(), ['--log.level', level]);
      await daemon.get('/-/healthy');
      await daemon.stop();
      assert.equal(daemon.log.includes('url=/-/healthy'), logged);
    }
  });

  it('listens on several addresses', async () => {
    const daemon = await Daemon.serve(tempDirectory(), ['--web.listen-address=127.0.0.2:0']);
    const port = Number(/127\.0\.0\.2:(\d+)/.exec(await logWith(daemon, '127.0.0.2:'))![1]);
    assert.equal((await fetch(`http://127.0.0.2:${port}/metrics`)).status, 200);
    assert.equal((await daemon.get('/metrics')).status, 200);
    assert.equal(await daemon.stop(), 0);
  });

  it('refuses a busy port in one line, with 2', async () => {
    const daemon = await Daemon.serve(tempDirectory());
    const address = daemon.url.replace('http://', '');
    const args = ['serve', tempDirectory(), '--log.level=error', '--web.listen-address', address];
    const { exitCode, stderr } = await promfold(args);
    await daemon.stop();
    assert.equal(exitCode, 2);
    const holder = `by node (pid ${daemon.pid})`;
    assert.equal(stderr, `promfold: ${address}: address already in use, ${holder}\n`);
  });

  it('is what a directory alone means', async () => {
    const child = start(process.execPath, [
      MAIN,
      tempDirectory(),
      '--web.listen-address=127.0.0.1:0',
    ]);
    const [line] = await once(child.stderr!, 'data');
    assert.match(String(line), /starting promfold/);
    child.kill('SIGTERM');
    assert.deepEqual(await once(child, 'exit'), [0, null]);
  });

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`ends with 0 after ${signal}, open connections or not`, async () => {
      const daemon = await Daemon.serve(tempDirectory());
      await daemon.get('/metrics');
      const unused = connect(Number(new URL(daemon.url).port), '127.0.0.1');
      unused.on('error', () => {});
      await once(unused, 'connect');
      const started = performance.now();
      process.kill(daemon.pid, signal);
      while (isRunning(daemon.pid)) await new Promise((resolve) => setTimeout(resolve, 20));
      assert.ok(performance.now() - started < 3000);
      assert.equal(await daemon.stop(), 0);
    });
  }

  it('ends at once with the second signal', async () => {
    const child = start(process.execPath, [
      MAIN,
      tempDirectory(),
      '--web.listen-address=127.0.0.1:0',
    ]);
    const ended = once(child, 'exit');
    let stopping = false;
    for await (const line of child.stderr!) {
      if (stopping) continue;
      if (String(line).includes('msg=listening')) child.kill('SIGTERM');
      stopping = String(line).includes('msg=stopping');
      if (stopping) child.kill('SIGTERM');
    }
    assert.deepEqual(await ended, [null, 'SIGTERM']);
  });
});

async function logWith(daemon: Daemon, text: string): Promise<string> {
  for (let i = 0; i < 500 && !daemon.log.includes(text); i++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return daemon.log;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
