/** What the API refuses, and how: one form of error, with the parameter, what was expected and what was found. */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, mock } from 'node:test';
import fc from 'fast-check';
import { KeptInstants } from '../../../src/live/kept-instants.js';
import { TooManyScrapesError } from '../../../src/scrape/scraper.js';
import { VIEWS } from '../../../src/serve/api/table.js';
import { counter, writeMetricFile } from '../../support/metric-file.js';
import { seed } from '../../support/random.js';
import { tempDirectory } from '../../support/temp.js';
import { Served } from './served.js';

function filled(value: number): string {
  const directory = tempDirectory();
  writeMetricFile(join(directory, 'counter_1.db'), [counter('jobs', value, { a: 'b' })]);
  return directory;
}

const served = new Served(filled(1));
const several = new Served([
  { name: 'one', directory: filled(1) },
  { name: 'two', directory: filled(2) },
]);
after(async () => {
  await served.close();
  await several.close();
});

const code = async (url: string, from = served) => {
  const { statusCode, json } = await from.get(url);
  return [statusCode, json.error.code];
};

describe('a parameter', () => {
  const refused: [url: string, message: string][] = [
    ['/series?limit=0', "limit: expected a whole number from 1 to 1000, got '0'"],
    ['/series?limit=1001', "limit: expected a whole number from 1 to 1000, got '1001'"],
    ['/series?limit=1e2', "limit: expected a whole number from 1 to 1000, got '1e2'"],
    ['/series?limit=', "limit: expected a whole number from 1 to 1000, got ''"],
    ['/series?limit=1&limit=2', 'limit: expected one, got 2'],
    ['/series?offset=-1', "offset: expected a whole number from 0 to 9007199254740991, got '-1'"],
    [
      '/series?sort=size',
      "sort: expected one of name, value, perSecond, processes, or -name for the largest first, got 'size'",
    ],
    [
      '/labels?start=1',
      "expected one of the parameters match[], process, search, sort, limit, offset, source, snapshot, at, got 'start'",
    ],
    [
      '/labels/a/values?name=b',
      "expected one of the parameters match[], process, search, sort, limit, offset, source, snapshot, at, got 'name'",
    ],
    [
      '/series?__proto__=1',
      "expected one of the parameters match[], process, search, sort, limit, offset, source, snapshot, at, got '__proto__'",
    ],
    [
      '/series?match=jobs',
      "expected one of the parameters match[], process, search, sort, limit, offset, source, snapshot, at, got 'match'",
    ],
    ['/status?limit=1', "expected no parameter, got 'limit'"],
    ['/openapi.json?limit=1', "expected no parameter, got 'limit'"],
    [
      '/series?match[]={a=~"("}',
      `match[]: selector {a=~"("}: regular expression '(': Unterminated group`,
    ],
    [
      '/series?match[]=',
      "match[]: selector : expected a metric name or '{', got the end at character 1",
    ],
    [`/series?${'match[]=jobs&'.repeat(101)}`, 'match[]: expected 100 at most, got 101'],
    ['/explain', 'series: expected one, got none'],
    ['/diff', 'before: expected a moment, got none'],
    ['/activity?step=never', "step: expected a duration such as 10s, or seconds, got 'never'"],
    ['/ticks?interval=0.1', "interval: expected seconds from 0.5 to 60, got '0.1'"],
    [
      '/explain?series=rate(jobs[5m])',
      'series: selector rate(jobs[5m]): expected a selector, not an expression; try jobs',
    ],
    ['/findings?evidence=0', "evidence: expected a whole number from 1 to 100000, got '0'"],
    ['/files/counter_1.db?bytes=5000', "bytes: expected a whole number from 0 to 4096, got '5000'"],
    ['/files/counter_1.db?match[]=a&match[]=b', 'match[]: expected one for a file, got 2'],
    ['/snapshot?limit=1', "expected one of the parameters source, got 'limit'"],
  ];
  for (const [url, message] of refused) {
    it(`is refused: ${url.slice(0, 60)}`, async () => {
      assert.equal(await served.refused(encodeURI(url), 400), message);
    });
  }

  it('is shown only so far', async () => {
    const message = await served.refused(`/series?limit=${'9'.repeat(3000)}`, 400);
    assert.ok(message.length < 200);
  });

  it('may be a label name of 9,000 characters, with any in it', async () => {
    const name = `${'/?#%.'.repeat(600)}`;
    const message = await served.refused(`/labels/${encodeURIComponent(name)}/values`, 404);
    assert.equal(message, `name: no series has a label '${name}'`);
  });
});

describe('a long URL', () => {
  const directory = tempDirectory();
  // Each takes nine bytes of a URL.
  const path = '漢'.repeat(3_000);
  writeMetricFile(join(directory, 'counter_1.db'), [counter('jobs', 1, { path })]);
  const ofPath = new Served(directory);
  let url = '';
  before(async () => {
    url = await ofPath.server.listen({ host: '127.0.0.1', port: 0 });
  });
  after(() => ofPath.close());

  it('may have the labels of a series with 3,000 Chinese characters', async () => {
    const selector = encodeURIComponent(`jobs_total{path="${path}"}`);
    const answer = await fetch(`${url}/api/v1/explain?series=${selector}`);
    assert.equal(answer.status, 200);
    const { series } = (await answer.json()) as { series: { value: number }[] };
    assert.equal(series[0]?.value, 1);
  });

  it('is refused from 128 KiB on, with what else there is of the header', async () => {
    const statusOf = async (length: number) =>
      (await fetch(`${url}/api/v1/series?search=${'x'.repeat(length)}`)).status;
    assert.equal(await statusOf(130_000), 200);
    assert.equal(await statusOf(131_072), 431);
  });
});

describe('a regular expression that does not end', () => {
  const directory = tempDirectory();
  const labels = { a: 'a'.repeat(40) };
  writeMetricFile(join(directory, 'counter_1.db'), [counter('jobs', 1, labels)]);
  const slow = new Served(directory);
  after(() => slow.close());
  const match = encodeURIComponent('{a=~"(a+)+b"}');
  for (const url of [
    `/series?match[]=${match}`,
    `/families?match[]=${match}`,
    `/labels/a/values?match[]=${match}`,
    `/explain?series=${match}`,
    `/files/counter_1.db?match[]=${match}`,
  ]) {
    it(`is ended: ${url.split('?')[0]}`, async () => {
      const begin = performance.now();
      assert.match(await slow.refused(url, 400), /expected one that ends within \d+ ms/);
      assert.ok(performance.now() - begin < 3_000);
    });
  }
});

describe('what there is not', () => {
  const missing: [url: string, message: RegExp][] = [
    ['/processes/2', /^id: no file is of process '2'$/],
    ['/files/counter_2.db', /^name: no metric file is called 'counter_2.db'$/],
    ['/files/..%2Fcounter_1.db', /^name: no metric file is called '..\/counter_1.db'$/],
    ['/labels/c/values', /^name: no series has a label 'c'$/],
    ['/series?snapshot=x', /^snapshot: 'x' is gone; the last three are kept, for 5 s$/],
    ['/series?source=x', /^no source is called 'x'; sources have no names here$/],
    ['/explain?series=nothing', /^series: none is nothing$/],
  ];
  for (const [url, message] of missing) {
    it(`is 404: ${url}`, async () => {
      assert.match(await served.refused(url, 404), message);
      assert.deepEqual(await code(url), [404, 'not_found']);
    });
  }

  for (const path of [
    '/api/v1/nothing',
    '/api/v1/',
    '/api/v2/series',
    '/api/',
    '/api/v1/series/',
  ]) {
    it(`is 404, as JSON: ${path}`, async () => {
      const { statusCode, body, headers } = await served.server.inject(path);
      assert.equal(statusCode, 404);
      assert.equal(headers['cache-control'], 'no-store');
      assert.deepEqual(JSON.parse(body), {
        error: { code: 'not_found', message: 'no such path; see /api/v1/openapi.json' },
      });
    });
  }

  it('is 404 in one line of text outside of the API', async () => {
    assert.equal((await served.server.inject('/apis')).body, 'not found\n');
  });
});

describe('a directory that cannot be read', () => {
  it('is 503, with the reason', async () => {
    const directory = filled(1);
    const gone = new Served(directory);
    rmSync(directory, { recursive: true });
    for (const url of ['/series', '/processes', '/findings']) {
      assert.match(await gone.refused(url, 503), /cannot be read|ENOENT|no such|does not exist/i);
    }
    await gone.close();
  });
});

describe('a scrape that hangs', () => {
  it('is 503 when too many others wait for it', async () => {
    const busy = new Served(filled(1));
    busy.scraper.instant = () => Promise.reject(new TooManyScrapesError());
    assert.match(await busy.refused('/series', 503), /scrapes wait for one that hangs$/);
    await busy.close();
  });
});

describe('a damaged file', () => {
  it('is listed, with its fault; the others are answered', async () => {
    const directory = filled(7);
    writeFileSync(join(directory, 'counter_2.db'), Buffer.alloc(64, 0xff));
    writeFileSync(join(directory, 'notes.db'), 'notes');
    const damaged = new Served(directory);
    const { files } = await damaged.ok('/files');
    assert.deepEqual(
      files.map(({ name, fault }: { name: string; fault?: { code: string } }) => [
        name,
        fault?.code,
      ]),
      [
        ['counter_1.db', undefined],
        ['counter_2.db', 'FILE_CORRUPT'],
        ['notes.db', 'FILE_FOREIGN'],
      ],
    );
    const { files: one } = await damaged.ok('/files/counter_2.db?bytes=16');
    assert.equal(one[0].fault.excerpt, 'ff'.repeat(16));
    assert.equal((await damaged.ok('/files/notes.db')).files[0].fault.code, 'FILE_FOREIGN');
    assert.equal((await damaged.ok('/series')).series[0].value, 7);
    const { findings } = await damaged.ok('/findings');
    assert.ok(findings.some((each: { code: string }) => each.code === 'DAMAGED_FILE'));
    await damaged.close();
  });
});

describe('source', () => {
  it('chooses among several directories', async () => {
    for (const [source, value] of [
      ['one', 1],
      ['two', 2],
    ]) {
      const found = await several.ok(`/series?source=${source}`);
      assert.deepEqual([found.source, found.series[0].value], [source, value]);
    }
  });

  it('must be given where there are several, with the names', async () => {
    for (const path of ['/series', '/findings']) {
      assert.equal(await several.refused(path, 400), '?source= must name one of: one, two');
    }
  });

  it('must be one of them', async () => {
    assert.equal(
      await several.refused('/series?source=three', 404),
      "no source is called 'three'; known: one, two",
    );
  });

  it('may be left out with a snapshot, and must be that of it', async () => {
    const { snapshot } = await several.ok('/series?source=two');
    assert.equal((await several.ok(`/series?snapshot=${snapshot}`)).source, 'two');
    assert.equal(
      await several.refused(`/series?snapshot=${snapshot}&source=one`, 400),
      `source: expected that of snapshot ${snapshot}, two, got 'one'`,
    );
  });
});

describe('a request', () => {
  const paths = VIEWS.map(({ path }) =>
    path.replace('{id}', '1').replace('{name}', 'counter_1.db'),
  );

  for (const path of [...paths, '/status', '/snapshot', '/openapi.json']) {
    it(`of ${path} is refused for a foreign host`, async () => {
      const headers = { host: 'evil.example:19925' };
      const { statusCode, json } = await served.get(path, { headers });
      assert.deepEqual([statusCode, json.error.code], [421, 'host_not_allowed']);
      assert.match(json.error.message, /--web.allowed-host=evil.example allows it$/);
    });
  }

  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'] as const) {
    it(`of method ${method} is 405, with those that are allowed`, async () => {
      for (const path of [...paths, '/status', '/openapi.json']) {
        const { statusCode, headers, json } = await served.get(path, { method });
        assert.deepEqual([statusCode, json.error.code], [405, 'method_not_allowed'], path);
        assert.equal(headers.allow, 'GET, HEAD');
      }
    });
  }

  it('that is not a URL is 400', async () => {
    const { statusCode, json } = await served.get('/files/%zz');
    assert.deepEqual([statusCode, json.error.code], [400, 'bad_request']);
  });
});

describe('any request', () => {
  const word = fc.constantFrom(
    ...['series', 'files', 'labels', 'values', 'explain', 'processes', 'findings', 'families'],
    ...[
      '1',
      'a',
      'counter_1.db',
      '',
      '..',
      '%2e%2e',
      '%00',
      '%F0%9F%98%80',
      '__proto__',
      'constructor',
    ],
  );
  const parameter = fc
    .tuple(
      fc.oneof(
        fc.constantFrom('limit', 'offset', 'sort', 'search', 'match[]', 'series', 'snapshot'),
        fc.constantFrom('evidence', 'bytes', 'source', '__proto__', 'constructor', 'toString'),
      ),
      fc.oneof(
        fc.constantFrom('1', '0', '-1', '1e9', '9007199254740991', 'name', '-value', 'jobs', '{}'),
        fc.constantFrom('{a="b"}', '{a=~".*"}', '{a!~"["}', '{', 'sum(jobs)', '"jobs"'),
        fc.string({ unit: 'binary', maxLength: 8 }),
      ),
    )
    .map(
      ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value.toWellFormed())}`,
    );

  it('is answered or refused as the API does, and is no bug', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(word, { maxLength: 3 }),
        fc.array(parameter, { maxLength: 3 }),
        async (path, query) => {
          const url = `/api/v1/${path.join('/')}?${query.join('&')}`;
          // Dots may lead out of the API.
          fc.pre(new URL(url, 'http://localhost').pathname.startsWith('/api/'));
          const { statusCode, body, headers } = await served.server.inject({ url });
          assert.ok([200, 400, 404].includes(statusCode), `${statusCode} ${url}`);
          assert.equal(headers['cache-control'], 'no-store', url);
          const { error } = JSON.parse(body);
          assert.equal(error === undefined, statusCode === 200, url);
        },
      ),
      { seed: seed(), numRuns: 150 },
    );
  });
});

describe('behind a prefix', () => {
  const prefixed = new Served(filled(1), { routePrefix: '/promfold' });
  after(() => prefixed.close());

  it('pages lead to each other, and the description has the prefix', async () => {
    const url = '/promfold/api/v1/files/counter_1.db?limit=1&offset=0';
    const { body } = await prefixed.server.inject(url);
    assert.equal(JSON.parse(body).page.next, undefined);
    const many = await prefixed.server.inject('/promfold/api/v1/processes?limit=1');
    assert.equal(many.statusCode, 200);
    const description = await prefixed.server.inject('/promfold/api/v1/openapi.json');
    assert.deepEqual(JSON.parse(description.body).servers, [{ url: '/promfold' }]);
  });
});

describe('a long answer', () => {
  it('is sent in parts, and not at all for HEAD', async () => {
    const directory = tempDirectory();
    const entries = Array.from({ length: 1000 }, (_, i) =>
      counter('jobs', i, { text: `${i}`.padEnd(3000, 'x') }),
    );
    writeMetricFile(join(directory, 'counter_1.db'), entries);
    const long = new Served(directory);
    const { headers, json, payload } = await long.get('/series?limit=1000');
    assert.ok(payload.length > 5_000_000);
    assert.equal(headers['content-length'], undefined);
    assert.equal(json.series.length, 1000);
    const head = await long.server.inject({ method: 'HEAD', url: '/api/v1/series?limit=1000' });
    assert.deepEqual([head.statusCode, head.body], [200, '']);
    await long.close();
  });
});

describe('an instant', () => {
  it('is kept for five seconds, and three of each source', () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const released: string[] = [];
      const kept = new KeptInstants();
      const add = (snapshotId: string, source: string) =>
        kept.add({ snapshotId, source, release: () => released.push(snapshotId) });
      const ids = () => ['a1', 'a2', 'a3', 'a4', 'b1'].filter((id) => kept.find(id) !== undefined);
      add('a1', 'a');
      add('b1', 'b');
      add('a2', 'a');
      add('a3', 'a');
      assert.deepEqual(ids(), ['a1', 'a2', 'a3', 'b1']);
      mock.timers.tick(4_000);
      add('a4', 'a');
      assert.deepEqual(ids(), ['a2', 'a3', 'a4', 'b1']);
      mock.timers.tick(1_000);
      assert.deepEqual(ids(), ['a4']);
    } finally {
      mock.timers.reset();
    }
  });
});
