/** --append-url: pages of other endpoints, well and badly behaved. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, afterEach, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Prefixes } from '../../src/plan/selection.js';
import { AppendedPages } from '../../src/scrape/appended-pages.js';
import { Scraper } from '../../src/scrape/scraper.js';
import { SelfMetrics } from '../../src/scrape/self-metrics.js';
import { Daemon, promfold } from '../support/cli.js';
import { OPENMETRICS, TEXT } from '../support/dialect.js';
import { faultsOf, linesOf, valuesOf } from '../support/exposition.js';
import { counter, gauge, writeMetricFile } from '../support/metric-file.js';
import { Oracle } from '../support/oracle.js';
import { currentPython, GOLDEN, promtool } from '../support/paths.js';
import { metricLint } from '../support/promtool.js';
import { tempDirectory } from '../support/temp.js';

const CASE = `${GOLDEN}/dynamo-worker`;
/** What Dynamo's server sends with the variable preset: two pages, one behind the other. */
const DOUBLED = [1, 2].map((i) => readFileSync(`${CASE}/dynamo.scrape.${i}.prom`, 'utf8')).join('');

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const servers: Server[] = [];
let scraper: Scraper | undefined;

afterEach(async () => {
  await scraper?.close();
  scraper = undefined;
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function endpoint(answer: Answer | string): Promise<URL> {
  const respond: Answer =
    typeof answer === 'string' ? (_request, response) => response.end(answer) : answer;
  const server = createServer(respond);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`);
}

interface Setup {
  readonly directory?: string;
  readonly prefixes?: Prefixes;
  readonly log?: string[];
}

function open(urls: readonly URL[], { directory, prefixes, log }: Setup = {}) {
  const record = (message: string, fields: Record<string, unknown>) =>
    void log?.push(`${message} ${JSON.stringify(fields)}`);
  const opened = new Scraper(directory ?? tempDirectory(), {
    appended: new AppendedPages(urls, prefixes),
    selfMetrics: new SelfMetrics({ version: '1', revision: '' }),
    log: { warn: record, info: record },
  });
  scraper = opened;
  return {
    scraper: opened,
    /** Without promfold's own. */
    page: async (dialect = TEXT, withinSeconds?: number) =>
      ownLeftOut(String(await opened.scrape({ dialect, withinSeconds }))),
    up: async () =>
      /^promfold_append_up\{url="(.*)"\} (\d)/m
        .exec(String(await opened.scrape({ dialect: TEXT })))!
        .slice(1),
  };
}

const ownLeftOut = (text: string) =>
  linesOf(text)
    .filter((line) => !/^(# \w+ )?promfold_/.test(line))
    .map((line) => `${line}\n`)
    .join('');

describe("Dynamo's doubled page", () => {
  const python = currentPython();
  const oracle = python.skip ? undefined : new Oracle(python.path);
  after(() => oracle?.close());
  const tool = promtool();

  it('comes out single, with every series and its first value', async () => {
    const { page } = open([await endpoint(DOUBLED)]);
    const text = await page();
    assert.deepEqual(faultsOf(text, false), []);
    const first = new Map<string, number>();
    for (const line of linesOf(DOUBLED)) {
      if (line.startsWith('#')) continue;
      const [[series, value]] = [...valuesOf(`${line}\n`)] as [[string, number]];
      if (!first.has(series)) first.set(series, value);
    }
    assert.ok(first.size < linesOf(DOUBLED).filter((line) => !line.startsWith('#')).length);
    assert.deepEqual(new Map([...valuesOf(text)].sort()), new Map([...first].sort()));
  });

  it('is good OpenMetrics too', { skip: python.skip || tool.skip }, async () => {
    const { page } = open([await endpoint(DOUBLED)]);
    const [openMetrics, text] = [await page(OPENMETRICS), await page()];
    assert.deepEqual(faultsOf(openMetrics, true), []);
    const faults = await oracle!.parse([
      { title: 'openmetrics', openMetrics: true, exposition: openMetrics },
      { title: 'text', openMetrics: false, exposition: text },
    ]);
    assert.deepEqual(faults, []);
    const { parses, output } = await metricLint(tool.path, text);
    assert.ok(parses, output);
  });

  it('gives nothing that the directory has', async () => {
    const { page } = open([await endpoint(DOUBLED)], { directory: `${CASE}/files` });
    const text = await page();
    assert.deepEqual(faultsOf(text, false), []);
    const alone = new Scraper(`${CASE}/files`);
    const own = String(await alone.scrape({ dialect: TEXT }));
    await alone.close();
    assert.ok(text.startsWith(own));
    // All of vLLM's are in the directory, their creation times belong to them.
    assert.equal(text.slice(own.length), '');
  });
});

describe('an appended page', () => {
  const small = [
    '# HELP up_seconds_total How long.\n# TYPE up_seconds_total counter\nup_seconds_total 7',
    '# TYPE bare counter\nbare{a="1"} 1',
    '# TYPE lat histogram\nlat_bucket{le="1"} 1\nlat_bucket{le="+Inf"} 2\nlat_sum 3\nlat_count 2',
    '# TYPE lat_created gauge\nlat_created 1.5e+09',
    'plain{x="a\\"b"} 4 1700000000000',
    '',
  ].join('\n');

  it('stands behind the families of the directory, in text', async () => {
    const directory = tempDirectory();
    writeMetricFile(join(directory, 'counter_1.db'), [counter('hits', 3)]);
    const { page } = open([await endpoint(small)], { directory });
    assert.deepEqual(linesOf(await page()), [
      '# HELP hits_total help',
      '# TYPE hits_total counter',
      'hits_total 3.0',
      '# HELP up_seconds_total How long.',
      '# TYPE up_seconds_total counter',
      'up_seconds_total 7',
      '# HELP bare ',
      '# TYPE bare counter',
      'bare{a="1"} 1',
      '# HELP lat ',
      '# TYPE lat histogram',
      'lat_bucket{le="1.0"} 1',
      'lat_bucket{le="+Inf"} 2',
      'lat_sum 3',
      'lat_count 2',
      '# HELP lat_created ',
      '# TYPE lat_created gauge',
      'lat_created 1.5e+09',
      '# HELP plain ',
      '# TYPE plain untyped',
      'plain{x="a\\"b"} 4 1700000000000',
    ]);
  });

  it('is translated into OpenMetrics', async () => {
    const { page } = open([await endpoint(small)]);
    const text = await page(OPENMETRICS);
    assert.match(text, /^# TYPE up_seconds counter\nup_seconds_total 7$/m);
    assert.match(text, /^# TYPE bare unknown$/m);
    assert.match(text, /^lat_count 2\nlat_created 1\.5e\+09$/m);
    assert.match(text, /^# TYPE plain unknown\nplain\{x="a\\"b"\} 4 1700000000$/m);
  });

  it('is chosen from by prefix, as the text format names a family', async () => {
    const prefixes = { include: ['up_seconds_total', 'lat'], exclude: ['lat'] };
    const { page } = open([await endpoint(small)], { prefixes });
    assert.deepEqual(
      [...(await page()).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name),
      ['up_seconds_total'],
    );
  });

  it('gives way to an endpoint before it', async () => {
    const { page } = open([await endpoint('a 1\nb 2\n'), await endpoint('b 3\nc 4\n')]);
    const values = [...valuesOf(await page())];
    assert.deepEqual(values, [
      ['a', 1],
      ['b', 2],
      ['c', 4],
    ]);
  });

  it('never takes the place of our own families', async () => {
    const { scraper } = open([await endpoint('# TYPE promfold_up gauge\npromfold_up 98765\n')]);
    const text = String(await scraper.scrape({ dialect: TEXT }));
    assert.doesNotMatch(text, /98765/);
    assert.match(text, /^promfold_up 1\.0$/m);
  });

  it('may be gzipped, and is asked for as text 0.0.4', async () => {
    let accept: string | undefined;
    const url = await endpoint((request, response) => {
      accept = request.headers.accept;
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('a 1\n'));
    });
    assert.match(await open([url]).page(), /^a 1$/m);
    assert.match(accept!, /^text\/plain;version=0\.0\.4/);
  });

  it('may be behind a redirect and a password, which go nowhere else', async () => {
    const seen: (string | undefined)[] = [];
    const other = await endpoint((request, response) => {
      seen.push(request.headers.authorization);
      response.end('a 1\n');
    });
    const url = await endpoint((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(302, { location: other.href }).end();
    });
    url.username = 'me';
    url.password = 's3cret:x';
    const log: string[] = [];
    const opened = open([url], { log });
    assert.match(await opened.page(), /^a 1$/m);
    assert.deepEqual(seen, [`Basic ${Buffer.from('me:s3cret:x').toString('base64')}`, undefined]);
    const [shown, up] = await opened.up();
    assert.equal(up, '1');
    assert.equal(shown, `http://${url.host}/metrics`);
    assert.doesNotMatch(log.join('\n'), /s3cret/);
  });
});

describe('an endpoint that fails', () => {
  const refused = new URL('http://127.0.0.1:1/metrics');
  const failing: [title: string, make: () => Promise<URL>, found: RegExp][] = [
    ['is dead', async () => refused, /ECONNREFUSED|bad port/],
    ['is slow', () => endpoint(() => {}), /no answer within 0\.6 s/],
    [
      'stops in the middle',
      () => endpoint((_, response) => void response.write('a 1\n')),
      /no answer within/,
    ],
    [
      'breaks off',
      () =>
        endpoint((_, response) => {
          response.write('a 1\n');
          setTimeout(() => response.destroy(), 50);
        }),
      /./,
    ],
    [
      'answers 500',
      () => endpoint((_, response) => void response.writeHead(500).end('a 1\n')),
      /status 500/,
    ],
    ['answers a web page', () => endpoint('<html>\n'), /line 1: no sample/],
    ['answers bytes', () => endpoint('a 1\n\u0000\u0001\u0002 x\n'), /line 2: no sample/],
    [
      'answers OpenMetrics',
      () =>
        endpoint(
          (_, response) =>
            void response
              .writeHead(200, { 'content-type': 'application/openmetrics-text' })
              .end('a 1\n# EOF\n'),
        ),
      /answers application\/openmetrics-text/,
    ],
    [
      'redirects for ever',
      () => endpoint((_, response) => void response.writeHead(302, { location: '/x' }).end()),
      /more than 3 redirects/,
    ],
    [
      'redirects to a file',
      () =>
        endpoint(
          (_, response) => void response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
        ),
      /no http or https URL/,
    ],
    [
      'is huge',
      () =>
        endpoint((_, response) => {
          response.end(Buffer.alloc(33 << 20, '#'));
        }),
      /more than 33554432 bytes/,
    ],
  ];
  for (const [title, make, found] of failing) {
    it(`because it ${title} costs only its families`, async () => {
      const directory = tempDirectory();
      writeMetricFile(join(directory, 'gauge_max_1.db'), [gauge('g', 3)]);
      const log: string[] = [];
      const { page, scraper } = open([await endpoint('fine 1\n'), await make()], {
        directory,
        log,
      });
      // Slow ends soon; huge is not to end because a busy machine is slow.
      const seconds = title === 'is huge' ? 60 : 1;
      const text = await page(TEXT, seconds);
      assert.deepEqual(
        [...valuesOf(text)],
        [
          ['g', 3],
          ['fine', 1],
        ],
      );
      await page(TEXT, seconds);
      const problems = scraper.problems();
      assert.deepEqual(
        problems.map(({ code }) => code),
        ['APPEND_FAILED'],
      );
      assert.match(problems[0]!.found, found);
      assert.equal(log.filter((line) => line.includes('APPEND_FAILED')).length, 1, log.join('\n'));
    });
  }

  it('is down in its self-metric, and up when it is back', async () => {
    let isFine = false;
    const url = await endpoint(
      (_, response) => void response.writeHead(isFine ? 200 : 503).end('a 1\n'),
    );
    const log: string[] = [];
    const { up } = open([url], { log });
    assert.deepEqual(await up(), [url.href, '0']);
    isFine = true;
    assert.deepEqual(await up(), [url.href, '1']);
    assert.match(log.at(-1)!, /problem is over/);
  });

  it('is not waited for when promfold stops', async () => {
    const { scraper, page } = open([await endpoint(() => {})]);
    const running = page();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const started = Date.now();
    await scraper.close();
    await running;
    assert.ok(Date.now() - started < 1500);
  });
});

describe('--append-url', () => {
  it('is served by the daemon, which leaves nothing open', async () => {
    const url = await endpoint('# TYPE x gauge\nx 5\n');
    const daemon = await Daemon.serve(tempDirectory(), [
      `--append-url=${url.href.replace('http://', 'http://u:hidden@')}?t=hidden`,
    ]);
    const { body } = await daemon.get('/metrics');
    assert.match(body, /^x 5$/m);
    assert.ok(body.includes(`promfold_append_up{url="${url.href}"} 1.0`), body);
    assert.equal(await daemon.stop(), 0);
    assert.doesNotMatch(daemon.log + body, /hidden/);
  });

  it('is printed by scrape, which complains and ends well without it', async () => {
    const url = await endpoint('# TYPE x gauge\nx 5\n');
    const { stdout, stderr, exitCode } = await promfold([
      'scrape',
      tempDirectory(),
      `--append-url=${url.href}`,
      '--append-url=http://127.0.0.1:1/metrics',
    ]);
    assert.equal(exitCode, 0, stderr);
    assert.equal(stdout, '# HELP x \n# TYPE x gauge\nx 5\n');
    assert.match(stderr, /http:\/\/127\.0\.0\.1:1\/metrics: .*\[APPEND_FAILED\]/);
  });

  it('refuses what is no URL, without a password in the message', async () => {
    const { exitCode, stderr } = await promfold(['scrape', '/x', '--append-url=ftp://a:hidden@b/']);
    assert.equal(exitCode, 2);
    assert.match(stderr, /--append-url: expected an http or https URL, got 'ftp:\/\/…@b\/'/);
  });
});
