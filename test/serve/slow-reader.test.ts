import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Scraper } from '../../src/scrape/scraper.js';
import { type Listener, listen } from '../../src/serve/listen.js';
import { parseListenAddress } from '../../src/serve/listen-address.js';
import { RequestLimit } from '../../src/serve/request-limit.js';
import { buildServer } from '../../src/serve/server.js';
import { counter, fileBytes } from '../support/metric-file.js';
import { tempDirectory } from '../support/temp.js';

/** More than the kernel takes for a reader that does not read. */
const SERIES = 120_000;
const MAX_REQUESTS = 4;
const READER_TIMEOUTS = { stalled: 400, whole: 2_500 };

describe('a client that does not take its answer', () => {
  let scraper: Scraper;
  let listener: Listener;
  let port: number;

  before(async () => {
    const directory = tempDirectory();
    const label = { path: 'x'.repeat(90) };
    const entries = Array.from({ length: SERIES }, (_, i) =>
      counter('c', i, { ...label, i: `${i}` }),
    );
    writeFileSync(join(directory, 'counter_1.db'), fileBytes('dict4-16', entries));
    scraper = new Scraper(directory);
    // With this many series the first scrape takes longer than the others.
    await scraper.prepare();
    const server = buildServer(scraper, {
      telemetryPath: '/metrics',
      limit: new RequestLimit(MAX_REQUESTS),
      version: '1',
      readerTimeouts: READER_TIMEOUTS,
      log: {
        debug() {},
        warn() {},
        error: (message, fields) => assert.fail(`${message} ${fields.error}`),
      },
    });
    listener = await listen(server, parseListenAddress('127.0.0.1:0')!);
    port = Number(/:(\d+)$/.exec(listener.addresses[0]!)![1]);
  });

  after(async () => {
    await listener.stop(1000);
    await scraper.close();
  });

  /** It reads nothing by itself. */
  function asking(): Socket {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.pause();
    socket.write('GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n');
    return socket;
  }

  const status = async () => (await fetch(`http://127.0.0.1:${port}/metrics?name[]=none`)).status;

  /** Whether first all there is was held, and then no longer. */
  async function isKeptOutThenIn(): Promise<boolean> {
    const deadline = Date.now() + 30_000;
    let wasOut = false;
    while (Date.now() < deadline) {
      const now = await status();
      if (wasOut && now === 200) return true;
      wasOut ||= now === 503;
      await sleep(50);
    }
    return false;
  }

  it('is cut when it stalls, and then no longer keeps others out', async () => {
    const stalled = Array.from({ length: MAX_REQUESTS }, asking);
    assert.ok(await isKeptOutThenIn());
    for (const socket of stalled) socket.destroy();
  });

  it('is cut when it only trickles', async () => {
    const trickling = Array.from({ length: MAX_REQUESTS }, asking);
    const trickle = setInterval(() => {
      for (const socket of trickling) socket.read(10_000);
    }, 50);
    try {
      assert.ok(await isKeptOutThenIn());
    } finally {
      clearInterval(trickle);
      for (const socket of trickling) socket.destroy();
    }
  });

  it('is not cut when it is slow at first, nor is the connection it keeps', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    try {
      for (let i = 0; i < 2; i += 1) {
        const answer = new Answer();
        socket.write('GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n');
        await sleep(READER_TIMEOUTS.stalled / 2);
        socket.on('data', (chunk: Buffer) => answer.take(chunk)).resume();
        const deadline = Date.now() + 30_000;
        while (!answer.isWhole && Date.now() < deadline) await sleep(20);
        assert.ok(answer.isWhole, `${answer.bytes} bytes`);
        socket.removeAllListeners('data').pause();
        // Longer than an answer may stall.
        await sleep(READER_TIMEOUTS.stalled * 1.5);
      }
      assert.equal(socket.destroyed, false);
    } finally {
      socket.destroy();
    }
  });
});

class Answer {
  bytes = 0;
  #head = '';
  #length = Number.NaN;

  take(chunk: Buffer): void {
    this.bytes += chunk.length;
    if (!Number.isNaN(this.#length)) return;
    this.#head += chunk.toString('latin1');
    const end = this.#head.indexOf('\r\n\r\n') + 4;
    const length = /content-length: (\d+)/i.exec(this.#head)?.[1];
    if (end > 3 && length !== undefined) this.#length = end + Number(length);
  }

  get isWhole(): boolean {
    return this.bytes >= this.#length;
  }
}
