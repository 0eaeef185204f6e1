/** Live values, on real sockets: what a stream says, who is refused, and what is left when clients leave. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { listen } from '../../../src/serve/listen.js';
import { Authority } from '../../support/certificates.js';
import { Daemon } from '../../support/cli.js';
import { EventStream, Events } from '../../support/event-stream.js';
import {
  counter,
  double,
  fileBytes,
  gauge,
  overwrite,
  type TestEntry,
  writeMetricFile,
} from '../../support/metric-file.js';
import { until } from '../../support/session.js';
import { tempDirectory } from '../../support/temp.js';
import { Served } from './served.js';

/** Byte of the value of the first entry, in a file of one. */
const valueOffset = (entry: TestEntry) => fileBytes('dict4-16', [entry]).length - 16;

function set(directory: string, entry: TestEntry, name = 'counter_1.db'): void {
  overwrite(join(directory, name), valueOffset(entry), double(entry.value));
}

function filled(value = 1): string {
  const directory = tempDirectory();
  writeMetricFile(join(directory, 'counter_1.db'), [counter('jobs', value)]);
  return directory;
}

/** Series with names so long that the event which names them is larger than what is buffered for a client. */
function writeLongSeries(directory: string, count: number): void {
  const entries = Array.from({ length: count }, (_, i) =>
    counter('long', i, { label: `${i}`.padStart(150, 'x') }),
  );
  writeMetricFile(join(directory, 'counter_2.db'), entries);
}

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function serve(
  directory: ConstructorParameters<typeof Served>[0],
): Promise<{ served: Served; url: string }> {
  const served = new Served(directory);
  const listener = await listen(served.server, { text: '127.0.0.1:0', host: '127.0.0.1', port: 0 });
  cleanUps.push(
    () => served.close(),
    () => listener.stop(1_000),
  );
  return { served, url: `http://${listener.addresses[0]}` };
}

async function open(url: string, query: string): Promise<EventStream> {
  const stream = await EventStream.open(`${url}/api/v1/live?${query}`);
  cleanUps.push(() => stream.leave());
  return stream;
}

const countsOf = ({ surfaces }: Served) => surfaces.counts;
const noStreams = (served: Served) =>
  until(
    () => countsOf(served).streams === 0,
    () => 'the end of all streams',
  );

describe('a stream of live values', () => {
  it('names the series, and then has their values at each tick', async () => {
    const directory = filled();
    const { served, url } = await serve(directory);
    const stream = await open(url, 'match[]=jobs&interval=0.1');
    assert.equal(stream.status, 200);
    assert.equal(stream.headers['content-type'], 'text/event-stream');
    assert.equal(stream.headers['cache-control'], 'no-store');
    assert.equal(stream.headers['x-accel-buffering'], 'no');
    assert.deepEqual(await stream.next(), { event: 'series', data: { series: ['jobs_total'] } });
    const { takenAtSeconds } = await stream.nextOf('values');
    assert.ok(Math.abs(takenAtSeconds - Date.now() / 1000) < 2);
    for (const value of [2, 3.5]) {
      set(directory, counter('jobs', value));
      assert.deepEqual(await stream.valuesWhere(([now]) => now === value), [value]);
    }
    assert.equal(countsOf(served).streams, 1);
    const page = await served.server.inject('/metrics');
    assert.match(page.body, /^jobs_total 3\.5$/m);
  });

  it('has values at once, however long the interval is', async () => {
    const { url } = await serve(filled());
    for (const query of [
      'match[]=jobs&interval=60',
      'match[]={__name__="jobs_total"}&interval=60',
    ]) {
      for (let client = 0; client < 2; client++) {
        const begin = performance.now();
        const stream = await open(url, query);
        assert.deepEqual((await stream.next()).data, { series: ['jobs_total'] });
        assert.deepEqual((await stream.next()).data.values, [1]);
        assert.ok(performance.now() - begin < 5_000);
      }
    }
  });

  it('names the series again when there is a new one', async () => {
    const directory = filled();
    const { url } = await serve(directory);
    const stream = await open(url, 'match[]={__name__=~"jobs.*"}&interval=0.1');
    assert.deepEqual(await stream.nextOf('series'), { series: ['jobs_total'] });
    writeMetricFile(join(directory, 'counter_2.db'), [counter('jobs', 5), counter('jobs_of', 7)]);
    assert.deepEqual(await stream.nextOf('series'), { series: ['jobs_total', 'jobs_of_total'] });
    const { event, data } = await stream.next();
    assert.equal(event, 'values');
    assert.deepEqual(data.values, [6, 7]);
    rmSync(join(directory, 'counter_1.db'));
    assert.deepEqual(await stream.valuesWhere(([jobs]) => jobs === 5), [5, 7]);
  });

  it('has series that come later, and none until then', async () => {
    const directory = tempDirectory();
    const { url } = await serve(directory);
    const stream = await open(url, 'match[]=jobs&interval=0.1');
    assert.deepEqual(await stream.nextOf('series'), { series: [] });
    assert.deepEqual((await stream.next()).data.values, []);
    writeMetricFile(join(directory, 'counter_1.db'), [counter('jobs', 5)]);
    assert.deepEqual(await stream.nextOf('series'), { series: ['jobs_total'] });
    assert.deepEqual((await stream.next()).data.values, [5]);
  });

  it('has text for numbers that JSON does not have, and null for a series that is not printed', async () => {
    const directory = tempDirectory();
    const numbers = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0.1];
    writeMetricFile(
      join(directory, 'gauge_max_1.db'),
      numbers.map((value, i) => gauge('g', value, 0, { i: `${i}` })),
    );
    // Never set: the reference prints no series of it.
    writeMetricFile(join(directory, 'gauge_mostrecent_1.db'), [gauge('recent', 3, 0)]);
    const { served, url } = await serve(directory);
    const stream = await open(url, 'match[]=g&match[]=recent&interval=0.1');
    const { series } = await stream.nextOf('series');
    assert.deepEqual(series.length, 6);
    const { values } = await stream.nextOf('values');
    assert.deepEqual(values.slice(0, 5), ['NaN', '+Inf', '-Inf', 0, 0.1]);
    assert.equal(values[5], null);
    const page = await served.server.inject('/metrics');
    assert.doesNotMatch(page.body, /^recent /m);
  });

  it('is not cut for the length of its own first event', async () => {
    const directory = tempDirectory();
    writeLongSeries(directory, 1000);
    const { served, url } = await serve(directory);
    const stream = await open(url, 'match[]=long&interval=0.1');
    assert.equal((await stream.nextOf('series')).series.length, 1000);
    for (let tick = 0; tick < 3; tick++) {
      assert.equal((await stream.nextOf('values')).values.length, 1000);
    }
    assert.equal(countsOf(served).streamsCut, 0);
  });

  it('ends when the selection has too many series, with the reason', async () => {
    const directory = filled();
    const { served, url } = await serve(directory);
    const stream = await open(url, 'match[]={__name__=~".*"}&interval=0.1');
    await stream.nextOf('values');
    writeLongSeries(directory, 1000);
    const { error } = await stream.nextOf('failed');
    assert.deepEqual(error, { code: 'failed', message: 'expected 1000 series at most, got 1001' });
    await stream.over();
    assert.ok(stream.isEnded);
    await noStreams(served);
  });
});

describe('a request for live values', () => {
  const directory = filled();
  writeLongSeries(directory, 1000);
  const refused: [query: string, status: number, message: string][] = [
    ['', 400, 'match[]: expected one at least, got none'],
    ['match[]=jobs&interval=0.09', 400, "interval: expected seconds from 0.1 to 60, got '0.09'"],
    ['match[]=jobs&interval=60.1', 400, "interval: expected seconds from 0.1 to 60, got '60.1'"],
    ['match[]=jobs&interval=NaN', 400, "interval: expected seconds from 0.1 to 60, got 'NaN'"],
    ['match[]={__name__=~".*"}', 400, 'match[]: expected 1000 series at most, got 1001'],
    ['match[]=jobs&source=a', 404, "no source is called 'a'; sources have no names here"],
    [
      'match[]={label=~"(x+x+)+y"}',
      400,
      'selector {"label"=~"(x+x+)+y"}: expected one that ends within 500 ms, got one that does not',
    ],
  ];
  for (const [query, status, message] of refused) {
    it(`is refused: ${query}`, async () => {
      const { served, url } = await serve(directory);
      const { origin } = new URL(url);
      const answer = await fetch(`${origin}/api/v1/live?${query.replaceAll('+', '%2B')}`, {
        signal: AbortSignal.timeout(10_000),
      });
      const { error } = (await answer.json()) as { error: { message: string } };
      assert.equal(answer.status, status, error.message);
      assert.equal(error.message, message);
      assert.equal(countsOf(served).streams, 0);
      assert.equal(countsOf(served).requestsRefused, 1);
    });
  }

  it('may have an interval of 0.1 to 60 s', async () => {
    const { url } = await serve(directory);
    for (const interval of ['0.1', '60']) {
      assert.equal((await open(url, `match[]=jobs&interval=${interval}`)).status, 200);
    }
  });

  it('is answered with headers alone if it is HEAD', async () => {
    const { served, url } = await serve(directory);
    const answer = await fetch(`${url}/api/v1/live?match[]=jobs`, { method: 'HEAD' });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('content-type'), 'text/event-stream');
    assert.equal(await answer.text(), '');
    assert.equal((await fetch(`${url}/api/v1/live`, { method: 'HEAD' })).status, 400);
    assert.equal(countsOf(served).streams, 0);
  });

  it('is for an allowed host', async () => {
    const { served } = await serve(directory);
    const url = '/api/v1/live?match[]=jobs';
    const answer = await served.server.inject({ url, headers: { host: 'evil.example' } });
    assert.equal(answer.statusCode, 421);
  });
});

/** A client that sends its request and reads nothing. */
async function silentClient(url: string, query: string): Promise<Socket> {
  const { hostname, port, host } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  socket.pause();
  cleanUps.push(() => socket.destroy());
  await once(socket, 'connect');
  socket.write(`GET /api/v1/live?${query} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  return socket;
}

describe('a client that does not read', () => {
  it('is cut; others go on', async () => {
    const directory = tempDirectory();
    writeLongSeries(directory, 1000);
    const { served, url } = await serve(directory);
    const query = 'match[]=long&interval=0.1';
    const silent = await silentClient(url, query);
    const reading = await open(url, query);
    // The kernel buffers some megabytes: the series are named anew until these are full.
    const stop = new AbortController();
    const changing = (async () => {
      for (let i = 0; !stop.signal.aborted; i++) {
        const name = join(directory, `gauge_max_${i % 2}.db`);
        writeMetricFile(name, [gauge(`new_${i}`, i)]);
        await sleep(20);
      }
    })();
    await until(
      () => countsOf(served).streamsCut === 1,
      () => 'the cut',
    );
    stop.abort();
    await changing;
    assert.equal(countsOf(served).streams, 1);
    silent.resume();
    await until(
      () => silent.closed,
      () => 'the end of the connection',
    );
    await reading.nextOf('values');
    const before = reading.received.length;
    await until(
      () => reading.received.length > before + 3,
      () => 'values of the client that reads',
    );
    assert.equal(countsOf(served).streamsCut, 1);
  });
});

describe('a client that leaves', () => {
  it('leaves nothing behind, at whatever moment it does', async () => {
    const directory = tempDirectory();
    writeLongSeries(directory, 1000);
    const { served, url } = await serve(directory);
    let instants = 0;
    const { instant } = served.scraper;
    served.scraper.instant = (...args) => {
      instants++;
      return instant.apply(served.scraper, args);
    };
    const query = 'match[]=long&interval=0.1';
    for (let i = 0; i < 60; i++) {
      // A change makes the next client wait for its first values.
      writeMetricFile(join(directory, 'gauge_max_1.db'), [gauge(`new_${i}`, i)]);
      const socket = await silentClient(url, query);
      if (i % 2 === 0) socket.resume();
      await sleep(i % 20);
      socket.destroy();
    }
    await noStreams(served);
    // What was under way ends, and no other tick begins.
    await sleep(300);
    const after = instants;
    await sleep(400);
    assert.equal(instants, after);
    assert.equal(countsOf(served).streams, 0);
    assert.equal(countsOf(served).streamsCut, 0);
  });
});

describe('the end of the server', () => {
  it('ends the streams', async () => {
    const served = new Served(filled());
    const listener = await listen(served.server, {
      text: '127.0.0.1:0',
      host: '127.0.0.1',
      port: 0,
    });
    const url = `http://${listener.addresses[0]}`;
    const streams = [
      await open(url, 'match[]=jobs&interval=0.1'),
      await open(url, 'match[]=jobs&interval=60'),
    ];
    for (const stream of streams) await stream.nextOf('values');
    const begin = performance.now();
    await listener.stop(5_000);
    await served.close();
    assert.ok(performance.now() - begin < 1_000);
    for (const stream of streams) {
      await stream.over();
      assert.ok(stream.isEnded);
    }
    assert.equal(countsOf(served).streams, 0);
  });

  it('does not wait for a client that does not read', async () => {
    const directory = tempDirectory();
    // More than the kernel buffers.
    const entries = Array.from({ length: 1000 }, (_, i) =>
      counter('long', i, { label: `${i}`.padStart(10_000, 'x') }),
    );
    writeMetricFile(join(directory, 'counter_1.db'), entries);
    const served = new Served(directory);
    const listener = await listen(served.server, {
      text: '127.0.0.1:0',
      host: '127.0.0.1',
      port: 0,
    });
    const silent = await silentClient(
      `http://${listener.addresses[0]}`,
      'match[]=long&interval=60',
    );
    await until(
      () => countsOf(served).streams === 1,
      () => 'the stream',
    );
    const begin = performance.now();
    await listener.stop(5_000);
    assert.ok(performance.now() - begin < 1_000, `${performance.now() - begin} ms`);
    await served.close();
    assert.equal(countsOf(served).streams, 0);
    silent.destroy();
  });

  it('ends the streams of the built daemon, on SIGTERM', async () => {
    const daemon = await Daemon.serve(filled());
    cleanUps.push(() => daemon.stop());
    const streams = [];
    for (const interval of ['0.1', '0.1', '5', '60']) {
      streams.push(await open(daemon.url, `match[]=jobs&interval=${interval}`));
    }
    for (const stream of streams) await stream.nextOf('values');
    const { body } = await daemon.get('/metrics');
    assert.match(body, /^promfold_live_streams 4\.0$/m);
    const begin = performance.now();
    assert.equal(await daemon.stop(), 0);
    assert.ok(performance.now() - begin < 1_000, `${performance.now() - begin} ms`);
    for (const stream of streams) {
      await stream.over();
      assert.ok(stream.isEnded);
    }
    assert.doesNotMatch(daemon.log, /level=error/);
  });
});

describe('a directory', () => {
  it('that is gone gives `failed`, and values again when it is back', async () => {
    const directory = filled();
    const { url } = await serve(directory);
    const stream = await open(url, 'match[]=jobs&interval=0.1');
    await stream.nextOf('values');
    renameSync(directory, `${directory}-away`);
    cleanUps.push(() => rmSync(`${directory}-away`, { recursive: true, force: true }));
    const { error } = await stream.nextOf('failed');
    assert.equal(error.code, 'unavailable');
    assert.match(error.message, /: no such directory$/);
    const late = await open(url, 'match[]=jobs&interval=0.1');
    assert.equal((await late.next()).event, 'failed');
    renameSync(`${directory}-away`, directory);
    for (const each of [stream, late]) {
      assert.deepEqual(await each.nextOf('series'), { series: ['jobs_total'] });
      assert.deepEqual((await each.next()).data.values, [1]);
    }
  });

  it('may be replaced by another one of the same name', async () => {
    const directory = filled();
    const { served, url } = await serve(directory);
    const stream = await open(url, 'match[]=jobs&interval=0.1');
    await stream.nextOf('values');
    const other = filled(9);
    writeMetricFile(join(other, 'counter_2.db'), [counter('jobs', 1, { a: 'b' })]);
    rmSync(directory, { recursive: true });
    renameSync(other, directory);
    assert.deepEqual(await stream.valuesWhere((values) => values.length === 2), [9, 1]);
    set(directory, counter('jobs', 10));
    assert.deepEqual(await stream.valuesWhere(([jobs]) => jobs === 10), [10, 1]);
    const { body } = await served.server.inject('/metrics');
    assert.match(body, /^jobs_total 10\.0$/m);
  });

  it('of several is named by the request', async () => {
    const { served, url } = await serve([
      { name: 'one', directory: filled(1) },
      { name: 'two', directory: filled(2) },
    ]);
    const stream = await open(url, 'match[]=jobs&interval=0.1&source=two');
    assert.deepEqual(await stream.nextOf('series'), {
      series: ['jobs_total{promfold_source="two"}'],
    });
    assert.deepEqual((await stream.next()).data.values, [2]);
    assert.equal((await open(url, 'match[]=jobs')).status, 400);
    assert.equal((await open(url, 'match[]=jobs&source=three')).status, 404);
    await served.scraper.detach('two');
    assert.equal((await stream.nextOf('failed')).error.code, 'unavailable');
  });
});

describe('a stream goes through', () => {
  it('a proxy of TCP', async () => {
    const directory = filled();
    const { served, url } = await serve(directory);
    const { port } = new URL(url);
    const proxy = createServer((client) => {
      const server = connect(Number(port), '127.0.0.1');
      client.pipe(server).pipe(client);
      for (const socket of [client, server]) {
        socket.on('error', () => {});
        socket.on('close', () => (socket === client ? server : client).destroy());
      }
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    cleanUps.push(() => proxy.close());
    const through = `http://localhost:${(proxy.address() as AddressInfo).port}`;
    const stream = await open(
      through.replace('localhost', '127.0.0.1'),
      'match[]=jobs&interval=0.1',
    );
    await stream.nextOf('values');
    set(directory, counter('jobs', 4));
    await stream.valuesWhere(([jobs]) => jobs === 4);
    stream.leave();
    await noStreams(served);
  });

  it('HTTP/2 with TLS, of the built daemon', async () => {
    const authority = new Authority();
    const { cert, key } = authority.sign('server', 'IP:127.0.0.1');
    const config = join(authority.directory, 'web.yml');
    writeFileSync(config, `tls_server_config: {cert_file: ${cert}, key_file: ${key}}\n`);
    const directory = filled();
    writeLongSeries(directory, 1000);
    const daemon = await Daemon.serve(directory, [`--web.config.file=${config}`]);
    cleanUps.push(() => daemon.stop());
    const session = connectHttp2(daemon.url.replace('http:', 'https:'), {
      ca: readFileSync(authority.certificate),
    });
    cleanUps.push(() => session.destroy());
    session.on('error', () => {});
    const ask = async (path: string) => {
      const request = session.request({ ':path': path });
      const [headers] = await once(request, 'response');
      assert.equal(headers[':status'], 200);
      return request;
    };
    const requests = [];
    const streams = [];
    for (const match of ['jobs', 'long', 'long']) {
      const request = await ask(`/api/v1/live?match[]=${match}&interval=0.1`);
      requests.push(request);
      streams.push(new Events(request));
    }
    for (const [i, stream] of streams.entries()) {
      assert.equal((await stream.nextOf('series')).series.length, i === 0 ? 1 : 1000);
      for (let tick = 0; tick < 3; tick++) await stream.nextOf('values');
    }
    set(directory, counter('jobs', 4));
    await streams[0]!.valuesWhere(([jobs]) => jobs === 4);
    const page = async (): Promise<string> => {
      const request = await ask('/metrics');
      let text = '';
      for await (const part of request.setEncoding('utf8')) text += part;
      return text;
    };
    requests[1]!.close();
    await until(
      async () => /^promfold_live_streams 2\.0$/m.test(await page()),
      () => 'the end of the stream that its client left',
    );
    assert.match(await page(), /^promfold_live_streams_cut_total 0\.0$/m);
    const begin = performance.now();
    assert.equal(await daemon.stop(), 0);
    assert.ok(performance.now() - begin < 1_000, `${performance.now() - begin} ms`);
    for (const stream of [streams[0]!, streams[2]!]) {
      await stream.over();
      assert.ok(stream.isEnded);
    }
  });
});
