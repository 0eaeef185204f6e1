/** What an endpoint of `--append-url` can do to a promfold that asks it at each scrape. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { tempDirectory } from '../support/temp.js';
import type { Fault } from './fault.js';
import { DaemonPlace, REST, writeRest } from './place.js';

/** What it does in place of a page, and what the log says then. */
type Misdeed = readonly [answer: RequestListener, found: RegExp];

const GOOD: RequestListener = (_, response) => void response.end('appended 1\n');

const says =
  (page: string, type = 'text/plain'): RequestListener =>
  (_, response) =>
    void response.writeHead(200, { 'content-type': type }).end(page);

const many = (count: number, line: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i)).join('');

const ODD_LABELS = many(50, (i) => `l${i}="\\x",`).slice(0, -1);

/** The directory is served all the while, and the endpoint's page before and after. */
function outlives(misdeeds: readonly Misdeed[], headers?: Record<string, string>) {
  return async () => {
    let answer = GOOD;
    const server = createServer((request, response) => answer(request, response));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const directory = tempDirectory();
    writeRest(directory);
    try {
      await DaemonPlace.use(
        directory,
        async (place) => {
          const up = () => place.own(`append_up{url="http://127.0.0.1:${port}/"}`);
          const isServed = async () => {
            // On a busy machine its thread may begin too late for one scrape.
            for (let i = 0; i < 10; i++) {
              assert.deepEqual(await place.scrape(), REST);
              if (up() === 1) break;
            }
            assert.equal(place.values.get('appended'), 1, place.daemon.log);
          };
          await isServed();
          for (const [misdeed, found] of misdeeds) {
            answer = misdeed;
            const said = new RegExp(`${found.source}.* code=APPEND_FAILED`);
            // On a busy machine even fetching a large page can be too slow at first.
            for (let i = 0; i < 10 && !said.test(place.daemon.log); i++) {
              assert.deepEqual(await place.scrape(headers), REST);
              assert.equal(up(), 0);
              assert.equal(place.values.get('appended'), undefined);
            }
            await place.logSays(said);
            answer = GOOD;
            await isServed();
          }
        },
        { flags: [`--append-url=http://127.0.0.1:${port}/`] },
      );
    } finally {
      server.closeAllConnections();
      server.close();
    }
  };
}

export const ENDPOINT_FAULTS: readonly Fault[] = [
  {
    fault: 'an endpoint of `--append-url` that is dead, or breaks off',
    served: 'everything but its families',
    seen: 'APPEND_FAILED; `promfold_append_up` 0',
    cure: 'the endpoint, or its URL',
    test: outlives([
      [(request) => request.socket.destroy(), /ECONNRESET/],
      [(_, response) => void response.writeHead(503).end(), /status 503/],
      [
        (_, response) => {
          response.writeHead(200, { 'content-length': 100 });
          response.write('appended 1\n', () => response.destroy());
        },
        /(ECONNRESET|aborted)/,
      ],
    ]),
  },
  {
    fault: 'an endpoint of `--append-url` that never answers, or never ends its answer',
    served:
      "everything but its families, after 2 s, or 0.6 of what is left of the scrape's timeout",
    seen: 'APPEND_FAILED; `promfold_append_up` 0',
    cure: 'the endpoint',
    test: outlives(
      [
        [() => {}, /no answer within 0\.6 s/],
        [(_, response) => void response.write('appended 1\n'), /no answer within 0\.6 s/],
      ],
      { 'x-prometheus-scrape-timeout-seconds': '1.5' },
    ),
  },
  {
    fault: 'an endpoint of `--append-url` whose name server never answers',
    served: 'everything but its families, after the same time; promfold stops as fast',
    seen: 'APPEND_FAILED; `promfold_append_up` 0',
    cure: 'the name server, or an address in the URL',
    test: async () => {
      const nameServer = createSocket('udp4');
      nameServer.bind(53, '127.0.0.99');
      await once(nameServer, 'listening');
      const directory = tempDirectory();
      writeRest(directory);
      const configuration = join(tempDirectory(), 'resolv.conf');
      writeFileSync(configuration, 'nameserver 127.0.0.99\n');
      const shell = 'mount --bind "$0" /etc/resolv.conf && exec "$@"';
      try {
        await DaemonPlace.use(
          directory,
          async (place) => {
            for (let i = 0; i < 3; i++) assert.deepEqual(await place.scrape(), REST);
            await place.logSays(/no answer within 2 s.* code=APPEND_FAILED/);
            const stopped = Date.now();
            assert.equal(await place.daemon.stop(), 0, place.daemon.log);
            // The system asks the name server for 10 seconds.
            assert.ok(Date.now() - stopped < 5_000);
          },
          {
            flags: ['--append-url=http://endpoint.example:8000/metrics'],
            wrapper: ['unshare', '-m', 'sh', '-c', shell, configuration],
          },
        );
      } finally {
        nameServer.close();
      }
    },
  },
  {
    fault:
      'an endpoint of `--append-url` whose page is not an exposition, or OpenMetrics that is cut off before `# EOF`',
    served: 'everything but its families; no part of such a page',
    seen: 'APPEND_FAILED, with the line; `promfold_append_up` 0',
    cure: 'the endpoint, or its URL',
    test: outlives([
      [says('appended 1\n<html>\n'), /line 2: not a sample: <html>/],
      [says('appended 1\n', 'application/openmetrics-text'), /no # EOF at the end of OpenMetrics/],
      [says('{}', 'application/json'), /answers application\/json, not text or OpenMetrics/],
    ]),
  },
  {
    fault:
      'an endpoint of `--append-url` whose page is beyond its budget (topic `appending`): bytes, families, samples',
    served: 'everything but its families; no part of such a page',
    seen: 'APPEND_FAILED, with the limit; `promfold_append_up` 0',
    cure: 'fewer values of labels; or have Prometheus scrape that endpoint by itself',
    test: outlives([
      [says('#'.repeat((32 << 20) + 1)), /more than \d+ bytes/],
      [says(many(10_001, (i) => `f${i} 1\n`)), /line 10001: more than 10000 families/],
      [says(many(500_001, (i) => `a{b="${i}"} 1\n`)), /more than 500000 samples/],
    ]),
  },
  {
    fault:
      'an endpoint of `--append-url` whose page takes too long to fetch and read (2 s, or 0.6 of what is left of the timeout)',
    served: 'everything but its families; its thread is ended and replaced',
    seen: 'APPEND_FAILED; `promfold_append_up` 0',
    cure: 'fewer values of labels, or more CPU',
    test: outlives(
      // An escape that is none has each label read the slow way.
      [[says(many(60_000, (i) => `a{${ODD_LABELS},c="${i}"} 1\n`)), /(not read|no answer) within/]],
      { 'x-prometheus-scrape-timeout-seconds': '2' },
    ),
  },
  {
    fault: 'an endpoint of `--append-url` whose page takes more memory than there is for it',
    served: 'everything but its families; its thread is replaced',
    seen: 'APPEND_FAILED; `promfold_append_up` 0',
    cure: 'shorter help texts, fewer families, or more memory',
    test: {
      file: 'test/scrape/endpoints/endpoint-thread.test.ts',
      title: 'is replaced with the next question when it runs out of memory',
    },
  },
];
