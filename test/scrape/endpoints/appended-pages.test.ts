/** --append-url: pages of other endpoints, well and badly behaved. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, afterEach, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ESCAPINGS } from '../../../src/expose/dialect.js';
import type { Labels } from '../../../src/format/key.js';
import { NO_RULES } from '../../../src/plan/plan.js';
import type { NamedDirectory } from '../../../src/scrape/directory/source.js';
import { AppendedPages, type AppendOptions } from '../../../src/scrape/endpoints/appended-pages.js';
import type { ExtraFamilies } from '../../../src/scrape/families/extra-families.js';
import { SelfMetrics } from '../../../src/scrape/families/self-metrics.js';
import { Scraper } from '../../../src/scrape/scraper.js';
import { Daemon, promfold } from '../../support/cli.js';
import { dialect as dialectOf, OPENMETRICS, TEXT } from '../../support/dialect.js';
import { faultsOf, linesOf, valuesOf } from '../../support/exposition.js';
import { counter, gauge, writeMetricFile } from '../../support/metric-file.js';
import { Oracle } from '../../support/oracle.js';
import { currentPython, promtool } from '../../support/parts.js';
import { GOLDEN } from '../../support/paths.js';
import { metricLint } from '../../support/promtool.js';
import { tempDirectory } from '../../support/temp.js';

const CASE = `${GOLDEN}/dynamo-worker`;
/** What Dynamo's server sends with the variable preset: two pages, one after the other. */
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

const openMetrics =
  (page: string): Answer =>
  (_, response) =>
    void response
      .writeHead(200, {
        'content-type': 'application/openmetrics-text; version=1.0.0; charset=utf-8',
      })
      .end(page);

interface Setup extends AppendOptions {
  readonly directory?: string | readonly NamedDirectory[];
  readonly labels?: Labels;
  readonly extras?: readonly ExtraFamilies[];
  readonly log?: string[];
}

/** As much time as a busy machine needs. */
const PATIENT: AppendOptions = { readMs: 60_000, printMs: 60_000 };

function open(urls: readonly URL[], setup: Setup = {}) {
  const { directory, labels = [], extras = [], log, ...options } = setup;
  const record = (message: string, fields: Record<string, unknown>) =>
    void log?.push(`${message} ${JSON.stringify(fields)}`);
  const opened = new Scraper(directory ?? tempDirectory(), {
    appended: new AppendedPages(urls, { ...PATIENT, ...options }),
    selfMetrics: new SelfMetrics({ version: '1', revision: '' }),
    rules: { ...NO_RULES, labels: { fixed: labels } },
    extras,
    log: { warn: record, info: record },
  });
  scraper = opened;
  return {
    scraper: opened,
    /** Without promfold's own. */
    page: async (dialect = TEXT, withinSeconds?: number) =>
      ownLeftOut(String(await opened.scrape({ dialect, withinSeconds }))),
    /** Of one endpoint, by reason; those that are 0 left out. */
    dropped: async () =>
      Object.fromEntries(
        [
          ...String(await opened.scrape({ dialect: TEXT })).matchAll(
            /^promfold_append_dropped_series\{reason="(\w+)",url=".*"\} (\d+)/gm,
          ),
        ].flatMap(([, reason, series]) => (series === '0' ? [] : [[reason, Number(series)]])),
      ),
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

  it('is valid OpenMetrics too', { skip: python.skip || tool.skip }, async () => {
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
    // All of vLLM's are in the directory, their creation times belong to them. Dynamo's six labels make no other series.
    assert.equal(text.slice(own.length), '');
  });

  it('says what is left out of it', async () => {
    const samples = (page: string) => linesOf(page).filter((line) => !line.startsWith('#')).length;
    const alone = await open([await endpoint(DOUBLED)]).dropped();
    await scraper!.close();
    const { page, dropped } = open([await endpoint(DOUBLED)], { directory: `${CASE}/files` });
    await page();
    assert.deepEqual(await dropped(), {
      repeated: alone.repeated,
      duplicate: samples(DOUBLED) - alone.repeated,
    });
    assert.ok(alone.repeated > 300);
  });

  it('adds a rank that the directory does not have', async () => {
    const golden = readFileSync(`${CASE}/expected.prom`, 'utf8');
    const [own] = /^dynamo_component_total_blocks\{dp_rank="0".*$/m.exec(golden)!;
    const other = own.replace(/ \S+$/, ' 5.0');
    const another = other.replace('dp_rank="0"', 'dp_rank="9"');
    const gauges = `# TYPE dynamo_component_total_blocks gauge\n${other}\n${another}\n`;
    const { page } = open([await endpoint(DOUBLED + gauges)], { directory: `${CASE}/files` });
    for (const dialect of [TEXT, OPENMETRICS]) {
      const text = await page(dialect);
      assert.deepEqual(faultsOf(text, dialect === OPENMETRICS), []);
      const lines = linesOf(text);
      assert.equal(lines.filter((line) => line.includes('total_blocks{')).length, 2);
      assert.equal(lines.indexOf(another), lines.indexOf(own) + 1);
    }
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

  it('is after the families of the directory, in text', async () => {
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

  it('is selected by prefix, as the text format names a family', async () => {
    const prefixes = { include: ['up_seconds_total', 'lat'], exclude: ['lat'] };
    const { page } = open([await endpoint(small)], { prefixes });
    assert.deepEqual(
      [...(await page()).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name),
      ['up_seconds_total'],
    );
  });

  it('is left out where an endpoint before it has the same series', async () => {
    const { page } = open([await endpoint('a 1\nb 2\n'), await endpoint('b 3\nc 4\n')]);
    const values = [...valuesOf(await page())].sort();
    assert.deepEqual(values, [
      ['a', 1],
      ['b', 2],
      ['c', 4],
    ]);
  });

  it('joins the families of an endpoint before it', async () => {
    const { page } = open([
      await endpoint('# HELP x One.\n# TYPE x gauge\nx{a="1"} 1\ny 1\n'),
      await endpoint('z 2\n# HELP x Two.\n# TYPE x gauge\nx{a="1"} 2\nx{a="2"} 2\n'),
    ]);
    for (const dialect of [TEXT, OPENMETRICS]) {
      const text = await page(dialect);
      assert.deepEqual(faultsOf(text, dialect === OPENMETRICS), []);
      assert.match(text, /^# HELP x One\.\n# TYPE x gauge\nx\{a="1"\} 1\nx\{a="2"\} 2$/m);
      assert.deepEqual(
        linesOf(text).filter((line) => /^[yz]/.test(line)),
        ['y 1', 'z 2'],
      );
    }
  });

  it('never takes the place of our own families', async () => {
    const { scraper } = open([await endpoint('# TYPE promfold_up gauge\npromfold_up 98765\n')]);
    const text = String(await scraper.scrape({ dialect: TEXT }));
    assert.doesNotMatch(text, /98765/);
    assert.match(text, /^promfold_up 1\.0$/m);
  });

  it('may be gzipped, and is asked for as text rather than OpenMetrics', async () => {
    let accept: string | undefined;
    const url = await endpoint((request, response) => {
      accept = request.headers.accept;
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('a 1\n'));
    });
    assert.match(await open([url]).page(), /^a 1$/m);
    assert.match(accept!, /^text\/plain;.*,application\/openmetrics-text;version=1\.0\.0;/);
  });

  it('may need a redirect and a password, which go nowhere else', async () => {
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

describe('a page with families of the directory', () => {
  /** Files that know a counter, a gauge and a histogram. */
  function filled(): string {
    const directory = tempDirectory();
    const labels = { a: '1' };
    writeMetricFile(join(directory, 'counter_1.db'), [{ ...counter('hits', 3), labels }]);
    writeMetricFile(join(directory, 'gauge_max_1.db'), [
      { ...gauge('depth', 5), labels },
      { ...gauge('depth', 6), labels: { a: '2' } },
      { ...gauge('after', 7), labels: {} },
    ]);
    const bucket = (le: string) => ({
      family: 'lat',
      sampleName: 'lat_bucket',
      labels: { ...labels, le },
      value: 1,
    });
    writeMetricFile(join(directory, 'histogram_1.db'), [
      { family: 'lat', sampleName: 'lat_sum', labels, value: 9 },
      bucket('1.0'),
      bucket('+Inf'),
    ]);
    return directory;
  }

  const text = [
    '# TYPE depth gauge\ndepth{a="1"} 91\ndepth{a="9"} 92 1000',
    '# HELP hits_total Other help.\n# TYPE hits_total counter\nhits_total{a="1"} 93\nhits_total{a="9"} 94',
    '# TYPE hits_created gauge\nhits_created{a="1"} 95\nhits_created{a="9"} 96',
    '# TYPE lat histogram\nlat_bucket{a="1",le="0.5"} 97\nlat_bucket{a="9",le="0.5"} 98',
    'lat_bucket{a="9",le="+Inf"} 98\nlat_sum{a="9"} 98\nlat_count{a="9"} 98\nlat_sum{a="1"} 97',
    'own 99\n',
  ].join('\n');

  it('adds to each the series that only the endpoint has, in text', async () => {
    const { page } = open([await endpoint(text)], { directory: filled() });
    assert.deepEqual(linesOf(await page()), [
      '# HELP hits_total help',
      '# TYPE hits_total counter',
      'hits_total{a="1"} 3.0',
      'hits_total{a="9"} 94',
      '# HELP hits_created Other help.',
      '# TYPE hits_created gauge',
      'hits_created{a="9"} 96',
      '# HELP depth help',
      '# TYPE depth gauge',
      'depth{a="1"} 5.0',
      'depth{a="2"} 6.0',
      'depth{a="9"} 92 1000',
      '# HELP after help',
      '# TYPE after gauge',
      'after 7.0',
      '# HELP lat help',
      '# TYPE lat histogram',
      'lat_sum{a="1"} 9.0',
      'lat_bucket{a="1",le="1.0"} 1.0',
      'lat_bucket{a="1",le="+Inf"} 2.0',
      'lat_count{a="1"} 2.0',
      'lat_bucket{a="9",le="0.5"} 98',
      'lat_bucket{a="9",le="+Inf"} 98',
      'lat_sum{a="9"} 98',
      'lat_count{a="9"} 98',
      '# HELP own ',
      '# TYPE own untyped',
      'own 99',
    ]);
  });

  it('is valid in every dialect, and shows the same in each', async () => {
    const { page } = open([await endpoint(text)], { directory: filled() });
    const expected = [...valuesOf((await page()).replace(/ 1000$/m, ''))].sort();
    for (const format of ['text-1.0.0', 'openmetrics'] as const) {
      for (const escaping of ESCAPINGS.filter((scheme) => scheme !== 'dots')) {
        const shown = await page(dialectOf(format, escaping));
        assert.deepEqual(faultsOf(shown.replace(/ 1(000)?$/gm, ''), format === 'openmetrics'), []);
        const values = [...valuesOf(shown.replace(/^(depth\{a="9"\} 92) .*$/m, '$1'))].sort();
        assert.deepEqual(values, expected);
      }
    }
  });

  it('is valid OpenMetrics and valid text, as others read it', async (t) => {
    const python = currentPython();
    const tool = promtool();
    if (python.skip || tool.skip) return t.skip(String(python.skip || tool.skip));
    const oracle = new Oracle(python.path);
    const { page } = open([await endpoint(text)], { directory: filled() });
    try {
      const faults = await oracle.parse([
        { title: 'openmetrics', openMetrics: true, exposition: await page(OPENMETRICS) },
        { title: 'text', openMetrics: false, exposition: await page() },
      ]);
      assert.deepEqual(faults, []);
    } finally {
      await oracle.close();
    }
    const { parses, output } = await metricLint(tool.path, await page());
    assert.ok(parses, output);
  });

  it('counts what is left out', async () => {
    const conflicts =
      '# TYPE lat_count gauge\nlat_count{b="1"} 1\nafter 1\n# TYPE promfold_up gauge\npromfold_up 0\n';
    const { dropped } = open([await endpoint(`${text}own 1\n${conflicts}`)], {
      directory: filled(),
    });
    assert.deepEqual(await dropped(), {
      // depth, hits_total, hits_created, and a bucket and a sum of lat.
      duplicate: 5,
      // own
      repeated: 1,
      // after has no type.
      type_conflict: 1,
      // A gauge called as a sample of lat, and promfold's own.
      name_conflict: 2,
    });
  });

  it('shows what is left out as 0 for an endpoint without a page', async () => {
    const { scraper: opened } = open([new URL('http://127.0.0.1:1/metrics')]);
    const shown = String(await opened.scrape({ dialect: TEXT }));
    for (const reason of ['duplicate', 'repeated', 'type_conflict', 'name_conflict']) {
      assert.ok(
        shown.includes(
          `promfold_append_dropped_series{reason="${reason}",url="http://127.0.0.1:1/metrics"} 0.0`,
        ),
        shown,
      );
    }
  });

  it('follows the directory when that gets a series of the endpoint, and loses it', async () => {
    const directory = filled();
    const { page, dropped } = open([await endpoint('# TYPE depth gauge\ndepth{a="9"} 1\n')], {
      directory,
    });
    const values = async () =>
      linesOf(await page()).filter((line) => line.startsWith('depth{a="9"}'));
    assert.deepEqual(await values(), ['depth{a="9"} 1']);
    const more = join(directory, 'gauge_max_2.db');
    writeMetricFile(more, [{ ...gauge('depth', 8), labels: { a: '9' } }]);
    assert.deepEqual(await values(), ['depth{a="9"} 8.0']);
    assert.deepEqual(await dropped(), { duplicate: 1 });
    rmSync(more);
    assert.deepEqual(await values(), ['depth{a="9"} 1']);
  });

  it('follows the endpoint when that gets other series', async () => {
    let shown = '# TYPE depth gauge\ndepth{a="8"} 1\n';
    const url = await endpoint((_, response) => void response.end(shown));
    const { page } = open([url], { directory: filled() });
    const depths = async () => linesOf(await page()).filter((line) => line.startsWith('depth{'));
    const own = ['depth{a="1"} 5.0', 'depth{a="2"} 6.0'];
    assert.deepEqual(await depths(), [...own, 'depth{a="8"} 1']);
    shown = '# TYPE depth gauge\ndepth{a="8"} 2\n';
    assert.deepEqual(await depths(), [...own, 'depth{a="8"} 2']);
    shown = '# TYPE depth gauge\ndepth{a="1"} 0\ndepth{a="7"} 3\n';
    assert.deepEqual(await depths(), [...own, 'depth{a="7"} 3']);
    shown = '# TYPE depth counter\ndepth{a="7"} 3\n';
    assert.deepEqual(await depths(), own);
  });

  it('adds to several directories, whose label is not compared', async () => {
    const [one, two] = [filled(), filled()];
    const { page } = open([await endpoint(text)], {
      directory: [
        { name: 'one', directory: one },
        { name: 'two', directory: two },
      ],
    });
    for (const dialect of [TEXT, OPENMETRICS]) {
      const shown = await page(dialect);
      assert.deepEqual(
        faultsOf(shown.replace(/^(depth.*) 1(000)?$/m, '$1'), dialect === OPENMETRICS),
        [],
      );
      assert.deepEqual(
        linesOf(shown).filter((line) => line.startsWith('depth')),
        [
          'depth{a="1",promfold_source="one"} 5.0',
          'depth{a="2",promfold_source="one"} 6.0',
          'depth{a="1",promfold_source="two"} 5.0',
          'depth{a="2",promfold_source="two"} 6.0',
          `depth{a="9"} 92 ${dialect === TEXT ? 1000 : 1}`,
        ],
      );
    }
    const source = String(await scraper!.scrape({ dialect: TEXT, source: 'one' }));
    assert.doesNotMatch(source, /a="9"/);
  });

  it('is not compared by the labels that --label adds', async () => {
    const { page } = open([await endpoint(text)], {
      directory: filled(),
      labels: [['pod', 'p']],
    });
    assert.deepEqual(
      linesOf(await page()).filter((line) => line.startsWith('depth')),
      ['depth{a="1",pod="p"} 5.0', 'depth{a="2",pod="p"} 6.0', 'depth{a="9"} 92 1000'],
    );
  });

  it('is selected by name[]', async () => {
    const { scraper: opened } = open([await endpoint(text)], { directory: filled() });
    const chosen = async (...names: string[]) =>
      linesOf(String(await opened.scrape({ dialect: TEXT, names }))).filter(
        (line) => !line.startsWith('# HELP'),
      );
    assert.deepEqual(await chosen('hits'), [
      '# TYPE hits_total counter',
      'hits_total{a="1"} 3.0',
      'hits_total{a="9"} 94',
      '# TYPE hits_created gauge',
      'hits_created{a="9"} 96',
    ]);
    // Only the endpoint has such a sample.
    assert.deepEqual(await chosen('hits_created'), [
      '# TYPE hits_created gauge',
      'hits_created{a="9"} 96',
    ]);
    assert.deepEqual(await chosen('lat_sum', 'own'), [
      '# TYPE lat histogram',
      'lat_sum{a="1"} 9.0',
      'lat_sum{a="9"} 98',
      '# TYPE own untyped',
      'own 99',
    ]);
  });

  it('is left out where promfold adds a family of the same name', async () => {
    const extra = {
      name: 'own',
      type: 'gauge' as const,
      help: '',
      keepsRawName: false,
      series: [{ sampleName: 'own', labels: [] }],
      value: ['1.0'],
    };
    const { page } = open([await endpoint(text)], { extras: [{ families: () => [extra] }] });
    assert.deepEqual(
      linesOf(await page()).filter((line) => /\bown\b/.test(line)),
      ['# HELP own ', '# TYPE own gauge', 'own 1.0'],
    );
  });

  it('is renamed where escaping makes a name that another family has', async () => {
    const directory = tempDirectory();
    writeMetricFile(join(directory, 'gauge_max_1.db'), [gauge('a.b', 1)]);
    const { page } = open([await endpoint('# TYPE a_b gauge\na_b 2\n')], { directory });
    assert.deepEqual(
      linesOf(await page()).filter((line) => !line.startsWith('#')),
      ['a_b 1.0', 'U__a__b 2'],
    );
    const utf8 = await page(dialectOf('openmetrics', 'allow-utf-8'));
    assert.match(utf8, /^\{"a\.b"\} 1\.0$/m);
    assert.match(utf8, /^a_b 2$/m);
  });
});

/** What vLLM's Rust front-end serves: labels in the order of their declaration, the bound first. */
const RUST = [
  '# HELP vllm:num_requests_running Number of requests in model execution batches.',
  '# TYPE vllm:num_requests_running gauge',
  'vllm:num_requests_running{model_name="m",engine="0"} 3',
  'vllm:num_requests_running{model_name="m",engine="1"} 0',
  '# HELP vllm:prompt_tokens Number of prefill tokens processed.',
  '# TYPE vllm:prompt_tokens counter',
  'vllm:prompt_tokens_total{model_name="m",engine="0"} 1024',
  '# HELP vllm:e2e_request_latency_seconds Histogram of e2e request latency in seconds.',
  '# TYPE vllm:e2e_request_latency_seconds histogram',
  '# UNIT vllm:e2e_request_latency_seconds seconds',
  'vllm:e2e_request_latency_seconds_sum{model_name="m",engine="0"} 1.25',
  'vllm:e2e_request_latency_seconds_count{model_name="m",engine="0"} 3',
  'vllm:e2e_request_latency_seconds_bucket{le="0.3",model_name="m",engine="0"} 1',
  'vllm:e2e_request_latency_seconds_bucket{le="1.0",model_name="m",engine="0"} 3 # {trace_id="1"} 0.5',
  'vllm:e2e_request_latency_seconds_bucket{le="+Inf",model_name="m",engine="0"} 3',
  '# HELP vllm:unused Nothing yet.',
  '# TYPE vllm:unused counter',
  '# EOF',
  '',
].join('\n');

describe('a page of OpenMetrics', () => {
  it('is served in every dialect, as others read it', async (t) => {
    const python = currentPython();
    const tool = promtool();
    if (python.skip || tool.skip) return t.skip(String(python.skip || tool.skip));
    const oracle = new Oracle(python.path);
    const { page } = open([await endpoint(openMetrics(RUST))]);
    try {
      for (const format of ['text', 'text-1.0.0', 'openmetrics'] as const) {
        for (const escaping of format === 'text' ? (['underscores'] as const) : ESCAPINGS) {
          const dialect = dialectOf(format, escaping);
          const shown = await page(dialect);
          const isOpenMetrics = format === 'openmetrics';
          const exposition = { title: format, openMetrics: isOpenMetrics, exposition: shown };
          assert.deepEqual(await oracle.parse([exposition]), [], shown);
          const values = new Set(valuesOf(shown).values());
          assert.deepEqual(values, new Set([3, 0, 1024, 1.25, 1]));
        }
      }
    } finally {
      await oracle.close();
    }
    const { parses, output } = await metricLint(tool.path, await page());
    assert.ok(parses, output);
  });

  it('is joined with families of the directory', async () => {
    const directory = tempDirectory();
    writeMetricFile(join(directory, 'gauge_max_1.db'), [
      { ...gauge('vllm:num_requests_running', 5), labels: { engine: '0', model_name: 'm' } },
    ]);
    const { page } = open([await endpoint(openMetrics(RUST))], { directory });
    const text = await page();
    assert.match(
      text,
      /^vllm:num_requests_running\{engine="0",model_name="m"\} 5\.0\nvllm:num_requests_running\{engine="1",model_name="m"\} 0\n/m,
    );
    assert.match(text, /^vllm:prompt_tokens_total\{engine="0",model_name="m"\} 1024$/m);
    assert.doesNotMatch(text, /unused/);
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
    ['answers a web page', () => endpoint('<html>\n'), /line 1: not a sample/],
    ['answers bytes', () => endpoint('a 1\n\u0000\u0001\u0002 x\n'), /line 2: not a sample/],
    [
      'answers OpenMetrics that breaks off',
      () => endpoint(openMetrics('a 1\n')),
      /no # EOF at the end of OpenMetrics/,
    ],
    [
      'answers protobuf',
      () =>
        endpoint(
          (_, response) =>
            void response
              .writeHead(200, { 'content-type': 'application/vnd.google.protobuf' })
              .end('a 1\n'),
        ),
      /answers application\/vnd.google.protobuf, not text or OpenMetrics/,
    ],
    [
      'answers in a coding nobody asked for',
      () =>
        endpoint(
          (_, response) => void response.writeHead(200, { 'content-encoding': 'br' }).end('a 1\n'),
        ),
      /answers in br, not gzip/,
    ],
    [
      'answers half a gzip',
      () =>
        endpoint(
          (_, response) =>
            void response
              .writeHead(200, { 'content-encoding': 'gzip' })
              .end(gzipSync('a 1\n').subarray(0, -9)),
        ),
      /Z_BUF_ERROR/,
    ],
    [
      'answers what is not UTF-8',
      () => endpoint((_, response) => void response.end(Buffer.from('a{b="\xff"} 1\n', 'latin1'))),
      /not UTF-8/,
    ],
    [
      'has too many families',
      () => endpoint(Array.from({ length: 10_001 }, (_, i) => `f${i} 1\n`).join('')),
      /line 10001: more than 10000 families/,
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
      /not an http or https URL/,
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
      // Slow ends soon; nothing else is to end because a busy machine is slow, where a thread takes time to begin.
      const isSlow = String(found).includes('within');
      await page(TEXT, isSlow ? 5 : undefined);
      const text = await page(TEXT, isSlow ? 1 : undefined);
      assert.deepEqual(
        [...valuesOf(text)],
        [
          ['g', 3],
          ['fine', 1],
        ],
      );
      const problems = scraper.problems();
      assert.deepEqual(
        problems.map(({ code }) => code),
        ['APPEND_FAILED'],
      );
      assert.match(problems[0]!.found, found);
      // Told once, however often it is asked; slow is told with the time it had.
      const told = log.filter((line) => line.includes('APPEND_FAILED') && !/is over/.test(line));
      assert.equal(told.length, isSlow ? 2 : 1, log.join('\n'));
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

  it('is printed by scrape, which warns and succeeds without it', async () => {
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

  it('refuses what is not a URL, without a password in the message', async () => {
    const { exitCode, stderr } = await promfold(['scrape', '/x', '--append-url=ftp://a:hidden@b/']);
    assert.equal(exitCode, 2);
    assert.match(stderr, /--append-url: expected an http or https URL, got 'ftp:\/\/…@b\/'/);
  });
});
