import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { SelfMetrics } from '../../src/scrape/families/self-metrics.js';
import type { ScraperOptions } from '../../src/scrape/scrape-run.js';
import { Scraper } from '../../src/scrape/scraper.js';
import { RequestLimit } from '../../src/serve/request-limit.js';
import { buildServer } from '../../src/serve/server.js';
import { GOLDEN } from '../support/paths.js';
import { tempDirectory } from '../support/temp.js';
import { HeldScrapes } from './held-scrapes.js';

const FILES = `${GOLDEN}/colons/files`;
const EXPECTED = readFileSync(`${GOLDEN}/colons/expected.prom`, 'utf8');
const OPENMETRICS = 'application/openmetrics-text;version=1.0.0';

let open: { server: FastifyInstance; scraper: Scraper } | undefined;

afterEach(async () => {
  await open?.server.close();
  await open?.scraper.close();
  open = undefined;
});

interface Setup extends ScraperOptions {
  readonly directory?: string;
  readonly telemetryPath?: string;
  readonly maxRequests?: number;
}

function serve(setup: Setup = {}): FastifyInstance {
  const { directory = filledDirectory(), telemetryPath = '/metrics', maxRequests = 40 } = setup;
  const selfMetrics = new SelfMetrics({ version: '1.2.3', revision: '' });
  const scraper = new Scraper(directory, { selfMetrics, ...setup });
  const server = buildServer(scraper, {
    telemetryPath,
    limit: new RequestLimit(maxRequests),
    version: '1.2.3',
    log: {
      debug() {},
      warn() {},
      error: (message, fields) => assert.fail(`${message} ${fields.error}`),
    },
  });
  open = { server, scraper };
  return server;
}

function filledDirectory(): string {
  const directory = tempDirectory();
  cpSync(FILES, directory, { recursive: true });
  return directory;
}

describe('GET /metrics', () => {
  it('answers the exposition with its type, then the self-metrics', async () => {
    const { statusCode, headers, body } = await serve().inject('/metrics');
    assert.equal(statusCode, 200);
    assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
    assert.equal(headers.vary, 'Accept, Accept-Encoding');
    assert.equal(headers['content-encoding'], undefined);
    assert.ok(body.startsWith(EXPECTED), body);
    assert.match(body.slice(EXPECTED.length), /^# HELP promfold_build_info .*^promfold_up 1\.0$/ms);
  });

  it('has no self-metrics where they are switched off', async () => {
    const { body } = await serve({ selfMetrics: undefined }).inject('/metrics');
    assert.equal(body, EXPECTED);
  });

  it('answers OpenMetrics to whom prefers it', async () => {
    const accept = `text/plain;q=0.5,${OPENMETRICS};escaping=allow-utf-8`;
    const { headers, body } = await serve().inject({ url: '/metrics', headers: { accept } });
    const type = 'application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8';
    assert.equal(headers['content-type'], type);
    assert.match(body, /^promfold_up 1\.0$.*\n# EOF\n$/ms);
  });

  it('is gzipped where that is offered', async () => {
    const server = serve({ selfMetrics: undefined });
    const headers = { 'accept-encoding': 'gzip' };
    const answer = await server.inject({ url: '/metrics', headers });
    assert.equal(answer.headers['content-encoding'], 'gzip');
    assert.equal(gunzipSync(answer.rawPayload).toString(), EXPECTED);
  });

  it('answers HEAD like GET, without the body', async () => {
    const server = serve({ selfMetrics: undefined });
    const { statusCode, headers, body } = await server.inject({ method: 'HEAD', url: '/metrics' });
    assert.equal(statusCode, 200);
    assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
    assert.equal(headers['content-length'], String(Buffer.byteLength(EXPECTED)));
    assert.equal(body, '');
  });

  it('is at the telemetry path', async () => {
    const server = serve({ telemetryPath: '/app/metrics' });
    assert.equal((await server.inject('/app/metrics')).statusCode, 200);
    assert.equal((await server.inject('/metrics')).statusCode, 404);
  });

  it('may be at the root, in place of the landing page', async () => {
    const { headers } = await serve({ telemetryPath: '/' }).inject('/');
    assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  });
});

describe('name[]', () => {
  const families = [...EXPECTED.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name!);
  const [first, second] = families as [string, string];
  const encoded = encodeURIComponent(first);
  const cases: [title: string, query: string, families: string[]][] = [
    ['chooses a family', `name[]=${first}`, [first]],
    ['may be repeated', `name[]=${first}&name[]=${second}`, [first, second]],
    ['may be encoded, brackets too', `name%5B%5D=${encoded}`, [first]],
    ['that nothing is called gives nothing', 'name[]=nothing', []],
    ['that is blank selects nothing', 'name[]=', [...families, 'promfold_up']],
    ['that is blank is dropped where there is another', `name[]=&name[]=${first}`, [first]],
    ['without brackets selects nothing', `name=${first}`, [...families, 'promfold_up']],
  ];
  for (const [title, query, expected] of cases) {
    it(title, async () => {
      const { statusCode, body } = await serve().inject(`/metrics?${query}`);
      const found = [...body.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name!);
      assert.equal(statusCode, 200);
      assert.deepEqual(
        found.filter((name) => name === 'promfold_up' || !name.startsWith('promfold_')),
        expected,
      );
    });
  }

  it('is refused in a number nobody means', async () => {
    const query = Array.from({ length: 1001 }, (_, i) => `name[]=${i}`).join('&');
    const { statusCode, body } = await serve().inject(`/metrics?${query}`);
    assert.equal(statusCode, 400);
    assert.equal(body, 'expected at most 1000 name[], got 1001\n');
  });
});

describe('a scrape that takes long', () => {
  it('answers 503 before Prometheus gives up', async () => {
    const scrapes = new HeldScrapes();
    const server = serve({ extras: [scrapes] });
    await server.ready();
    const release = scrapes.hold();
    const headers = { 'x-prometheus-scrape-timeout-seconds': '0.2' };
    const { statusCode, body } = await server.inject({ url: '/metrics', headers });
    release();
    assert.equal(statusCode, 503);
    assert.equal(body, 'the scrape did not finish within 0.1 s\n');
    assert.equal((await server.inject('/metrics')).statusCode, 200);
  });

  it('lets others in up to the limit, and again when it is over', async () => {
    const scrapes = new HeldScrapes();
    const server = serve({ maxRequests: 2, extras: [scrapes] });
    await server.ready();
    const release = scrapes.hold();
    // An injected request begins when it is first waited for.
    const get = async () => server.inject('/metrics');
    const running = [get(), get()];
    const { statusCode, body } = await get();
    assert.equal(statusCode, 503);
    assert.equal(body, 'Limit of concurrent requests reached (2), try again later.\n');
    release();
    for (const answer of await Promise.all(running)) assert.equal(answer.statusCode, 200);
    assert.equal((await get()).statusCode, 200);
  });
});

describe('a directory', () => {
  it('that was never there is waited for', async () => {
    const directory = join(tempDirectory(), 'later');
    const server = serve({ directory });
    const before = await server.inject('/metrics');
    assert.equal(before.statusCode, 200);
    assert.match(before.body, /^promfold_up 0\.0$/m);

    const waiting = await server.inject('/-/ready');
    assert.equal(waiting.statusCode, 503);
    assert.match(waiting.body, /^promfold is not ready: waiting for .*later.*\n$/);

    mkdirSync(directory);
    assert.equal((await server.inject('/-/ready')).statusCode, 200);
    assert.match((await server.inject('/metrics')).body, /^promfold_up 1\.0$/m);
  });

  it('that vanishes is 503 in one line until it is back', async () => {
    const directory = filledDirectory();
    const server = serve({ directory });
    assert.equal((await server.inject('/metrics')).statusCode, 200);

    renameSync(directory, `${directory}.away`);
    const gone = await server.inject('/metrics');
    assert.equal(gone.statusCode, 503);
    assert.match(gone.body, /^.*no such directory \[DIRECTORY_UNREADABLE\]\n$/);
    assert.equal(gone.headers['content-type'], 'text/plain; charset=utf-8');
    assert.equal((await server.inject('/-/ready')).statusCode, 503);
    assert.equal((await server.inject('/-/healthy')).statusCode, 200);

    renameSync(`${directory}.away`, directory);
    assert.ok((await server.inject('/metrics')).body.startsWith(EXPECTED));
  });

  it('with a bad file is 500 in one line under strict, and served without', async () => {
    const directory = filledDirectory();
    writeFileSync(join(directory, 'counter_9.db'), 'no metric file');
    assert.ok((await serve({ directory }).inject('/metrics')).body.startsWith(EXPECTED));
    await open?.scraper.close();

    const { statusCode, body } = await serve({ directory, strict: true }).inject('/metrics');
    assert.equal(statusCode, 500);
    assert.match(body, /^.*counter_9\.db: .* \[FILE_CORRUPT\]\n$/);
  });
});

describe('the landing page', () => {
  it('links to everything there is, relatively', async () => {
    const server = serve();
    const { statusCode, headers, body } = await server.inject('/');
    assert.equal(statusCode, 200);
    assert.equal(headers['content-type'], 'text/html; charset=utf-8');
    assert.match(body, /1\.2\.3/);
    const links = [...body.matchAll(/href="\.([^"]*)"/g)].map(([, link]) => link!);
    assert.deepEqual(links, ['/metrics', '/-/healthy', '/-/ready']);
    for (const link of links) assert.equal((await server.inject(link)).statusCode, 200);
  });

  it('may load nothing and be framed by nobody', async () => {
    const { headers } = await serve().inject('/');
    assert.match(
      String(headers['content-security-policy']),
      /default-src 'none'.*frame-ancestors 'none'/,
    );
    assert.equal(headers['x-frame-options'], 'DENY');
    assert.equal(headers['x-content-type-options'], 'nosniff');
  });
});

describe('anything else', () => {
  const cases: [
    title: string,
    method: 'GET' | 'POST' | 'PUT' | 'OPTIONS',
    url: string,
    status: number,
  ][] = [
    ['is not found', 'GET', '/nothing', 404],
    ['is not found under the own prefix', 'GET', '/-/nothing', 404],
    ['is not found with any method', 'POST', '/nothing', 404],
    ['is not a method of /metrics', 'POST', '/metrics', 405],
    ['is not a method of /metrics, with a query', 'PUT', '/metrics?name[]=a', 405],
    ['is not a method of the landing page', 'OPTIONS', '/', 405],
    ['is not a URL', 'GET', '/%zz', 400],
  ];
  for (const [title, method, url, status] of cases) {
    it(`${title}: one line of text`, async () => {
      const payload =
        method === 'GET' ? {} : { payload: '<a/>', headers: { 'content-type': 'a/b' } };
      const { statusCode, headers, body } = await serve().inject({ method, url, ...payload });
      assert.equal(statusCode, status);
      assert.equal(headers['content-type'], 'text/plain; charset=utf-8');
      assert.match(body, /^[^\n]+\n$/);
      assert.equal(headers.allow, status === 405 ? 'GET, HEAD' : undefined);
    });
  }
});
