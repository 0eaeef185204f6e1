/**
 * Where promfold answers otherwise than prometheus_client, on purpose: one describe for each decision
 * of `src/reference.md` N that a directory can show, with what the reference would do in the title's terms.
 *
 * Held files (N10) are in test/e2e/held.test.ts, the HTTP face (N8) in test/expose/ and test/serve/,
 * odd files (N3) in test/e2e/odd-files.test.ts.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { Dialect } from '../../src/expose/dialect.js';
import { Scraper } from '../../src/scrape/scraper.js';
import { promfold } from '../support/cli.js';
import { dialect, OPENMETRICS, TEXT } from '../support/dialect.js';
import { faultsOf } from '../support/exposition.js';
import {
  counter,
  entryBytes,
  fileBytes,
  gauge,
  int32,
  type TestEntry,
} from '../support/metric-file.js';
import { Oracle } from '../support/oracle.js';
import { currentPython } from '../support/parts.js';
import { tempDirectory } from '../support/temp.js';

type Files = Readonly<Record<string, readonly TestEntry[] | Buffer>>;

function write(files: Files): string {
  const directory = tempDirectory();
  for (const [name, content] of Object.entries(files)) {
    const bytes = Buffer.isBuffer(content)
      ? content
      : fileBytes('dict4-16', content as TestEntry[]);
    writeFileSync(join(directory, name), bytes);
  }
  return directory;
}

const samplesIn = (body: string) =>
  body.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

async function scrape(
  files: Files,
  dialect: Dialect = TEXT,
  names?: readonly string[],
): Promise<{ body: string; lines: string[]; codes: string[] }> {
  const directory = write(files);
  const scraper = new Scraper(directory);
  try {
    const body = String(await scraper.scrape(names ? { dialect, names } : { dialect }));
    assert.deepEqual(faultsOf(body, dialect.format === 'openmetrics'), []);
    return { body, lines: samplesIn(body), codes: scraper.problems().map(({ code }) => code) };
  } finally {
    await scraper.close();
  }
}

/** A file of entries with keys as they are given. */
function withKeys(...keys: (string | Buffer)[]): Buffer {
  const entries = keys.map((key, index) => entryBytes(16, key, index + 1));
  const bytes = Buffer.concat([Buffer.alloc(8), ...entries]);
  bytes.writeInt32LE(bytes.length, 0);
  return bytes;
}

const good = '["a", "a_total", {}, "help"]';
const alsoGood = '["z", "z_total", {}, "help"]';

describe('N1: one bad file costs one file, one bad key one entry', () => {
  it('leaves out a file whose chain is broken, the entries before the fault too', async () => {
    const broken = withKeys(good, alsoGood);
    int32(1 << 30).copy(broken, 8 + entryBytes(16, good, 0).length);
    const { lines, codes } = await scrape({
      'counter_1.db': broken,
      'counter_2.db': withKeys(good),
    });
    assert.deepEqual(lines, ['a_total 1.0']);
    assert.deepEqual(codes, ['FILE_CORRUPT']);
  });

  const unusable: [title: string, key: string | Buffer][] = [
    ['is not UTF-8', Buffer.from('["b\xff", "b_total", {}, "help"]', 'latin1')],
    ['is not JSON', '["b", "b_total", {}, "help"'],
    ['is a JSON text', '"abcd"'],
    ['is a JSON number', '12'],
    ['has five parts', '["b", "b_total", {}, "help", 1]'],
    ['has a number for a label value', '["b", "b_total", {"x": 1}, "help"]'],
    ['has null for a label value', '["b", "b_total", {"x": null}, "help"]'],
    ['has no metric name', '["", "b_total", {}, "help"]'],
    ['has a number for a name', '[1, "b_total", {}, "help"]'],
    ['has a number for a sample name', '["b", 2, {}, "help"]'],
  ];
  for (const [title, key] of unusable) {
    it(`leaves out the one entry whose key ${title}`, async () => {
      const { lines, codes } = await scrape({ 'counter_1.db': withKeys(good, key, alsoGood) });
      assert.deepEqual(lines, ['a_total 1.0', 'z_total 3.0']);
      assert.deepEqual(codes, ['KEY_UNUSABLE']);
    });
  }

  it('leaves out the one bucket whose bound is not a number', async () => {
    const bucket = (le: string) => `["h", "h_bucket", {"le": "${le}"}, "help"]`;
    const { lines, codes } = await scrape({
      'histogram_1.db': withKeys(bucket('1.0'), bucket('many'), bucket('+Inf')),
    });
    assert.deepEqual(lines, ['h_bucket{le="1.0"} 1.0', 'h_bucket{le="+Inf"} 4.0', 'h_count 4.0']);
    assert.deepEqual(codes, ['KEY_UNUSABLE']);
  });

  it('serves a help that is not text as an empty one', async () => {
    const { body, codes } = await scrape({
      'counter_1.db': withKeys('["a", "a_total", {}, null]'),
    });
    assert.equal(body, '# HELP a_total \n# TYPE a_total counter\na_total 1.0\n');
    assert.deepEqual(codes, ['TEXT_REPAIRED']);
  });

  it('serves half a surrogate pair as U+FFFD', async () => {
    const key = '["a", "a_total", {"file": "x\\udcff"}, "help"]';
    const { lines, codes } = await scrape({ 'counter_1.db': withKeys(key) });
    assert.deepEqual(lines, ['a_total{file="x\ufffd"} 1.0']);
    assert.deepEqual(codes, ['TEXT_REPAIRED']);
  });
});

describe('N2: all four layouts are read side by side', () => {
  it('adds up one counter over all of them', async () => {
    const entry = counter('a', 1, { x: 'y' });
    const asList = { ...entry, family: 'a_total' };
    const { body, codes } = await scrape({
      'counter_1.db': fileBytes('dict4-16', [entry, entry]),
      'counter_2.db': fileBytes('dict4-8', [entry, entry]),
      'counter_3.db': fileBytes('dict3-8', [entry, entry]),
      'counter_4.db': fileBytes('list4-8', [asList, asList]),
    });
    assert.match(body, /^# HELP a_total help$/m);
    assert.match(body, /^a_total\{x="y"\} 8\.0$/m);
    assert.deepEqual(codes, []);
  });

  it('prints an old counter without _total under its own name, unknown to OpenMetrics', async () => {
    const files = {
      'counter_1.db': fileBytes('list4-8', [
        { family: 'old', sampleName: 'old', labels: {}, value: 2 },
      ]),
    };
    assert.equal(
      (await scrape(files)).body,
      '# HELP old Multiprocess metric\n# TYPE old counter\nold 2.0\n',
    );
    assert.equal(
      (await scrape(files, OPENMETRICS)).body,
      '# HELP old Multiprocess metric\n# TYPE old unknown\nold 2.0\n# EOF\n',
    );
  });
});

describe('N3: unrecognised files are ignored, also where the reference would add them', () => {
  it('does not add a file of an unknown type to a family that is known', async () => {
    const { lines, codes } = await scrape({
      'counter_1.db': [counter('a', 1)],
      'other_1.db': [counter('a', 10)],
      'gauge_1.db': [counter('a', 100)],
    });
    assert.deepEqual(lines, ['a_total 1.0']);
    assert.deepEqual(codes, ['FILE_FOREIGN', 'FILE_FOREIGN']);
  });

  it('reads the type words and modes that the reference reads', async () => {
    const { lines, codes } = await scrape({
      'untyped_1.db': [gauge('u', 1)],
      'counter_.db': [counter('c', 2)],
      'counter_a_b_c.db': [counter('c', 3)],
      'gauge_sometimes_1.db': [gauge('g', 4)],
    });
    assert.deepEqual(lines.sort(), ['c_total 5.0', 'g{pid="1"} 4.0', 'u 1.0']);
    assert.deepEqual(codes, []);
  });
});

describe('N4: files are read in the order of their names', () => {
  it('adds in that order: counter_1, counter_10, counter_2', async () => {
    const sum = (...values: number[]) =>
      scrape({
        'counter_2.db': [counter('a', values[2]!)],
        'counter_10.db': [counter('a', values[1]!)],
        'counter_1.db': [counter('a', values[0]!)],
      });
    assert.deepEqual((await sum(1e16, 1, -1e16)).lines, ['a_total 0.0']);
    assert.deepEqual((await sum(1e16, -1e16, 1)).lines, ['a_total 1.0']);
  });

  it('lets the first file decide help, and ties of mostrecent', async () => {
    const { body } = await scrape({
      'gauge_mostrecent_2.db': [{ ...gauge('a', 2, 5), help: 'second' }],
      'gauge_mostrecent_1.db': [{ ...gauge('a', 1, 5), help: 'first' }],
    });
    assert.equal(body, '# HELP a first\n# TYPE a gauge\na 1.0\n');
  });
});

describe('N5: the process id is kept whole', () => {
  it('keeps worker_1 and worker_2 apart', async () => {
    const { lines } = await scrape({
      'gauge_all_worker_1.db': [gauge('a', 1)],
      'gauge_all_worker_2.db': [gauge('a', 2)],
      'gauge_all_.db': [gauge('a', 3)],
    });
    assert.deepEqual(lines, ['a{pid=""} 3.0', 'a{pid="worker_1"} 1.0', 'a{pid="worker_2"} 2.0']);
  });
});

describe('N6: OpenMetrics sample names keep their colon', () => {
  for (const escaping of ['underscores', 'dots', 'values', 'allow-utf-8'] as const) {
    it(`and are escaped as HELP and TYPE are, in ${escaping}`, async () => {
      const om = dialect('openmetrics', escaping);
      const { body } = await scrape({ 'gauge_max_1.db': [gauge('vllm:running', 1)] }, om);
      assert.equal(
        body,
        '# HELP vllm:running help\n# TYPE vllm:running gauge\nvllm:running 1.0\n# EOF\n',
      );
    });
  }
});

describe('N7: name[] works', () => {
  const h = (sampleName: string, labels: Record<string, string>): TestEntry => ({
    family: 'h',
    sampleName,
    labels,
    value: 1,
  });
  const files: Files = {
    'counter_1.db': [counter('c', 1)],
    'histogram_1.db': [h('h_sum', {}), h('h_bucket', { le: '1.0' }), h('h_bucket', { le: '+Inf' })],
  };
  const cases: [names: string[], lines: string[]][] = [
    [['c'], ['c_total 1.0']],
    [['c_total'], ['c_total 1.0']],
    [['h_count'], ['h_count 2.0']],
    [['h'], ['h_sum 1.0', 'h_bucket{le="1.0"} 1.0', 'h_bucket{le="+Inf"} 2.0', 'h_count 2.0']],
    [
      ['h_sum', 'c'],
      ['c_total 1.0', 'h_sum 1.0'],
    ],
    [['nothing'], []],
  ];
  for (const [names, lines] of cases) {
    it(`answers ${names.join(', ')}`, async () => {
      assert.deepEqual((await scrape(files, TEXT, names)).lines, lines);
    });
  }
});

describe('N9: no exposition is invalid', () => {
  it('prints two gauges that differ in a label called pid once, the last one', async () => {
    const { lines, codes } = await scrape({
      'gauge_all_1.db': [gauge('a', 1, 0, { pid: 'x' }), gauge('a', 2, 0, { pid: 'y' })],
    });
    assert.deepEqual(lines, ['a{pid="1"} 2.0']);
    assert.deepEqual(codes, ['SERIES_IDENTICAL']);
  });

  it('prints the later of two label names that escape to one in the values scheme', async () => {
    const { lines } = await scrape({ 'counter_1.db': [counter('a', 1, { a_b: '2', 'a.b': '1' })] });
    assert.deepEqual(lines, ['a_total{a_b="1",U__a__b="2"} 1.0']);
  });

  it('prints the later of two families that escape to one in the values scheme', async () => {
    const { lines } = await scrape({ 'gauge_max_1.db': [gauge('a_b', 2), gauge('a.b', 1)] });
    assert.deepEqual(lines.sort(), ['U__a__b 2.0', 'a_b 1.0']);
  });

  it('escapes a name that ends in a newline', async () => {
    const { body } = await scrape({ 'gauge_max_1.db': [gauge('a\n', 1)] });
    assert.equal(body, '# HELP a_ help\n# TYPE a_ gauge\na_ 1.0\n');
  });

  it('prints NaN bounds once', async () => {
    const bucket = (le: string) => `["h", "h_bucket", {"le": "${le}"}, "help"]`;
    const { lines } = await scrape({
      'histogram_1.db': withKeys(bucket('nan'), bucket('NaN'), bucket('1.0')),
    });
    assert.equal(lines.filter((line) => line.includes('NaN"')).length, 1);
  });
});

describe('N11: nothing about liveness by default', () => {
  it('counts the live gauges of processes that are dead', async () => {
    // No process has this id: the kernel gives none beyond 4,194,304.
    const { lines } = await scrape({ 'gauge_livesum_9999999.db': [gauge('a', 3)] });
    assert.deepEqual(lines, ['a 3.0']);
  });
});

describe('N12 and N13: gauges of mode mostrecent', { skip: currentPython().skip }, () => {
  const oracle = new Oracle(currentPython().path);
  after(() => oracle.close());

  it('have their label sets in the order in which they are first seen, not first set', async () => {
    const engine = (id: string, value: number, seconds: number) =>
      gauge('a', value, seconds, { engine: id });
    const files = {
      'gauge_mostrecent_1.db': [engine('0', 0, 0), engine('1', 5, 100)],
      'gauge_mostrecent_2.db': [engine('0', 7, 200)],
    };
    const { lines } = await scrape(files);
    assert.deepEqual(lines, ['a{engine="0"} 7.0', 'a{engine="1"} 5.0']);
    const reference = samplesIn(await oracle.merge(write(files)));
    assert.deepEqual(reference, lines.toReversed());
  });

  for (const mode of ['mostrecent', 'livemostrecent']) {
    it(`are never of an 8-byte layout, whatever their bytes allow: ${mode}`, async () => {
      const bytes = fileBytes('dict4-16', [gauge('a', 3, 100)], 4096);
      // Where it would have ended without the timestamp.
      bytes.writeInt32LE(bytes.readInt32LE(0) - 8, 0);
      const files = { [`gauge_${mode}_1.db`]: bytes };
      const { lines, codes } = await scrape(files);
      assert.deepEqual(lines, ['a 3.0']);
      assert.deepEqual(codes, []);
      assert.deepEqual(samplesIn(await oracle.merge(write(files))), lines);
    });
  }

  it('are read so by the commands, too, also in a snapshot', async () => {
    const bytes = fileBytes('dict4-16', [gauge('a', 3, 100)], 4096);
    bytes.writeInt32LE(bytes.readInt32LE(0) - 8, 0);
    const directory = write({ 'gauge_mostrecent_1.db': bytes });
    const snapshot = join(tempDirectory(), 'snapshot.tgz');
    assert.equal((await promfold(['snapshot', '-o', snapshot, directory])).exitCode, 0);
    for (const path of [directory, join(directory, 'gauge_mostrecent_1.db'), snapshot]) {
      const { stdout } = await promfold(['cat', '--json', path]);
      assert.match(stdout, /"setSeconds":100,/, path);
    }
  });
});
