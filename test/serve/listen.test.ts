import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { Scraper } from '../../src/scrape/scraper.js';
import { type Listener, listen, listenOnAll } from '../../src/serve/listen.js';
import { parseListenAddress } from '../../src/serve/listen-address.js';
import { RequestLimit } from '../../src/serve/request-limit.js';
import { buildServer } from '../../src/serve/server.js';
import { hasIpv6Loopback } from '../support/ipv6.js';
import { tempDirectory } from '../support/temp.js';
import { HeldScrapes } from './held-scrapes.js';

const GRACE_MS = 3000;

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function builder(scrapes = new HeldScrapes()): () => FastifyInstance {
  const scraper = new Scraper(tempDirectory(), { extras: [scrapes] });
  closing.push(() => scraper.close());
  return () => {
    const server = buildServer(scraper, {
      telemetryPath: '/metrics',
      limit: new RequestLimit(0),
      version: '1.2.3',
      log: { debug() {}, warn() {}, error: (message) => assert.fail(message) },
    });
    closing.push(() => server.close());
    return server;
  };
}

async function listening(
  address: string,
): Promise<{ listener: Listener; port: number; scrapes: HeldScrapes }> {
  const scrapes = new HeldScrapes();
  const listener = await listen(builder(scrapes)(), parseListenAddress(address)!);
  return { listener, port: Number(/:(\d+)$/.exec(listener.addresses[0]!)![1]), scrapes };
}

async function milliseconds(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

describe('listening', () => {
  it('on port 0 says which port it is', async () => {
    const { listener, port } = await listening('127.0.0.1:0');
    assert.deepEqual(listener.addresses, [`127.0.0.1:${port}`]);
    assert.equal((await fetch(`http://127.0.0.1:${port}/-/healthy`)).status, 200);
  });

  it('on all interfaces is reached by IPv4', async () => {
    const { port } = await listening(':0');
    assert.equal((await fetch(`http://127.0.0.1:${port}/-/healthy`)).status, 200);
  });

  it('on a busy port fails with what the system says', async () => {
    const { port } = await listening('127.0.0.1:0');
    await assert.rejects(listening(`127.0.0.1:${port}`), { code: 'EADDRINUSE' });
  });
});

describe('listening on localhost', () => {
  const loopback = hasIpv6Loopback() ? ['127.0.0.1', '[::1]'] : ['127.0.0.1'];

  it('is on IPv4 and IPv6, with one port, and ends on both', async () => {
    const listener = await listenOnAll(builder(), parseListenAddress('localhost:0')!);
    const [, port] = /:(\d+)$/.exec(listener.addresses[0]!)!;
    assert.deepEqual(
      listener.addresses,
      loopback.map((host) => `${host}:${port}`),
    );
    for (const address of listener.addresses) {
      assert.equal((await fetch(`http://${address}/-/healthy`)).status, 200, address);
    }
    await listener.stop(GRACE_MS);
    for (const address of listener.addresses) {
      await assert.rejects(fetch(`http://${address}/-/healthy`), address);
    }
  });

  it('fails when one of them is busy, and holds the other no longer', async () => {
    const busy = createServer().listen(0, loopback.at(-1)!.replace(/[[\]]/g, ''));
    await once(busy, 'listening');
    const { port } = busy.address() as AddressInfo;
    const address = parseListenAddress(`localhost:${port}`)!;
    await assert.rejects(listenOnAll(builder(), address), { code: 'EADDRINUSE' });
    busy.close();
    await once(busy, 'close');
    const listener = await listenOnAll(builder(), address);
    assert.equal(listener.addresses.length, loopback.length);
  });

  it('of another host is on that one alone', async () => {
    const listener = await listenOnAll(builder(), parseListenAddress('127.0.0.1:0')!);
    assert.equal(listener.addresses.length, 1);
  });
});

describe('a connection that does not speak HTTP', () => {
  const cases: [title: string, sent: string, answer: RegExp][] = [
    ['is told so', 'GARBAGE\r\n\r\n', /^HTTP\/1\.1 400 Bad Request\r\n.*\r\n\r\nbad request\n$/s],
    [
      'is told when its headers are too long',
      `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      /^HTTP\/1\.1 431 .*\r\n\r\nrequest header fields too large\n$/s,
    ],
  ];
  for (const [title, sent, answer] of cases) {
    it(`${title}, in one line of text`, async () => {
      const { port } = await listening('127.0.0.1:0');
      const socket = connect(port, '127.0.0.1').setEncoding('utf8');
      socket.write(sent);
      let text = '';
      for await (const chunk of socket) text += chunk;
      assert.match(text, answer);
    });
  }
});

describe('stopping', () => {
  it('does not wait for a connection that never sent anything', async () => {
    const { listener, port } = await listening('127.0.0.1:0');
    const unused = connect(port, '127.0.0.1');
    await once(unused, 'connect');
    assert.ok((await milliseconds(() => listener.stop(GRACE_MS))) < GRACE_MS / 2);
  });

  it('does not wait for a kept connection', async () => {
    const { listener, port } = await listening('127.0.0.1:0');
    await (await fetch(`http://127.0.0.1:${port}/-/healthy`)).text();
    assert.ok((await milliseconds(() => listener.stop(GRACE_MS))) < GRACE_MS / 2);
  });

  it('answers what is running, and accepts no more', async () => {
    const { listener, port, scrapes } = await listening('127.0.0.1:0');
    const url = `http://127.0.0.1:${port}`;
    await (await fetch(`${url}/metrics`)).text();
    const release = scrapes.hold();
    const running = fetch(`${url}/metrics`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const stopped = listener.stop(GRACE_MS);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const refused = once(connect(port, '127.0.0.1'), 'connect');
    await assert.rejects(refused, { code: 'ECONNREFUSED' });
    release();
    assert.equal((await running).status, 200);
    await stopped;
  });

  it('waits no longer than the grace for a scrape that hangs', async () => {
    const { listener, port, scrapes } = await listening('127.0.0.1:0');
    const release = scrapes.hold();
    const cutOff = assert.rejects(fetch(`http://127.0.0.1:${port}/metrics`));
    await new Promise((resolve) => setTimeout(resolve, 100));
    const took = await milliseconds(() => listener.stop(300));
    await cutOff;
    release();
    assert.ok(took >= 250 && took < 2000, `${took} ms`);
  });
});
