/** The memory of an answer is printed into again once it is sent; what is still on its way stays whole. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Scraper } from '../../src/scrape/scraper.js';
import { type Listener, listen } from '../../src/serve/listen.js';
import { parseListenAddress } from '../../src/serve/listen-address.js';
import { RequestLimit } from '../../src/serve/request-limit.js';
import { buildServer } from '../../src/serve/server.js';
import { READER_TIMEOUTS } from '../../src/serve/slow-reader.js';
import { counter, fileBytes, overwrite, writeMetricFile } from '../support/metric-file.js';
import { tempDirectory } from '../support/temp.js';

/** More text than the kernel takes for a reader that does not read. */
const SERIES = 80_000;

describe('an answer that is on its way', () => {
  const path = join(tempDirectory(), 'counter_1.db');
  let scraper: Scraper;
  let listener: Listener;
  let port: number;

  const entriesOf = (value: number) =>
    Array.from({ length: SERIES }, (_, i) => counter('c', value, { i: `${i}`.padStart(90, 'x') }));
  const setAll = (value: number) => overwrite(path, 0, fileBytes('dict4-16', entriesOf(value)));

  before(async () => {
    writeMetricFile(path, entriesOf(1));
    scraper = new Scraper(join(path, '..'));
    const server = buildServer(scraper, {
      telemetryPath: '/metrics',
      limit: new RequestLimit(40),
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

  /** Asked for and begun, and not read on. */
  async function begun(): Promise<Socket> {
    const socket = connect(port, '127.0.0.1');
    socket.write('GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    await once(socket, 'readable');
    return socket;
  }

  async function textOf(socket: Socket): Promise<string> {
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('latin1');
    return text.slice(text.indexOf('\r\n\r\n') + 4);
  }

  function assertAll(text: string, value: number): void {
    const lines = text.split('\n').filter((line) => line.startsWith('c_total{'));
    assert.equal(lines.length, SERIES);
    const other = lines.find((line) => !line.endsWith(`} ${value}.0`));
    assert.equal(other, undefined, `of ${value}`);
  }

  it('is not written into by those that are asked for and sent meanwhile', async () => {
    const slow: { readonly socket: Socket; readonly value: number }[] = [];
    for (let value = 2; value < 8; value++) {
      setAll(value);
      slow.push({ socket: await begun(), value });
      const cut = await begun();
      assertAll(await textOf(await begun()), value);
      cut.destroy();
      await sleep(20);
    }
    for (const { socket, value } of slow) assertAll(await textOf(socket), value);
  });
});
