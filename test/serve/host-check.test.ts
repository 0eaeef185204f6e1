import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { hostname } from 'node:os';
import { afterEach, describe, it } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { Scraper } from '../../src/scrape/scraper.js';
import { parseAllowedHost, refusalOf } from '../../src/serve/host-check.js';
import { RequestLimit } from '../../src/serve/request-limit.js';
import { buildServer } from '../../src/serve/server.js';
import { Daemon } from '../support/cli.js';
import { tempDirectory } from '../support/temp.js';

const NAMES = ['machine', 'localhost', '.localhost', 'metrics.example', '.inside.example'];

describe('a request', () => {
  const allowed: [title: string, ...hosts: string[]][] = [
    ['for an IPv4 address', '127.0.0.1'],
    ['for an IPv4 address and a port', '10.1.2.3:19925'],
    ['for an IPv6 address and a port', '[::1]:19925'],
    ['for an IPv6 address', '[2001:db8::7]'],
    ['for an IPv6 address that holds an IPv4 one', '[::ffff:127.0.0.1]:80'],
    ['for localhost', 'localhost:19925'],
    ['for a name below localhost', 'promfold.localhost'],
    ['for this machine', 'machine'],
    ['in upper case', 'MACHINE:19925'],
    ['with a dot at the end', 'metrics.example.:80'],
    ['with an empty port', 'metrics.example:'],
    ['for a name that is allowed', 'metrics.example'],
    ['for a name below one that is allowed with its subdomains', 'a.b.inside.example'],
    ['for that name itself', 'inside.example'],
    ['without Host, as HTTP/1.0 may be'],
    ['with an empty Host', ''],
  ];
  for (const [title, ...hosts] of allowed) {
    it(`${title} is answered`, () => assert.equal(refusalOf(hosts, NAMES), undefined));
  }

  const refused: [title: string, host: string, shown: string, cure: string][] = [
    ['for another name', 'evil.example', 'evil.example', 'evil.example'],
    ['for another name and our port', 'evil.example:19925', 'evil.example:19925', 'evil.example'],
    ['for a name that only begins as ours', 'machine.evil', 'machine.evil', 'machine.evil'],
    ['for a name that only ends as ours', 'notlocalhost', 'notlocalhost', 'notlocalhost'],
    ['for a name below one that is not .name', 'a.metrics.example', 'a.metrics.example', ''],
    ['for an address that is none', '127.0.0.1.evil.example', '127.0.0.1.evil.example', ''],
    ['for an address that needs resolving', '127.1', '127.1', '127.1'],
    ['for an IPv6 address without brackets', '::1', '::1', ''],
    ['for a name in brackets', '[localhost]', '[localhost]', ''],
    ['with a port that is none', 'localhost:a', 'localhost:a', ''],
    ['for a user and a name', 'a@localhost', 'a@localhost', ''],
    ['for two names', 'localhost,evil.example', 'localhost,evil.example', ''],
    ['for a port alone', ':19925', ':19925', ''],
    ['with what is not text', 'é\u0000\tx', '???x', ''],
    ['that is long', 'x'.repeat(10_000), 'x'.repeat(253), ''],
  ];
  for (const [title, host, shown, cure] of refused) {
    it(`${title} is refused`, () => {
      const { status, line } = refusalOf([host], NAMES)!;
      assert.equal(status, 421);
      const start = `the request is for host '${shown}', which is not allowed`;
      assert.ok(line.startsWith(start), line);
      if (cure !== '') assert.equal(line, `${start}; --web.allowed-host=${cure} allows it`);
    });
  }

  it('with two Hosts is bad, whatever they are', () => {
    const refusal = { status: 400, line: 'expected one Host header, got 2' };
    assert.deepEqual(refusalOf(['localhost', 'localhost'], NAMES), refusal);
  });
});

describe('--web.allowed-host', () => {
  const good: [text: string, host: string][] = [
    ['metrics.example', 'metrics.example'],
    ['.Metrics.Example', '.metrics.example'],
    ['metrics.example.', 'metrics.example'],
    ['my_host', 'my_host'],
    ['münchen.example', 'xn--mnchen-3ya.example'],
    ['10.0.0.1', '10.0.0.1'],
  ];
  for (const [text, host] of good) {
    it(`takes ${text}`, () => assert.equal(parseAllowedHost(text), host));
  }

  for (const text of ['', '.', '*', '*.a', 'a:80', 'http://a', 'a/b', 'a b', 'a..b', '[::1]']) {
    it(`does not take '${text}'`, () => assert.equal(parseAllowedHost(text), undefined));
  }
});

describe('the landing page', () => {
  const closing: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  function serve(allowedHosts?: readonly string[]): FastifyInstance {
    const scraper = new Scraper(tempDirectory());
    closing.push(() => scraper.close());
    const server = buildServer(scraper, {
      telemetryPath: '/metrics',
      limit: new RequestLimit(40),
      version: '1.2.3',
      ...(allowedHosts && { allowedHosts }),
      log: {
        debug() {},
        warn() {},
        error: (message, fields) => assert.fail(`${message} ${fields.error}`),
      },
    });
    closing.push(() => server.close());
    return server;
  }

  const ask = async (server: FastifyInstance, url: string, host: string) =>
    server.inject({ url, headers: { host } });

  it('is for hosts of ours only, everything else for any', async () => {
    const server = serve();
    for (const host of ['localhost:19925', '127.0.0.1', '[::1]:1', hostname()]) {
      assert.equal((await ask(server, '/', host)).statusCode, 200, host);
    }
    const { statusCode, body, headers } = await ask(server, '/', 'evil.example');
    assert.equal(statusCode, 421);
    assert.equal(
      body,
      "the request is for host 'evil.example', which is not allowed; --web.allowed-host=evil.example allows it\n",
    );
    assert.equal(headers['content-type'], 'text/plain; charset=utf-8');
    for (const path of ['/metrics', '/-/healthy', '/-/ready']) {
      assert.equal((await ask(server, path, 'evil.example')).statusCode, 200, path);
    }
  });

  it('is for hosts that are allowed', async () => {
    const server = serve(['metrics.example', '.inside.example']);
    assert.equal((await ask(server, '/', 'metrics.example')).statusCode, 200);
    assert.equal((await ask(server, '/', 'a.inside.example:80')).statusCode, 200);
    assert.equal((await ask(server, '/', 'a.metrics.example')).statusCode, 421);
  });
});

describe('promfold serve', () => {
  /** What it answers to the head of a request. */
  async function tell(daemon: Daemon, head: string): Promise<string> {
    const socket = connect(Number(new URL(daemon.url).port), '127.0.0.1').setEncoding('utf8');
    let text = '';
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.write(`${head}Connection: close\r\n\r\n`);
    await once(socket, 'close');
    return text.split('\r\n')[0]!;
  }

  it('answers / for its hosts, those of the flag too, and everything else for any', async () => {
    const daemon = await Daemon.serve(tempDirectory(), ['--web.allowed-host=metrics.example']);
    try {
      const get = (path: string, ...hosts: string[]) =>
        tell(
          daemon,
          `GET ${path} HTTP/1.1\r\n${hosts.map((host) => `Host: ${host}\r\n`).join('')}`,
        );
      assert.match(await get('/', 'metrics.example'), / 200 /);
      assert.match(await get('/', '127.0.0.1:19925'), / 200 /);
      assert.match(await get('/', 'evil.example'), / 421 Misdirected Request$/);
      assert.match(await get('/', 'localhost', 'evil.example'), / 400 /);
      assert.match(await get('/metrics', 'evil.example'), / 200 /);
      assert.match(await get('/-/healthy', 'evil.example'), / 200 /);
      assert.match(await get('/-/ready', 'evil.example'), / 200 /);
      assert.match(await tell(daemon, 'GET / HTTP/1.0\r\n'), / 200 /);
    } finally {
      await daemon.stop();
    }
  });
});
