/** Commands that are given the URL of a daemon say what they say of its directory. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { hashSync } from 'bcryptjs';
import { Authority } from '../support/certificates.js';
import { Daemon, promfold } from '../support/cli.js';
import { counter, gauge, int32, overwrite, writeMetricFile } from '../support/metric-file.js';
import { currentPython } from '../support/parts.js';
import { tempDirectory } from '../support/temp.js';
import { VllmLike } from '../support/vllm-like.js';

let daemon: Daemon | undefined;
const closing: (() => void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) close();
  await daemon?.stop();
  daemon = undefined;
});

/** Good files, a damaged one, one of no client, and label values of an enemy. */
function directory(): string {
  const directory = tempDirectory();
  const hostile = { path: '/"quoted"\\\n\u001b[31m\u202e', ü: '€' };
  writeMetricFile(join(directory, 'counter_1.db'), [
    counter('jobs', 3),
    counter('hits', 2, hostile),
  ]);
  writeMetricFile(join(directory, 'gauge_mostrecent_2.db'), [gauge('temperature', 20, 1_000)]);
  writeMetricFile(join(directory, 'counter_3.db'), [counter('jobs', 4)]);
  overwrite(join(directory, 'counter_3.db'), 0, int32(1 << 20));
  writeFileSync(join(directory, 'other.db'), 'no metric file');
  return directory;
}

const without = (text: string, ...paths: string[]) =>
  paths
    .reduce((rest, path) => rest.replaceAll(path, 'DIR'), text)
    // The moment differs.
    .replace(/"(?:takenAtSeconds|ageSeconds|lastSeenSeconds)":[\d.e+-]+/g, '"T":0')
    .replace(/\b(?:\d+(?:ms|s|m|h|d))+\b/g, 'AGE');

describe('the URL of a daemon', () => {
  const commands: readonly (readonly string[])[] = [
    ['ls'],
    ['ls', '--files'],
    ['ls', '--files', '--json'],
    ['cat'],
    ['cat', '--json'],
    ['explain', 'jobs'],
    ['explain', '{__name__=~".+"}', '--json'],
    ['explain', 'nosuch'],
  ];
  for (const command of commands) {
    it(`promfold ${command.join(' ')} says the same as of the directory`, async () => {
      const path = directory();
      daemon = await Daemon.serve(path);
      const [local, remote] = await Promise.all([
        promfold([...command, path]),
        promfold([...command, daemon.url]),
      ]);
      assert.equal(remote.exitCode, local.exitCode, remote.stderr);
      // What is in it has the paths of its host.
      assert.equal(without(remote.stdout, daemon.url, path), without(local.stdout, path));
      assert.equal(without(remote.stderr, daemon.url, path), without(local.stderr, path));
    });
  }

  it('is checked, compared and copied', async () => {
    const path = directory();
    daemon = await Daemon.serve(path);
    const check = await promfold(['check', '--json', daemon.url]);
    assert.equal(check.exitCode, 1);
    const codes = JSON.parse(check.stdout).findings.map(({ code }: { code: string }) => code);
    assert.ok(codes.includes('DAMAGED_FILE') && codes.includes('FOREIGN_FILE'), check.stdout);
    assert.equal((await promfold(['diff', daemon.url, path])).exitCode, 0);
    const copy = join(tempDirectory(), 'copy.tar.gz');
    const copied = await promfold(['snapshot', daemon.url, '-o', copy]);
    assert.match(copied.stderr, /4 files, 2 of them damaged/);
    assert.equal((await promfold(['diff', copy, path])).exitCode, 0);
    assert.ok(readFileSync(copy).length > 100);
  });

  it('shows processes as its host sees them', { skip: currentPython().skip }, async () => {
    const place = tempDirectory();
    const vllm = await VllmLike.start(currentPython().path, {
      environment: { PROMETHEUS_MULTIPROC_DIR: place },
    });
    try {
      await vllm.serve(0, { requests: 3 });
      daemon = await Daemon.serve(place);
      const { stdout } = await promfold(['ls', daemon.url]);
      assert.match(stdout, /alive +VLLM::APIServer_0/);
      const top = await promfold(['top', '--count=1', '--interval=0.2', '--json', daemon.url]);
      assert.equal(top.exitCode, 0, top.stderr);
      assert.ok(JSON.parse(top.stdout).processes.length > 1);
    } finally {
      await vllm.stop();
    }
  });

  it('is watched by top, with the rates of its own views', async () => {
    const path = directory();
    daemon = await Daemon.serve(path);
    const watched = promfold(['top', '--interval=0.4', '--count=5', '--json', daemon.url]);
    for (let value = 4; value < 44; value++) {
      writeMetricFile(join(path, 'counter_1.db'), [counter('jobs', value)]);
      await sleep(50);
    }
    const { exitCode, stdout, stderr } = await watched;
    assert.equal(exitCode, 0, stderr);
    const views = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.equal(views.length, 5);
    const last = views.at(-1);
    assert.ok(last.windowSeconds >= 1 && last.windowSeconds < 3, stdout);
    assert.ok(last.incrementsPerSecond > 0, stdout);
    assert.deepEqual(
      last.series.map(({ series }: { series: string }) => series),
      ['jobs_total'],
    );
    const local = await promfold(['top', '--interval=0.1', '--count=1', '--json', path]);
    assert.deepEqual(Object.keys(last), Object.keys(JSON.parse(local.stdout)));
    const text = await promfold(['top', '--interval=0.1', '--count=1', daemon.url]);
    assert.ok(text.stdout.startsWith('promfold top '), text.stdout);
    assert.ok(text.stdout.includes(`  ${daemon.url}\n`), text.stdout);
  });

  it('has no view of top in an older promfold, which is said in one line', async () => {
    const answers: [status: number, body: string, told: RegExp][] = [
      [
        404,
        '{"error":{"code":"not_found","message":"no such path; see /api/v1/openapi.json"}}',
        /an older promfold, which has no \/api\/v1\/top \[/,
      ],
      [404, 'not found', /no promfold serves its API there/],
      [200, '<html>', /the answer is no JSON/],
    ];
    for (const [status, body, told] of answers) {
      const other = createServer((_request, response) => response.writeHead(status).end(body));
      other.listen(0, '127.0.0.1');
      await once(other, 'listening');
      closing.push(() => other.close());
      const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
      const { exitCode, stderr } = await promfold(['top', '--count=1', url]);
      assert.equal(exitCode, 2);
      assert.match(stderr, told);
      assert.equal(stderr.trim().split('\n').length, 1);
    }
  });

  it('chooses one of several directories', async () => {
    const [a, b] = [directory(), directory()];
    daemon = await Daemon.serve(undefined, [`--source=a=${a}`, `--source=b=${b}`]);
    const one = await promfold(['explain', 'jobs', `${daemon.url}?source=b`]);
    assert.equal(one.exitCode, 0, one.stderr);
    for (const [url, told] of [
      [daemon.url, 'it answered 400: ?source= must name one of: a, b'],
      [`${daemon.url}?source=c`, "no source is called 'c'; known: a, b"],
    ] as const) {
      const { exitCode, stderr } = await promfold(['ls', url]);
      assert.equal(exitCode, 2);
      assert.ok(stderr.includes(told), stderr);
    }
  });

  it('may have a prefix, TLS and users, and lead through a tunnel', async () => {
    const authority = new Authority();
    authority.sign('server', 'DNS:localhost,IP:127.0.0.1');
    const config = join(authority.directory, 'web.yml');
    writeFileSync(
      config,
      `tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\nbasic_auth_users:\n  alice: ${hashSync('secret', 5)}\n`,
    );
    daemon = await Daemon.serve(directory(), [
      `--web.config.file=${config}`,
      '--web.route-prefix=/p',
    ]);
    const port = Number(new URL(daemon.url).port);
    const tunnel = createTcpServer((socket) => {
      const inner = connect(port, '127.0.0.1');
      socket.pipe(inner).pipe(socket);
      for (const end of [socket, inner]) end.on('error', () => {});
    }).listen(0, '127.0.0.1');
    await once(tunnel, 'listening');
    closing.push(() => tunnel.close());
    const url = `https://localhost:${(tunnel.address() as AddressInfo).port}/p/`;
    const ca = { NODE_EXTRA_CA_CERTS: authority.certificate };
    const file = join(tempDirectory(), 'user');
    writeFileSync(file, 'alice:secret\n');
    const ask = async (env: NodeJS.ProcessEnv, at = url) =>
      promfold(['explain', 'jobs', at], { env });
    for (const env of [
      { PROMFOLD_DAEMON_USER: 'alice:secret' },
      { PROMFOLD_DAEMON_USER_FILE: file },
    ]) {
      const { exitCode, stderr } = await ask({ ...ca, ...env });
      assert.equal(exitCode, 0, stderr);
    }
    const refused: [env: NodeJS.ProcessEnv, told: RegExp][] = [
      [ca, /it asks for a user; set PROMFOLD_DAEMON_USER or PROMFOLD_DAEMON_USER_FILE/],
      [{ ...ca, PROMFOLD_DAEMON_USER: 'alice:wrong' }, /it asks for a user/],
      [{ ...ca, PROMFOLD_DAEMON_USER: 'alice' }, /PROMFOLD_DAEMON_USER: expected name:password/],
      [{}, /certificate/],
    ];
    for (const [env, told] of refused) {
      const { exitCode, stderr } = await ask(env);
      assert.equal(exitCode, 2);
      assert.match(stderr, told);
      assert.doesNotMatch(stderr, /secret/);
    }
  });

  it('that gives no snapshot says why, in one line', async () => {
    daemon = await Daemon.serve(directory());
    const other = createServer((_request, response) => response.end('<html>'));
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    closing.push(() => other.close());
    const closed = createTcpServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const closedPort = (closed.address() as AddressInfo).port;
    closed.close();
    const cases: [url: string, told: RegExp][] = [
      [`http://127.0.0.1:${closedPort}`, /: nothing listens there/],
      [`http://127.0.0.1:${(other.address() as AddressInfo).port}`, /not a snapshot of promfold/],
      [`${daemon.url}/elsewhere`, /no promfold serves snapshots there/],
      ['http://alice:secret@127.0.0.1:1', /expected a URL without a user/],
      ['http://', /expected a URL such as/],
    ];
    for (const [url, told] of cases) {
      const { exitCode, stderr } = await promfold(['ls', url]);
      assert.equal(exitCode, 2, stderr);
      assert.match(stderr, told);
      assert.equal(stderr.trim().split('\n').length, 1);
    }
  });

  it('is not where a directory must be', async () => {
    for (const args of [['serve'], ['scrape'], []]) {
      const { exitCode, stderr } = await promfold([...args, 'http://127.0.0.1:1/']);
      assert.equal(exitCode, 2);
      assert.match(stderr, /http:\/\/127\.0\.0\.1:1\/: expected a directory, got a URL/);
    }
  });
});
