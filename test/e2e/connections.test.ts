/** The built daemon under more connections than it may have: at the limit, one above, and with few descriptors. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Daemon } from '../support/cli.js';
import { valuesOf } from '../support/exposition.js';
import { hasIpv6Loopback } from '../support/ipv6.js';
import { counter, fileBytes } from '../support/metric-file.js';
import { tempDirectory } from '../support/temp.js';

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serve(flags: readonly string[], nofile?: number) {
  const directory = tempDirectory();
  const write = (name: string, jobs: number) =>
    writeFileSync(join(directory, name), fileBytes('dict4-16', [counter('jobs', jobs)], 4096));
  write('counter_1.db', 3);
  const wrapper = nofile === undefined ? [] : ['prlimit', `--nofile=${nofile}`, '--'];
  const daemon = await Daemon.serve(directory, flags, { wrapper });
  closing.push(() => daemon.stop());
  const port = Number(new URL(daemon.url).port);
  /** A connection that says nothing. */
  const silent = async (): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1');
    closing.push(() => socket.destroy());
    socket.on('error', () => {});
    socket.resume();
    await once(socket, 'connect');
    return socket;
  };
  return { daemon, write, silent };
}

/** As Prometheus that has just started. */
async function scrape({ url }: Daemon): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(`${url}/metrics`, { headers: { connection: 'close' } });
  const body = await response.text();
  assert.equal(response.status, 200, body);
  return valuesOf(body);
}

const isClosed = (socket: Socket) => socket.destroyed || socket.readableEnded;

describe('promfold serve --web.max-connections', () => {
  it('keeps as many, and for one more closes the longest idle', async () => {
    const { daemon, silent } = await serve(['--web.max-connections=4']);
    const sockets: Socket[] = [];
    for (let i = 0; i < 3; i += 1) {
      sockets.push(await silent());
      await sleep(50);
    }
    const at = await scrape(daemon);
    assert.equal(at.get('promfold_http_connections'), 4);
    assert.equal(at.get('promfold_http_idle_connections_closed_total'), 0);
    assert.deepEqual(sockets.map(isClosed), [false, false, false]);

    sockets.push(await silent());
    await sleep(50);
    const above = await scrape(daemon);
    assert.equal(above.get('promfold_http_connections'), 4);
    assert.equal(above.get('promfold_http_idle_connections_closed_total'), 1);
    assert.equal(above.get('promfold_http_connections_refused_total'), 0);
    assert.deepEqual(sockets.map(isClosed), [true, false, false, false]);
  });

  it('counts over all listen addresses, both of localhost too', async () => {
    const flags = ['--web.max-connections=2', '--web.listen-address=localhost:0'];
    const { daemon, silent } = await serve(flags);
    const listening = () => [...daemon.log.matchAll(/msg=listening address=(\S+):(\d+) url=/gm)];
    // 127.0.0.1 of the first flag, then that of localhost, and ::1 where the machine has it.
    const addresses = hasIpv6Loopback() ? 3 : 2;
    for (let i = 0; i < 200 && listening().length < addresses; i += 1) await sleep(20);
    assert.equal(listening().length, addresses, daemon.log);
    const [, host, port] = listening().at(-1)!;
    const first = await silent();
    // One that was accepted in the same turn of a busy loop as the others would not be closed for them.
    await sleep(200);
    const others = [0, 1].map(() => {
      const address = { host: host!.replace(/[[\]]/g, ''), port: Number(port) };
      const socket = connect(address).on('error', () => {});
      closing.push(() => socket.destroy());
      return socket;
    });
    for (let i = 0; i < 100 && !isClosed(first); i += 1) await sleep(20);
    assert.ok(isClosed(first), daemon.log);
    assert.deepEqual(others.map(isClosed), [false, false]);
  });

  it('is half of the descriptors where it is not given', async () => {
    // With fewer, some are closed earlier: threads and the recorder have descriptors, too.
    const { daemon, silent } = await serve([], 160);
    for (let i = 0; i < 79; i += 1) await silent();
    assert.equal((await scrape(daemon)).get('promfold_http_connections'), 80);
    await silent();
    const values = await scrape(daemon);
    assert.equal(values.get('promfold_http_connections'), 80);
    assert.equal(values.get('promfold_http_idle_connections_closed_total'), 1);
  });
});

describe('promfold serve with 64 descriptors', () => {
  for (const connections of [60, 500]) {
    it(`answers a scrape right after ${connections} idle connections, and sees a new file`, async () => {
      const { daemon, write, silent } = await serve([], 64);
      assert.equal((await scrape(daemon)).get('jobs_total'), 3);
      for (let i = 0; i < connections; i += 1) await silent();
      assert.equal((await scrape(daemon)).get('jobs_total'), 3);
      write('counter_2.db', 4);
      assert.equal((await scrape(daemon)).get('jobs_total'), 7);
      assert.doesNotMatch(daemon.log, /EMFILE|too many/);
    });
  }

  it('is at rest when the connections are', async () => {
    const { daemon, silent } = await serve(['--web.max-connections=0'], 64);
    for (let i = 0; i < 200; i += 1) await silent();
    await sleep(1_000);
    const before = cpuTicks(daemon.pid);
    await sleep(2_000);
    assert.ok(cpuTicks(daemon.pid) - before < 50, 'a quarter of a core');
    assert.ok((await scrape(daemon)).get('promfold_http_connections')! < 64);
  });
});

/** User and system time, in ticks of 10 ms: proc_pid_stat(5). */
function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /, '')
    .split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
