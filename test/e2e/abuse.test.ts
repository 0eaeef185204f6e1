/** A daemon under more clients, and other clients, than anybody means to have. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, get as httpGet, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { Daemon, promfold } from '../support/cli.js';
import { valuesOf } from '../support/exposition.js';
import { counter, fileBytes } from '../support/metric-file.js';
import { tempDirectory } from '../support/temp.js';

const SECRET = 'not-for-clients';
const SERIES = 10_000;

/** The directory that is served, next to a secret that is not. */
function filled(): string {
  const parent = tempDirectory();
  const directory = join(parent, 'prom');
  mkdirSync(directory);
  const entries = Array.from({ length: SERIES }, (_, i) => counter('jobs', i, { n: `${i}` }));
  writeFileSync(join(directory, 'counter_1.db'), fileBytes('dict4-16', entries));
  writeFileSync(join(parent, 'secret.db'), SECRET);
  writeFileSync(join(directory, '.hidden'), SECRET);
  return directory;
}

let directory: string;
let daemon: Daemon;
let port: number;

before(async () => {
  directory = filled();
  daemon = await Daemon.serve(directory);
  port = Number(new URL(daemon.url).port);
  assert.equal((await daemon.get('/metrics')).status, 200);
});

after(async () => {
  // It ends well after all of it, and nothing of it was a bug.
  assert.equal(await daemon.stop(), 0);
  assert.doesNotMatch(daemon.log, /level=error/);
});

function residentMebibytes(): number {
  const status = readFileSync(`/proc/${daemon.pid}/status`, 'utf8');
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)![1]) / 1024;
}

interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

function ask(
  path: string,
  headers: Record<string, string> = {},
  agent = new Agent(),
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = httpGet({ port, host: '127.0.0.1', path, headers, agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode!, body: Buffer.concat(chunks) }),
      );
      response.on('error', reject);
    });
    asked.on('error', reject);
  });
}

/** Everything the daemon says to these bytes, until it closes or `milliseconds` are over. */
async function tell(sent: string, milliseconds = 3_000, halfClose = false): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }).setEncoding('utf8');
  let text = '';
  socket.on('data', (chunk: string) => {
    text += chunk;
  });
  socket.on('error', () => {});
  socket.write(sent);
  if (halfClose) socket.end();
  // A reset is an end, too: what was never read is thrown away with what was said.
  await Promise.race([once(socket, 'end').catch(() => {}), sleep(milliseconds)]);
  socket.destroy();
  return text;
}

const GET = 'GET /metrics?name[]=none HTTP/1.1\r\nHost: a\r\n\r\n';

describe('500 clients at once', () => {
  it('get whole answers or 503, in bounded memory', async () => {
    const before = residentMebibytes();
    let peak = before;
    const watch = setInterval(() => {
      peak = Math.max(peak, residentMebibytes());
    }, 50);
    try {
      const answers = await Promise.all(
        Array.from({ length: 500 }, (_, i) =>
          ask('/metrics', i % 3 === 0 ? { 'accept-encoding': 'gzip' } : {}),
        ),
      );
      const whole = answers.filter(({ status }) => status === 200);
      for (const { body } of whole) {
        const text = (body[0] === 0x1f ? gunzipSync(body) : body).toString();
        assert.ok(text.endsWith('\n'));
        assert.match(text, new RegExp(`^jobs_total\\{n="${SERIES - 1}"\\} 9999\\.0$`, 'm'));
      }
      const refused = answers.filter(({ status }) => status === 503);
      for (const { body } of refused) {
        assert.equal(String(body), 'Limit of concurrent requests reached (40), try again later.\n');
      }
      assert.equal(whole.length + refused.length, 500);
      assert.ok(whole.length >= 40, `${whole.length} answered`);
      assert.ok(peak - before < 250, `${before} MiB before, ${peak} MiB at most`);
    } finally {
      clearInterval(watch);
    }
    assert.equal((await ask('/metrics')).status, 200);
  });

  it('are all answered when each comes back', async () => {
    let answered = 0;
    const agent = new Agent({ keepAlive: true, maxSockets: 100 });
    const client = async () => {
      for (let tries = 0; tries < 400; tries += 1) {
        const { status } = await ask('/metrics?name[]=none', {}, agent);
        if (status === 200) {
          answered += 1;
          return;
        }
        assert.equal(status, 503);
        await sleep(20);
      }
    };
    await Promise.all(Array.from({ length: 500 }, client));
    agent.destroy();
    assert.equal(answered, 500);
  });
});

describe('a connection', () => {
  it('that is half closed after its request ends at once', async () => {
    const started = performance.now();
    assert.match(await tell(GET, 5_000, true), /^$|^HTTP\/1\.1 200 OK/);
    assert.ok(performance.now() - started < 4_000);
  });

  it('may pipeline: every request is answered, in order', async () => {
    const paths = Array.from({ length: 50 }, (_, i) => (i % 2 === 0 ? '/-/healthy' : '/nothing'));
    const text = await tell(
      paths
        .map((path, i) => {
          const last = i === paths.length - 1 ? 'Connection: close\r\n' : '';
          return `GET ${path} HTTP/1.1\r\nHost: a\r\n${last}\r\n`;
        })
        .join(''),
    );
    const statuses = [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
    assert.deepEqual(
      statuses,
      paths.map((_, i) => (i % 2 === 0 ? '200' : '404')),
    );
  });

  const bad: [title: string, sent: string, answer: RegExp][] = [
    [
      'with headers of 1 MB',
      `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(1e6)}\r\n\r\n`,
      / 431 |^$/,
    ],
    [
      'with 100,000 headers',
      `GET / HTTP/1.1\r\nHost: a\r\n${'X: y\r\n'.repeat(100_000)}\r\n`,
      / 431 |^$/,
    ],
    ['with a path of 1 MB', `GET /${'x'.repeat(1e6)} HTTP/1.1\r\nHost: a\r\n\r\n`, / 431 |^$/],
    ['with no HTTP', `\x16\x03\x01\x02\x00\x01${'\0'.repeat(500)}`, / 400 /],
    [
      'with two lengths',
      `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx`,
      / 400 /,
    ],
    [
      'with a length and chunks',
      `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      / 400 /,
    ],
    [
      'with an absolute URL of elsewhere',
      'GET http://other/secret HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
      / 404 /,
    ],
    ['with a method nobody knows', 'FETCH /metrics HTTP/1.1\r\nHost: a\r\n\r\n', / 400 /],
    [
      'that wants a tunnel',
      'CONNECT other:443 HTTP/1.1\r\nHost: other\r\n\r\n',
      /^$|HTTP\/1\.1 4\d\d /,
    ],
    [
      'that wants a web socket',
      'GET /metrics?name[]=none HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n',
      / 200 |^$/,
    ],
  ];
  for (const [title, sent, answer] of bad) {
    it(`${title} is answered shortly, and ends`, async () => {
      const text = await tell(sent);
      assert.match(text.split('\r\n')[0]!, answer);
      assert.ok(text.length < 5_000, `${text.length} characters`);
    });
  }

  it('of which a thousand never say anything keeps nobody out', async () => {
    const silent = Array.from({ length: 1000 }, () => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      return socket;
    });
    try {
      assert.equal((await ask('/metrics')).status, 200);
    } finally {
      for (const socket of silent) socket.destroy();
    }
  });
});

describe('a request', () => {
  it('with 20,000 or 10,000 name[] is refused, one with 1,000 is answered', async () => {
    const names = (count: number) => Array.from({ length: count }, () => 'name[]=a').join('&');
    // More than a request may have, and more than /metrics takes.
    assert.equal((await ask(`/metrics?${names(20_000)}`)).status, 431);
    assert.equal((await ask(`/metrics?${names(10_000)}`)).status, 400);
    const most = await ask(`/metrics?${names(1000)}`);
    assert.equal(most.status, 200);
  });

  const encodings: [accept: string, gzipped: boolean][] = [
    ['gzip;q=0', false],
    ['gzip;q=0.001, identity;q=0', true],
    ['*;q=0', false],
    ['*', true],
    ['GZIP', true],
    ['gzip;q=many', true],
    ['br, zstd', false],
    [',,,;;;q=1,gzip', true],
    ['"gzip', false],
    ['x'.repeat(8000), false],
  ];
  for (const [accept, gzipped] of encodings) {
    it(`accepting ${accept.slice(0, 30)} gets what it can read`, async () => {
      const { status, body } = await ask('/metrics?name[]=none', { 'accept-encoding': accept });
      assert.equal(status, 200);
      assert.equal(body[0] === 0x1f, gzipped);
    });
  }

  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND']) {
    it(`by ${method} changes nothing and says what is allowed`, async () => {
      const asked = request({ port, host: '127.0.0.1', path: '/metrics', method });
      if (method !== 'TRACE') asked.setHeader('content-length', 100).write('x'.repeat(100));
      asked.end();
      const [response] = await once(asked, 'response');
      response.resume();
      assert.ok([404, 405].includes(response.statusCode), `${response.statusCode}`);
    });
  }

  it('that cannot be answered in the time Prometheus gives gets an answer of our own', async () => {
    // A warm scrape may be done within the millisecond that no timer is shorter than; new keys are not.
    const late = Array.from({ length: SERIES }, (_, i) => counter('late', i, { n: `${i}` }));
    const file = join(directory, 'counter_2.db');
    writeFileSync(file, fileBytes('dict4-16', late));
    const started = performance.now();
    const header = { 'x-prometheus-scrape-timeout-seconds': '0.000001' };
    const { status, body } = await ask('/metrics', header);
    assert.equal(status, 503);
    assert.match(String(body), /^the scrape did not finish within 5e-7 s\n$/);
    assert.ok(performance.now() - started < 2_000);
    for (const odd of ['-1', '0', 'soon', '1e9', '99999999999', '']) {
      assert.equal(
        (
          await ask('/metrics?name[]=none', {
            ...header,
            'x-prometheus-scrape-timeout-seconds': odd,
          })
        ).status,
        200,
        odd,
      );
    }
    rmSync(file);
  });

  const elsewhere = [
    '../secret.db',
    '..%2fsecret.db',
    '%2e%2e/secret.db',
    '..%5csecret.db',
    '....//secret.db',
    '%00/../secret.db',
    '.hidden',
    'prom/../../secret.db',
    '/etc/passwd',
    'file:///etc/passwd',
  ];
  it('that asks for a file gets none, whatever takes a name', async () => {
    for (const path of elsewhere) {
      for (const url of [
        `/${path}`,
        `//${path}`,
        `/metrics/${path}`,
        `/metrics?name[]=${path}`,
        `/metrics?source=${path}`,
        `/metrics?name[]=a&file=${path}&directory=${path}`,
        `/-/${path}`,
        `/-/ready?${path}`,
      ]) {
        const text = await tell(`GET ${url} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
        assert.match(text, /^HTTP\/1\.1 (200|400|404) /, url);
        assert.ok(!text.includes(SECRET) && !text.includes('root:'), url);
      }
    }
  });
});

describe('SIGTERM under load', () => {
  it('loses no answer that was begun', async () => {
    const own = await Daemon.serve(directory);
    const ownPort = Number(new URL(own.url).port);
    let whole = 0;
    let refused = 0;
    let stopping = false;
    const client = async () => {
      while (!stopping) {
        const socket = connect(ownPort, '127.0.0.1');
        let text = '';
        let connected = false;
        socket.on('connect', () => {
          connected = true;
          socket.write('GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
        });
        socket.on('data', (chunk: Buffer) => {
          text += chunk;
        });
        const [failed] = await new Promise<[boolean]>((resolve) => {
          socket.on('close', (hadError) => resolve([hadError]));
          socket.on('error', () => {});
        });
        if (text === '') {
          // Nothing was begun: refused, or closed before the request was read.
          if (!connected || failed) refused += 1;
          continue;
        }
        const [head, body = ''] = text.split('\r\n\r\n', 2);
        assert.match(head!, /^HTTP\/1\.1 (200|503)/);
        assert.equal(Buffer.byteLength(body), Number(/content-length: (\d+)/i.exec(head!)![1]));
        whole += 1;
      }
    };
    const clients = Array.from({ length: 20 }, client);
    while (whole < 60) await sleep(10);
    const stopped = own.stop();
    assert.equal(await stopped, 0, own.log);
    stopping = true;
    await Promise.all(clients);
    assert.ok(whole >= 60, `${whole} whole, ${refused} refused`);
    assert.match(own.log, /msg=stopped/);
  });
});

describe('a second daemon on the port', () => {
  it('ends with 2 and says who holds it', async () => {
    const address = `127.0.0.1:${port}`;
    const args = ['serve', directory, '--log.level=error', '--web.listen-address', address];
    const { exitCode, stderr } = await promfold(args);
    assert.equal(exitCode, 2);
    assert.match(stderr, new RegExp(`^promfold: ${address}: address already in use.*\n$`));
    assert.match(stderr, new RegExp(`\\b${daemon.pid}\\b`));
    assert.equal(valuesOf((await daemon.get('/metrics')).body).get('promfold_up'), 1);
  });
});
