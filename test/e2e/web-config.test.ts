/** --web.config.file as clients see it: curl, a real Prometheus, Python; certificates that change; wrong files. */
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { hashSync } from 'bcryptjs';
import { Authority } from '../support/certificates.js';
import { Daemon, promfold } from '../support/cli.js';
import { directoryOfJobs } from '../support/directory-of-jobs.js';
import { prometheus, requestsPython } from '../support/parts.js';
import { run } from '../support/process.js';
import { PrometheusServer } from '../support/prometheus-server.js';
import { until } from '../support/session.js';
import { tempDirectory } from '../support/temp.js';

const authority = new Authority();
const certificates = authority.directory;
authority.sign('server', 'DNS:localhost,IP:127.0.0.1');
const client = authority.sign(
  'client',
  'DNS:scraper.example,email:ops@example.org,URI:spiffe://a/b,IP:10.0.0.1',
);
const stranger = new Authority(tempDirectory(), 'strangers').sign(
  'stranger',
  'DNS:scraper.example',
);

const TLS = 'tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n';
const HASH = hashSync('secret', 6);
const USERS = `basic_auth_users:\n  alice: ${HASH}\n`;

let daemon: Daemon | undefined;
afterEach(async () => {
  await daemon?.stop();
  daemon = undefined;
});

let files = 0;
function write(text: string): string {
  const path = join(certificates, `web-${files++}.yml`);
  writeFileSync(path, text);
  return path;
}

async function serve(config: string, flags: readonly string[] = []): Promise<string> {
  daemon = await Daemon.serve(directoryOfJobs(), [`--web.config.file=${config}`, ...flags]);
  return daemon.url.replace('http:', 'https:');
}

/** Status, version of HTTP and body; status 0 where there was no answer. */
async function curl(...args: string[]) {
  const { stdout, stderr } = await run('curl', [
    '-s',
    '-S',
    '--max-time',
    '10',
    '-w',
    '\n%{http_code} %{http_version}',
    '--cacert',
    authority.certificate,
    ...args,
  ]);
  const [, body, status, version] = /^(.*)\n(\d+) (\S+)$/s.exec(stdout)!;
  return { body: body!, status: Number(status), version: version!, stderr };
}

describe('TLS', () => {
  it('is spoken with HTTP/2 and HTTP/1.1, and the certificate is checked', async () => {
    const url = await serve(write(TLS));
    const two = await curl(`${url}/metrics`);
    assert.deepEqual([two.status, two.version], [200, '2']);
    assert.match(two.body, /^jobs_total 3\.0$/m);
    const one = await curl('--http1.1', `${url}/metrics`);
    assert.deepEqual([one.status, one.version], [200, '1.1']);
    // The time since the scrape differs.
    assert.equal(one.body.match(/^jobs_total .*$/m)![0], two.body.match(/^jobs_total .*$/m)![0]);
    assert.equal((await curl('--cacert', stranger.cert, `${url}/metrics`)).status, 0);
    assert.equal((await curl(url.replace('https', 'http'))).status, 0);
    assert.match(daemon!.log, /msg=listening address=127\.0\.0\.1:\d+ url=https:\/\/127/);
  });

  it('is without HTTP/2 where that is off', async () => {
    const url = await serve(write(`${TLS}http_server_config: {http2: false}\n`));
    const { status, version } = await curl(`${url}/metrics`);
    assert.deepEqual([status, version], [200, '1.1']);
  });

  it('has the versions and suites that are asked for', async () => {
    const url = await serve(
      write(
        `${TLS}  min_version: TLS12\n  max_version: TLS12\n  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]\n`,
      ),
    );
    assert.equal((await curl('--tlsv1.3', url)).status, 0);
    const { hostname, port } = new URL(url);
    const socket = connect({
      host: hostname,
      port: Number(port),
      ca: readFileSync(authority.certificate),
    });
    const cipher = await new Promise((resolve, reject) => {
      socket.once('secureConnect', () => resolve(socket.getCipher().name));
      socket.once('error', reject);
    });
    socket.destroy();
    assert.equal(cipher, 'ECDHE-ECDSA-AES128-GCM-SHA256');
  });

  it('of old versions is spoken where they are asked for', async () => {
    const url = await serve(
      write(
        `${TLS}  min_version: TLS10\n  max_version: TLS11\nhttp_server_config: {http2: false}\n`,
      ),
    );
    const { hostname, port } = new URL(url);
    const socket = connect({
      host: hostname,
      port: Number(port),
      ca: readFileSync(authority.certificate),
      minVersion: 'TLSv1.1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    const protocol = await new Promise((resolve, reject) => {
      socket.once('secureConnect', () => resolve(socket.getProtocol()));
      socket.once('error', reject);
    });
    socket.destroy();
    assert.equal(protocol, 'TLSv1.1');
  });

  it('closes idle connections where there are too many, and none that has a request', async () => {
    const url = await serve(write(`${TLS}http_server_config: {http2: false}\n`), [
      '--web.max-connections=2',
    ]);
    const { hostname, port } = new URL(url);
    const idle = await Promise.all(
      [0, 1].map(
        () =>
          new Promise<ReturnType<typeof connect>>((resolve) => {
            const socket = connect(
              { host: hostname, port: Number(port), ca: readFileSync(authority.certificate) },
              () => resolve(socket),
            );
            socket.on('error', () => {});
          }),
      ),
    );
    await sleep(100);
    assert.equal((await curl(`${url}/metrics`)).status, 200);
    await until(
      () => idle.some((socket) => socket.destroyed),
      () => 'an idle connection to be closed',
    );
    for (const socket of idle) socket.destroy();
  });

  it('ends within the time of grace, with connections of HTTP/2 open', async () => {
    const url = await serve(write(TLS));
    const { connect: connectHttp2 } = await import('node:http2');
    const session = connectHttp2(url, { ca: readFileSync(authority.certificate) });
    session.on('error', () => {});
    await new Promise((resolve) =>
      session.request({ ':path': '/-/healthy' }).resume().once('close', resolve),
    );
    const startedMs = performance.now();
    await daemon!.stop();
    assert.ok(performance.now() - startedMs < 3_000);
    session.destroy();
  });
});

describe('client certificates', () => {
  const given = ['--cert', client.cert, '--key', client.key];
  const strange = ['--cert', stranger.cert, '--key', stranger.key];
  /** Statuses without a certificate, with a good one, and with one of a stranger; 0 is refused. */
  const types: [type: string, ca: boolean, statuses: readonly number[]][] = [
    ['NoClientCert', false, [200, 200, 200]],
    ['RequestClientCert', false, [200, 200, 200]],
    ['RequireAnyClientCert', false, [0, 200, 200]],
    ['VerifyClientCertIfGiven', true, [200, 200, 0]],
    ['RequireAndVerifyClientCert', true, [0, 200, 0]],
  ];
  for (const [type, ca, statuses] of types) {
    for (const http of ['--http2', '--http1.1']) {
      it(`of type ${type} are asked for as Go does, ${http}`, async () => {
        const url = await serve(
          write(`${TLS}  client_auth_type: ${type}\n${ca ? '  client_ca_file: ca.crt\n' : ''}`),
        );
        const got = await Promise.all(
          [[], given, strange].map((args) => curl(http, ...args, `${url}/-/healthy`)),
        );
        assert.deepEqual(
          got.map(({ status }) => status),
          statuses,
        );
      });
    }
  }

  const names: [allowed: string, status: number][] = [
    ['scraper.example', 200],
    ['ops@example.org', 200],
    ['spiffe://a/b', 200],
    ['10.0.0.1', 200],
    ['scraper', 0],
    ['client', 0],
  ];
  for (const [allowed, status] of names) {
    it(`${status === 0 ? 'do not do' : 'do'} with ${allowed} as the allowed name`, async () => {
      const url = await serve(
        write(
          `${TLS}  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n  client_allowed_sans: [other.example, "${allowed}"]\n`,
        ),
      );
      assert.equal((await curl(...given, `${url}/-/healthy`)).status, status);
      if (status === 0) assert.match(daemon!.log, /msg="client refused".*no allowed name/);
    });
  }
});

describe('users and headers', () => {
  it('are asked for and set, also without TLS', async () => {
    const secure = await serve(
      write(`${USERS}http_server_config:\n  headers:\n    X-Frame-Options: deny\n`),
    );
    const url = secure.replace('https', 'http');
    const without = await curl('-i', `${url}/metrics`);
    assert.equal(without.status, 401);
    assert.match(without.body, /^www-authenticate: Basic\r$/im);
    assert.match(without.body, /^x-frame-options: deny\r$/im);
    for (const path of ['/', '/-/healthy', '/metrics', '/nothing']) {
      assert.equal((await curl(`${url}${path}`)).status, 401, path);
      assert.notEqual((await curl('-u', 'alice:secret', `${url}${path}`)).status, 401, path);
    }
    assert.equal((await curl('-u', 'alice:wrong', `${url}/metrics`)).status, 401);
    assert.equal((await curl('-u', 'bob:secret', `${url}/metrics`)).status, 401);
    assert.doesNotMatch(daemon!.log, /secret/);
  });

  it('satisfy requests', { skip: requestsPython().skip }, async () => {
    const config = `${TLS}  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n${USERS}`;
    const url = await serve(write(config));
    const code = `
import requests, sys
url, ca, cert, key = sys.argv[1:]
def get(password, cert):
    session = requests.Session()
    session.trust_env, session.verify, session.cert = False, ca, cert
    return session.get(url, auth=("alice", password)).status_code
for password in "secret", "wrong":
    print(get(password, (cert, key)))
try:
    print(get("secret", None))
except requests.exceptions.RequestException:
    print("refused")
`;
    const args = ['-c', code, `${url}/metrics`, authority.certificate, client.cert, client.key];
    const { stdout, stderr } = await run(requestsPython().path, args);
    assert.deepEqual(stdout.split('\n'), ['200', '401', 'refused', ''], stderr);
  });

  for (const [title, settings] of [
    ['HTTP/2', ''],
    ['HTTP/1.1', 'http_server_config: {http2: false}\n'],
  ]) {
    it(`satisfy a real Prometheus over ${title}`, { skip: prometheus().skip }, async () => {
      const config = `${TLS}  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n${USERS}${settings}`;
      const url = await serve(write(config));
      const server = await PrometheusServer.scrape(prometheus().path, new URL(url).host, {
        scheme: 'https',
        basic_auth: { username: 'alice', password: 'secret' },
        tls_config: {
          ca_file: authority.certificate,
          cert_file: client.cert,
          key_file: client.key,
        },
      });
      try {
        assert.equal((await server.query('up{job="promfold"} == 1'))[0]!.value[1], '1');
        assert.equal((await server.query('jobs_total'))[0]!.value[1], '3');
      } finally {
        await server.stop();
      }
    });
  }

  it('limit requests', async () => {
    const secure = await serve(write('rate_limit: {interval: 1h, burst: 2}\n'));
    const url = secure.replace('https', 'http');
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push((await curl(`${url}/-/healthy`)).status);
    assert.deepEqual(statuses, [200, 200, 429]);
  });
});

describe('a file that changes', () => {
  it('is read again: users, and certificates under load without a failed scrape', async () => {
    const own = new Authority();
    own.sign('server', 'DNS:localhost,IP:127.0.0.1');
    const config = join(own.directory, 'web.yml');
    writeFileSync(config, TLS + USERS);
    const url = await serve(config);
    const ca = readFileSync(own.certificate);
    const serial = () =>
      new Promise<string>((resolve, reject) => {
        const { hostname, port } = new URL(url);
        const socket = connect({ host: hostname, port: Number(port), ca }, () => {
          resolve(socket.getPeerCertificate().serialNumber);
          socket.destroy();
        });
        socket.once('error', reject);
      });
    const before = await serial();

    let isOver = false;
    const statuses = new Map<number, number>();
    const load = Promise.all(
      [0, 1].map(async () => {
        while (!isOver) {
          const { status } = await curl(
            '--cacert',
            own.certificate,
            '-u',
            'alice:secret',
            `${url}/metrics`,
          );
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
        }
      }),
    );
    // As certbot and Kubernetes do: two files, each by a rename.
    const fresh = new Authority(tempDirectory());
    for (const name of ['ca.crt', 'ca.key'])
      copyFileSync(join(own.directory, name), join(fresh.directory, name));
    own.sign('next', 'DNS:localhost,IP:127.0.0.1');
    for (const suffix of ['key', 'crt'])
      renameSync(join(own.directory, `next.${suffix}`), join(own.directory, `server.${suffix}`));
    await until(
      async () => (await serial()) !== before,
      () => 'the new certificate',
    );
    isOver = true;
    await load;
    assert.deepEqual([...statuses.keys()], [200]);

    writeFileSync(config, `${TLS}basic_auth_users:\n  bob: ${HASH}\n`);
    await until(
      async () =>
        (await curl('--cacert', own.certificate, '-u', 'bob:secret', `${url}/-/healthy`)).status ===
        200,
      () => 'bob',
    );
    assert.equal(
      (await curl('--cacert', own.certificate, '-u', 'alice:secret', `${url}/-/healthy`)).status,
      401,
    );
  });

  it('and is wrong lets nobody in until it is right, and says so once', async () => {
    const config = write(USERS);
    const url = (await serve(config)).replace('https', 'http');
    const status = async () => (await curl('-u', 'alice:secret', `${url}/-/healthy`)).status;
    assert.equal(await status(), 200);
    writeFileSync(config, 'basic_auth_user: {}\n');
    await until(
      async () => (await status()) === 500,
      () => '500',
    );
    assert.match(
      daemon!.log,
      /level=error msg="web configuration is wrong.*unknown key 'basic_auth_user'/,
    );
    await sleep(2_500);
    assert.equal(daemon!.log.match(/web configuration is wrong/g)!.length, 1);
    writeFileSync(config, USERS);
    await until(
      async () => (await status()) === 200,
      () => '200',
    );
    // What cannot change while it runs says so.
    writeFileSync(config, TLS);
    await until(
      async () => (await status()) === 500,
      () => '500',
    );
    assert.match(daemon!.log, /turning TLS on needs a restart/);
  });
});

describe('check-config, and serve with the same file', () => {
  it('say what is wrong in one line', async () => {
    const path = write('tls_server_config:\n  cert_filse: a\n');
    const checked = await promfold(['check-config', path]);
    const told = `promfold: ${path}:2:3: unknown key 'cert_filse' in tls_server_config; known: `;
    assert.equal(checked.exitCode, 1);
    assert.ok(checked.stderr.startsWith(told), checked.stderr);
    const served = await promfold(['serve', `--web.config.file=${path}`, directoryOfJobs()]);
    assert.equal(served.exitCode, 2);
    assert.ok(served.stderr.includes(told), served.stderr);
    assert.equal((await promfold(['check-config', '/nowhere.yml'])).exitCode, 1);
    const good = await promfold(['check-config', write(TLS + USERS)]);
    assert.deepEqual(
      [good.exitCode, good.stdout.replace(/^.*: can/, 'can')],
      [0, 'can be used: TLS with HTTP/2, 1 users\n'],
    );
  });
});
