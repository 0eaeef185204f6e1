/** Where the built daemon listens: sockets in the file system, sockets of systemd, a prefix, an external URL. */
import assert from 'node:assert/strict';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { Daemon, promfold } from '../support/cli.js';
import { directoryOfJobs } from '../support/directory-of-jobs.js';
import { systemdActivate } from '../support/parts.js';
import { MAIN } from '../support/paths.js';
import { run } from '../support/process.js';
import { Session, until } from '../support/session.js';
import { tempDirectory } from '../support/temp.js';

let session: Session | undefined;
let daemon: Daemon | undefined;
afterEach(async () => {
  session?.kill();
  session = undefined;
  await daemon?.stop();
  daemon = undefined;
});

async function serve(...flags: string[]): Promise<Session> {
  session = new Session(process.execPath, [MAIN, 'serve', ...flags, directoryOfJobs()]);
  await session.shows(/msg=listening/, 'stderr');
  return session;
}

async function get(path: string, url: string): Promise<string> {
  const { stdout } = await run('curl', [
    '-s',
    '-w',
    '%{http_code}',
    ...(path ? ['--unix-socket', path] : []),
    url,
  ]);
  return stdout;
}

describe('a socket in the file system', () => {
  const asRoot = process.getuid?.() === 0 ? false : 'needs root';

  it('serves, with the mode that is asked for, and goes with the daemon', async () => {
    const path = join(tempDirectory(), 'p.sock');
    const serving = await serve(`--web.listen-address=unix:${path}`);
    assert.match(serving.stderr, new RegExp(`msg=listening address=unix:${path} url=unix:${path}`));
    assert.equal(statSync(path).mode & 0o777, 0o660);
    assert.match(await get(path, 'http://localhost/metrics'), /^jobs_total 3\.0$[\s\S]*200$/m);
    process.kill(serving.pid, 'SIGTERM');
    await until(
      () => !existsSync(path),
      () => 'the socket to go',
    );
  });

  it('has mode and owner by flag', { skip: asRoot }, async () => {
    const path = join(tempDirectory(), 'p.sock');
    await serve(
      `--web.listen-address=unix:${path}`,
      '--web.socket-mode=0600',
      '--web.socket-owner=65534:nogroup',
    );
    const { mode, uid, gid } = statSync(path);
    assert.deepEqual([mode & 0o777, uid, gid], [0o600, 65_534, 65_534]);
  });

  it('that a killed daemon left is used again', async () => {
    const path = join(tempDirectory(), 'p.sock');
    const first = await serve(`--web.listen-address=unix:${path}`);
    process.kill(first.pid, 'SIGKILL');
    await until(
      () => first.child.signalCode !== null,
      () => 'the end',
    );
    assert.ok(existsSync(path));
    await serve(`--web.listen-address=unix:${path}`);
    assert.match(await get(path, 'http://localhost/-/healthy'), /200$/);
  });

  it('is refused where somebody listens, or another file is', async () => {
    const place = tempDirectory();
    const taken = join(place, 'taken.sock');
    const other = createServer().listen(taken);
    const file = join(place, 'file');
    writeFileSync(file, 'keep');
    for (const path of [taken, file]) {
      const { exitCode, stderr } = await promfold([
        'serve',
        `--web.listen-address=unix:${path}`,
        directoryOfJobs(),
      ]);
      assert.equal(exitCode, 2);
      assert.match(
        stderr,
        new RegExp(`promfold: unix:${path}: EADDRINUSE: it is not an abandoned socket`),
      );
      assert.ok(existsSync(path));
    }
    other.close();
    const { exitCode, stderr } = await promfold([
      'serve',
      '--web.listen-address=unix:/nowhere/p.sock',
      directoryOfJobs(),
    ]);
    assert.equal(exitCode, 2);
    assert.match(stderr, /unix:\/nowhere\/p\.sock: /);
  });
});

describe('sockets of systemd', () => {
  it('are served on', { skip: systemdActivate().skip }, async () => {
    const path = join(tempDirectory(), 's.sock');
    session = new Session(systemdActivate().path, [
      '-l',
      path,
      process.execPath,
      MAIN,
      'serve',
      '--web.systemd-socket',
      directoryOfJobs(),
    ]);
    await until(
      () => existsSync(path),
      () => 'systemd to listen',
    );
    assert.match(await get(path, 'http://localhost/metrics'), /^jobs_total 3\.0$[\s\S]*200$/m);
    assert.match(session.stderr, /msg=listening address=fd:3 url=fd:3/);
    process.kill(session.pid, 'SIGTERM');
    await until(
      () => session!.child.exitCode === 0,
      () => `the end: ${session!.stderr}`,
    );
  });

  it('that are not there are an error', async () => {
    const { exitCode, stderr } = await promfold([
      'serve',
      '--web.systemd-socket',
      directoryOfJobs(),
    ]);
    assert.equal(exitCode, 2);
    assert.match(stderr, /--web\.systemd-socket: systemd passed no socket/);
  });
});

describe('a prefix', () => {
  it('is that of every path, and of the URL in the log', async () => {
    daemon = await Daemon.serve(directoryOfJobs(), ['--web.route-prefix=/prom/fold/']);
    const status = async (path: string) => (await fetch(daemon!.url + path)).status;
    assert.deepEqual(
      await Promise.all(
        [
          '/prom/fold/metrics',
          '/prom/fold/-/healthy',
          '/prom/fold/',
          '/prom/fold',
          '/metrics',
          '/',
          '/-/healthy',
        ].map(status),
      ),
      [200, 200, 200, 200, 404, 404, 404],
    );
    assert.match(daemon.log, /url=http:\/\/127\.0\.0\.1:\d+\/prom\/fold\/metrics/);
  });

  it('is the path of the external URL, whose host may ask for pages', async () => {
    daemon = await Daemon.serve(directoryOfJobs(), ['--web.external-url=https://mon.example/pf/']);
    assert.match(daemon.log, /url=https:\/\/mon\.example\/pf\/metrics/);
    assert.match(await get('', `${daemon.url}/pf/metrics`), /200$/);
    const page = async (host: string) =>
      (
        await run('curl', [
          '-s',
          '-o',
          '/dev/null',
          '-w',
          '%{http_code}',
          '-H',
          `Host: ${host}`,
          `${daemon!.url}/pf/`,
        ])
      ).stdout;
    assert.equal(await page('mon.example'), '200');
    assert.equal(await page('evil.example'), '421');
  });

  it('may differ from it, as where the proxy takes it away', async () => {
    daemon = await Daemon.serve(directoryOfJobs(), [
      '--web.external-url=https://mon.example/pf/',
      '--web.route-prefix=/',
    ]);
    assert.match(await get('', `${daemon.url}/metrics`), /200$/);
  });
});

describe('wrong values', () => {
  for (const [flag, told] of [
    ['--web.route-prefix=a b', "expected a path such as /promfold, got 'a b'"],
    ['--web.external-url=mon.example', 'expected an http or https URL such as'],
    ['--web.external-url=https://a/?b', 'expected an http or https URL such as'],
    ['--web.socket-mode=9', "expected a mode such as 0660, got '9'"],
    ['--web.socket-owner=nobody-of-that-name', 'expected a user, user:group or :group'],
    ['--web.listen-address=unix:p', 'expected host:port, :port, [ipv6]:port or unix:/path'],
  ] as const) {
    it(`of ${flag} are refused`, async () => {
      const { exitCode, stderr } = await promfold(['serve', flag, directoryOfJobs()]);
      assert.equal(exitCode, 2);
      assert.ok(stderr.includes(told), stderr);
    });
  }
});
