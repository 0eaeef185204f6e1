/** /metrics?snapshot=ID and ?process=ID: whose bytes they have, and who is refused. */
import assert from 'node:assert/strict';
import { copyFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseFileName } from '../../src/format/filename.js';
import { Instants } from '../../src/live/instants.js';
import { processPage } from '../../src/live/process-page.js';
import { ProcThread } from '../../src/processes/proc-thread.js';
import type { PageRequest } from '../../src/scrape/page/page-templates.js';
import { Scraper } from '../../src/scrape/scraper.js';
import { RequestLimit } from '../../src/serve/request-limit.js';
import { buildServer } from '../../src/serve/server.js';
import { dialect, OPENMETRICS, TEXT } from '../support/dialect.js';
import { valuesOf } from '../support/exposition.js';
import { copyOfFiles, goldenCases } from '../support/golden-case.js';
import {
  counter,
  double,
  fileBytes,
  gauge,
  overwrite,
  type TestEntry,
  writeMetricFile,
} from '../support/metric-file.js';
import { Oracle } from '../support/oracle.js';
import { currentPython } from '../support/parts.js';
import { GOLDEN } from '../support/paths.js';
import { assertSameLines } from '../support/same-lines.js';
import { tempDirectory } from '../support/temp.js';
import { Worker } from '../support/worker.js';
import { Served } from './api/served.js';

const ACCEPT = {
  text: 'text/plain;version=0.0.4',
  openMetrics: 'application/openmetrics-text;version=1.0.0',
};

/** A directory with a histogram, gauges, text that must be escaped, and numbers of all kinds. */
function filled(): string {
  const directory = tempDirectory();
  const bucket = (le: string, value: number): TestEntry => ({
    family: 'seconds',
    sampleName: 'seconds_bucket',
    labels: { le },
    value,
  });
  for (const id of [1, 2]) {
    writeMetricFile(join(directory, `counter_${id}.db`), [
      counter('jobs', id),
      counter('with"text', id, { a: 'b"\\\n' }),
    ]);
    writeMetricFile(join(directory, `histogram_${id}.db`), [
      { family: 'seconds', sampleName: 'seconds_sum', labels: {}, value: id },
      bucket('1.0', 1),
      bucket('5.0', 2),
      bucket('+Inf', 3),
    ]);
    writeMetricFile(join(directory, `gauge_all_${id}.db`), [
      gauge('g', Number.NaN),
      gauge('h', 1e22),
    ]);
    writeMetricFile(join(directory, `gauge_mostrecent_${id}.db`), [
      gauge('recent', id, id),
      gauge('never', 1, 0),
    ]);
  }
  return directory;
}

const firstValue = (entry: TestEntry) => fileBytes('dict4-16', [entry]).length - 16;

describe('/metrics?snapshot=ID', () => {
  const directory = filled();
  const served = new Served(directory);
  const several = new Served([
    { name: 'one', directory },
    { name: 'two', directory: filled() },
  ]);
  after(async () => {
    await served.close();
    await several.close();
  });
  const page = (url: string, accept = ACCEPT.text, from = served) =>
    from.server.inject({ url, headers: { accept } });

  it('has the bytes of the page of the same run, in every format, and those alone that are named', async () => {
    for (const accept of Object.values(ACCEPT)) {
      for (const names of ['', 'name[]=jobs_total&name[]=seconds_count', 'name[]=none']) {
        const [{ snapshot }, whole] = await Promise.all([
          served.ok('/series'),
          page(`/metrics?${names}`, accept),
        ]);
        const kept = await page(`/metrics?${names}&snapshot=${snapshot}`, accept);
        assert.equal(kept.statusCode, 200);
        assert.equal(kept.body, whole.body);
        assert.equal(kept.headers['content-type'], whole.headers['content-type']);
        assert.equal(kept.headers['cache-control'], 'no-store');
      }
    }
  });

  it('is the same while values move and series come, for 5 s', async () => {
    const { snapshot } = await served.ok('/series');
    const taken = performance.now();
    const url = `/metrics?snapshot=${snapshot}`;
    const { body } = await page(url);
    assert.match(body, /^jobs_total 3\.0$/m);
    overwrite(join(directory, 'counter_1.db'), firstValue(counter('jobs', 1)), double(40));
    writeMetricFile(join(directory, 'counter_3.db'), [counter('more', 1)]);
    assert.match((await page('/metrics')).body, /^jobs_total 42\.0$/m);
    assert.equal((await page(url)).body, body);
    const head = await served.server.inject({ method: 'HEAD', url });
    assert.deepEqual([head.statusCode, head.body], [200, '']);
    await sleep(4_500 - (performance.now() - taken));
    assert.equal((await page(url)).body, body);
    await sleep(5_200 - (performance.now() - taken));
    const gone = await page(url);
    assert.equal(gone.statusCode, 404);
    assert.equal(gone.body, `snapshot: '${snapshot}' is gone; the last three are kept, for 5 s\n`);
  });

  it('is of its source', async () => {
    const { snapshot } = await several.ok('/series?source=two');
    const at = async (query: string) => {
      const { statusCode, body } = await page(`/metrics?${query}`, ACCEPT.text, several);
      return [statusCode, body] as const;
    };
    const [status, body] = await at(`snapshot=${snapshot}`);
    assert.equal(status, 200);
    assert.match(body, /^jobs_total\{promfold_source="two"\} 3\.0$/m);
    assert.doesNotMatch(body, /"one"/);
    assert.deepEqual(await at(`snapshot=${snapshot}&source=two`), [200, body]);
    const [other, message] = await at(`snapshot=${snapshot}&source=one`);
    assert.equal(other, 400);
    assert.match(message, /^source: expected that of snapshot/);
    assert.equal((await at('process=1'))[0], 400);
    assert.equal((await at('process=1&source=three'))[0], 404);
    assert.equal((await at('process=1&source=two'))[0], 200);
  });

  it('is refused where it makes no sense, with one line of text', async () => {
    const { snapshot } = await served.ok('/series');
    const refused: [query: string, status: number, body: string][] = [
      ['snapshot=x', 404, "snapshot: 'x' is gone; the last three are kept, for 5 s\n"],
      ['snapshot=', 404, "snapshot: '' is gone; the last three are kept, for 5 s\n"],
      ['snapshot=a&snapshot=b', 400, 'expected one snapshot, got 2\n'],
      ['process=1&process=2', 400, 'expected one process, got 2\n'],
      ['process=9', 404, "no metric file is of process '9'\n"],
      ['process=', 404, "no metric file is of process ''\n"],
      [`snapshot=${snapshot}&process=9`, 404, "no metric file is of process '9'\n"],
    ];
    for (const [query, status, body] of refused) {
      const answer = await page(`/metrics?${query}`);
      assert.deepEqual([answer.statusCode, answer.body], [status, body], query);
    }
  });

  it('is a debug surface: not served elsewhere, and for hosts of ours alone', async () => {
    const { snapshot } = await served.ok('/series');
    for (const query of [`snapshot=${snapshot}`, 'process=1']) {
      const evil = await served.server.inject({
        url: `/metrics?${query}`,
        headers: { host: 'evil.example' },
      });
      assert.equal(evil.statusCode, 421);
      assert.doesNotMatch(evil.body, /jobs/);
      const plain = buildServer(served.scraper, {
        telemetryPath: '/metrics',
        limit: new RequestLimit(40),
        version: '1.2.3',
        log: { debug() {}, warn() {}, error() {} },
      });
      const elsewhere = await plain.inject(`/metrics?${query}`);
      assert.equal(elsewhere.statusCode, 404);
      assert.match(elsewhere.body, /debug surfaces/);
      await plain.close();
    }
    // Not so of a scrape.
    const scrape = { url: '/metrics', headers: { host: 'evil.example' } };
    assert.equal((await served.server.inject(scrape)).statusCode, 200);
  });
});

const PAGES: readonly PageRequest[] = [
  { dialect: TEXT },
  { dialect: OPENMETRICS },
  { dialect: dialect('openmetrics', 'allow-utf-8') },
];

/** A directory with the files of one process alone. */
function alone(directory: string, processId: string): string {
  const own = tempDirectory();
  for (const name of readdirSync(directory)) {
    if (parseFileName(name)?.processId !== processId) continue;
    copyFileSync(join(directory, name), join(own, name));
  }
  return own;
}

async function pagesOf(directory: string): Promise<string[]> {
  const scraper = new Scraper(directory);
  try {
    return (await Promise.all(PAGES.map((request) => scraper.scrape(request)))).map(String);
  } finally {
    await scraper.close();
  }
}

describe('/metrics?process=ID has the bytes of a scrape of its files alone', () => {
  const thread = new ProcThread();
  after(() => thread.close());
  const python = currentPython();
  const oracle = python.skip ? undefined : new Oracle(python.path);
  after(() => oracle?.close());

  async function assertAlone(directory: string): Promise<number> {
    const scraper = new Scraper(directory);
    const instants = new Instants(scraper, thread);
    let processes = 0;
    try {
      const { reading } = await instants.take(undefined);
      const ids = new Set(reading.files.flatMap(({ fileName }) => fileName?.processId ?? []));
      for (const id of ids) {
        const expected = await pagesOf(alone(directory, id));
        for (const [i, request] of PAGES.entries()) {
          assert.equal(String(await processPage(reading, id, request)), expected[i], id);
        }
        processes++;
      }
      assert.equal(await processPage(reading, 'nobody', PAGES[0]!), undefined);
    } finally {
      instants.close();
      await scraper.close();
    }
    return processes;
  }

  for (const golden of goldenCases(GOLDEN)) {
    it(golden.name, async () => {
      await assertAlone(copyOfFiles(golden));
    });
  }

  it('where real workers write them, and of prometheus_client', { skip: python.skip }, async () => {
    const directory = tempDirectory();
    const workers: Worker[] = [];
    const served = new Served(directory);
    try {
      for (const number of [3, 4]) {
        const worker = await Worker.start(python.path, directory);
        await worker.set(number);
        workers.push(worker);
      }
      assert.equal(await assertAlone(directory), 2);
      for (const { pid } of workers) {
        const { body } = await served.server.inject(`/metrics?process=${pid}`);
        assertSameLines(body, await oracle!.merge(alone(directory, String(pid))), `${pid}`);
        assert.ok(valuesOf(body).size > 10);
      }
    } finally {
      for (const worker of workers) await worker.kill();
      await served.close();
    }
  });

  for (const name of ['gauge-modes', 'mostrecent', 'web-v0.26.0']) {
    it(`of prometheus_client: ${name}`, { skip: python.skip }, async () => {
      const golden = goldenCases(GOLDEN).find((each) => each.name === name)!;
      const directory = copyOfFiles(golden);
      const served = new Served(directory);
      try {
        const { processes } = await served.ok('/processes');
        assert.ok(processes.length > 0);
        for (const { processId } of processes) {
          const { body } = await served.server.inject(`/metrics?process=${processId}`);
          assertSameLines(body, await oracle!.merge(alone(directory, processId)), processId);
        }
      } finally {
        await served.close();
      }
    });
  }
});
