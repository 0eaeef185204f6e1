/** Reload and quit of the built daemon: SIGHUP, /-/reload, /-/quit, and the file of --config.file. */
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { promfold } from '../support/cli.js';
import { directoryOfJobs } from '../support/directory-of-jobs.js';
import { MAIN } from '../support/paths.js';
import { childrenOf, Session, until } from '../support/session.js';
import { tempDirectory } from '../support/temp.js';

let session: Session | undefined;
afterEach(() => {
  session?.kill();
  session = undefined;
});

/** @returns the daemon's URL */
async function serve(...flags: string[]): Promise<string> {
  session = new Session(process.execPath, [MAIN, 'serve', ...flags, directoryOfJobs()]);
  await session.shows(/msg=listening/, 'stderr');
  return `http://${/address=(127\.0\.0\.1:\d+)/.exec(session.stderr)![1]}`;
}

const post = async (url: string, method = 'POST') => {
  const response = await fetch(url, { method });
  return { status: response.status, text: await response.text() };
};

describe('a configuration file of the daemon', () => {
  it('is read again at SIGHUP and /-/reload; what cannot change waits, and what is wrong is not taken over', async () => {
    const path = join(tempDirectory(), 'promfold.yml');
    const write = (text: string) =>
      writeFileSync(path, `web.listen-address: 127.0.0.1:0\nweb.enable-lifecycle: true\n${text}`);
    write('log.level: info\n');
    const url = await serve(`--config.file=${path}`);
    const { stderr } = session!;
    assert.doesNotMatch(stderr, /level=debug/);

    write('log.level: debug\nweb.telemetry-path: /m\n');
    process.kill(session!.pid, 'SIGHUP');
    await session!.shows(/msg="configuration read again" path=\S+ changed=log\.level/, 'stderr');
    await session!.shows(
      /level=warn msg="a changed flag waits for a restart" flag=web\.telemetry-path/,
      'stderr',
    );
    await fetch(`${url}/metrics`);
    await session!.shows(/level=debug msg=request/, 'stderr');

    write('log.level: loud\n');
    const wrong = await post(`${url}/-/reload`, 'PUT');
    assert.equal(wrong.status, 500);
    assert.match(
      wrong.text,
      /not taken over: .*promfold\.yml:3:12: log\.level: expected debug, info, warn or error, got 'loud'/,
    );
    await session!.shows(/level=error msg="configuration not taken over"/, 'stderr');

    write('log.level: warn\n');
    assert.equal((await post(`${url}/-/reload`)).status, 200);
    const before = session!.stderr.length;
    await fetch(`${url}/metrics`);
    assert.doesNotMatch(session!.stderr.slice(before), /level=(debug|info)/);
  });

  it('that is wrong is not started with', async () => {
    const path = join(tempDirectory(), 'promfold.yml');
    writeFileSync(path, 'web.max-requests: 1\nno.such-flag: 2\n');
    for (const command of ['serve', 'run']) {
      const args = command === 'run' ? ['--', 'true'] : [directoryOfJobs()];
      const { exitCode, stderr } = await promfold([command, `--config.file=${path}`, ...args]);
      assert.equal(exitCode, 2);
      assert.match(stderr, /promfold\.yml:2:1: unknown key 'no\.such-flag'/);
    }
  });

  it('may come from the environment', async () => {
    const path = join(tempDirectory(), 'promfold.yml');
    writeFileSync(path, 'web.max-requests: many\n');
    const { exitCode, stderr } = await promfold(['serve', directoryOfJobs()], {
      env: { PROMFOLD_CONFIG_FILE: path },
    });
    assert.equal(exitCode, 2);
    assert.match(stderr, /promfold\.yml:1:19: web\.max-requests: expected a whole number/);
  });
});

describe('a daemon', () => {
  it('without --web.enable-lifecycle refuses both', async () => {
    const url = await serve('--web.listen-address=127.0.0.1:0');
    for (const path of ['/-/reload', '/-/quit']) {
      assert.deepEqual(await post(url + path), {
        status: 403,
        text: '--web.enable-lifecycle is not set\n',
      });
      const response = await fetch(url + path);
      assert.deepEqual([response.status, response.headers.get('allow')], [405, 'PUT, POST']);
    }
    assert.equal((await fetch(`${url}/-/healthy`)).status, 200);
  });

  it('ends at /-/quit as at SIGTERM, and answers before', async () => {
    const url = await serve('--web.listen-address=127.0.0.1:0', '--web.enable-lifecycle');
    assert.deepEqual(await post(`${url}/-/quit`), { status: 200, text: 'promfold ends.\n' });
    await until(
      () => session!.child.exitCode === 0,
      () => `the end: ${session!.stderr}`,
    );
    assert.match(session!.stderr, /msg=stopping signal=\/-\/quit/);
  });

  it('ends when its terminal is closed', async () => {
    const command = [
      process.execPath,
      MAIN,
      'serve',
      '--web.listen-address=127.0.0.1:0',
      directoryOfJobs(),
    ];
    session = new Session('script', ['-qfec', command.join(' '), '/dev/null']);
    await session.shows(/msg=listening/);
    const [daemon = 0] = childrenOf(session.pid)
      .flatMap((pid) => [pid, ...childrenOf(pid)])
      .reverse();
    assert.ok(existsSync(`/proc/${daemon}`));
    process.kill(session.pid, 'SIGKILL');
    await until(
      () => !existsSync(`/proc/${daemon}`),
      () => 'the daemon to end',
    );
  });

  it('without files has nothing to read again, and goes on at SIGHUP', async () => {
    const url = await serve('--web.listen-address=127.0.0.1:0', '--web.enable-lifecycle');
    process.kill(session!.pid, 'SIGHUP');
    assert.equal((await post(`${url}/-/reload`)).status, 200);
    assert.equal((await fetch(`${url}/metrics`)).status, 200);
  });
});
