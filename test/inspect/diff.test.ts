import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { diffPaths } from '../../src/inspect/diff.js';
import { parseExposition } from '../../src/inspect/exposition.js';
import { promfold } from '../support/cli.js';
import { goldenCases } from '../support/golden-case.js';
import { counter, gauge, type TestEntry, writeMetricFile } from '../support/metric-file.js';
import { GOLDEN } from '../support/paths.js';
import { tempDirectory } from '../support/temp.js';

function directoryOf(files: Readonly<Record<string, readonly TestEntry[]>>): string {
  const directory = tempDirectory();
  for (const [name, entries] of Object.entries(files))
    writeMetricFile(join(directory, name), entries);
  return directory;
}

const samplesIn = (text: string) => [...parseExposition(Buffer.from(text))];

describe('diff', () => {
  const before = directoryOf({
    'counter_1.db': [
      counter('same', 1),
      counter('grew', 1),
      counter('back', 9),
      counter('gone', 4),
    ],
    'counter_2.db': [counter('grew', 2)],
    'gauge_sum_1.db': [gauge('depth', 5)],
  });
  const after = directoryOf({
    'counter_1.db': [counter('same', 1), counter('grew', 4), counter('back', 2), counter('new', 3)],
    'counter_2.db': [counter('grew', 2)],
    'gauge_sum_1.db': [gauge('depth', 2)],
  });

  it('tells added, removed, changed, and counters that went back', async () => {
    assert.deepEqual(await diffPaths(before, after, undefined), {
      before,
      after,
      added: [{ series: 'new_total', type: 'counter', after: 3 }],
      removed: [{ series: 'gone_total', type: 'counter', before: 4 }],
      changed: [
        { series: 'grew_total', type: 'counter', before: 3, after: 6, delta: 3 },
        { series: 'back_total', type: 'counter', before: 9, after: 2, delta: -7, wentBack: true },
        { series: 'depth', type: 'gauge', before: 5, after: 2, delta: -3 },
      ],
      same: 1,
      wentBack: 1,
      counts: { added: 1, removed: 1, changed: 3, wentBack: 1, same: 1 },
      damagedFiles: { before: 0, after: 0 },
      histograms: { changed: [], same: 0 },
      ownSeries: 0,
    });
  });

  it('compares what each process holds', async () => {
    const { changed, same } = await diffPaths(before, after, 'process');
    assert.deepEqual(
      changed.map(({ series, processId, delta }) => [series, processId, delta]),
      [
        ['grew_total', '1', 3],
        ['back_total', '1', -7],
        ['depth', '1', -3],
      ],
    );
    assert.equal(same, 2);
  });

  it('finds no difference between a directory and what is printed of it', async () => {
    for (const { name, path } of goldenCases(GOLDEN)) {
      // Names that the text format must escape, and equal ones, are other series there.
      if (
        /utf8|js-names|newline|pid-label|bad-|0\.0\.|identifiers|label-sort|conflict|empty/.test(
          name,
        )
      )
        continue;
      if (
        !existsSync(join(path, 'expected.prom')) ||
        /mixed|full-size-v0.12|growth.*v0.12|web-v0/.test(name)
      )
        continue;
      const { added, removed, changed } = await diffPaths(
        join(path, 'files'),
        join(path, 'expected.prom'),
        undefined,
      );
      assert.deepEqual([added, removed, changed], [[], [], []], name);
    }
  });

  it('refuses what is not an exposition, naming the line', async () => {
    const file = join(tempDirectory(), 'a.prom');
    writeFileSync(file, 'up 1\nnonsense\n');
    await assert.rejects(diffPaths(file, before, undefined), {
      message: `${file}: not an exposition: line 2: not a sample: nonsense`,
    });
  });

  it('cannot tell processes apart in an exposition', async () => {
    const file = join(tempDirectory(), 'a.prom');
    writeFileSync(file, 'up 1\n');
    await assert.rejects(
      diffPaths(file, before, 'process'),
      /does not have the values of each process/,
    );
  });
});

describe('a histogram in a diff', () => {
  const histogram = (
    path: string,
    sum: number,
    buckets: Readonly<Record<string, number>>,
  ): TestEntry[] => [
    { family: 'took_seconds', sampleName: 'took_seconds_sum', labels: { path }, value: sum },
    ...Object.entries(buckets).map(([le, value]) => ({
      family: 'took_seconds',
      sampleName: 'took_seconds_bucket',
      labels: { le, path },
      value,
    })),
  ];
  const quiet = histogram('/quiet', 1, { '1.0': 1, '+Inf': 0 });
  const before = directoryOf({
    'histogram_1.db': [
      ...histogram('/', 1, { '0.5': 2, '1.0': 0, '+Inf': 0 }),
      ...histogram('/gone', 1, { '1.0': 1, '+Inf': 0 }),
      ...histogram('/back', 5, { '1.0': 5, '+Inf': 0 }),
      ...quiet,
    ],
    'histogram_2.db': histogram('/', 0.5, { '0.5': 1, '1.0': 0, '+Inf': 0 }),
  });
  const after = directoryOf({
    'histogram_1.db': [
      ...histogram('/', 4, { '0.5': 2, '1.0': 4, '+Inf': 0 }),
      ...histogram('/new', 3, { '1.0': 1, '+Inf': 1 }),
      ...histogram('/back', 1, { '1.0': 1, '+Inf': 0 }),
      ...quiet,
    ],
    'histogram_2.db': histogram('/', 0.5, { '0.5': 1, '1.0': 0, '+Inf': 0 }),
  });

  it('is one row, with what was observed in between', async () => {
    const { histograms, counts } = await diffPaths(before, after, undefined);
    const rows = histograms.changed.map((row) => [
      row.histogram,
      row.before?.count,
      row.after?.count,
      row.between?.count,
      row.between?.sum,
      row.wentBack,
    ]);
    assert.deepEqual(rows, [
      ['took_seconds{path="/gone"}', 1, undefined, undefined, undefined, undefined],
      ['took_seconds{path="/"}', 3, 7, 4, 3, undefined],
      ['took_seconds{path="/new"}', undefined, 2, undefined, undefined, undefined],
      ['took_seconds{path="/back"}', 5, 1, undefined, undefined, true],
    ]);
    assert.deepEqual(histograms.changed[1]!.between!.buckets, [0, 4, 4]);
    assert.deepEqual(histograms.changed[1]!.le, ['0.5', '1.0', '+Inf']);
    assert.deepEqual(counts, { added: 1, removed: 1, changed: 2, wentBack: 1, same: 1 });
  });

  it('is named by each of its series, and by no other', async () => {
    const { added, removed, changed } = await diffPaths(before, after, undefined);
    for (const { series, histogram } of [...added, ...removed, ...changed]) {
      const [, path] = /path="([^"]*)"/.exec(series)!;
      assert.equal(histogram, `took_seconds{path="${path}"}`);
    }
  });

  it('is that of each process, whose buckets are not running totals', async () => {
    const { histograms } = await diffPaths(before, after, 'process');
    const row = histograms.changed.find(({ histogram }) => histogram.includes('"/"'))!;
    assert.deepEqual([row.processId, row.before?.count, row.after?.count], ['1', 2, 6]);
    assert.deepEqual(row.between!.buckets, [0, 4, 4]);
  });

  it('is the same as in what is printed of it', async () => {
    const printed = join(tempDirectory(), 'a.prom');
    writeFileSync(printed, (await promfold(['scrape', before])).stdout);
    const { histograms } = await diffPaths(before, printed, undefined);
    assert.deepEqual(histograms, { changed: [], same: 4 });
    const later = await diffPaths(printed, after, undefined);
    assert.deepEqual(later.histograms, (await diffPaths(before, after, undefined)).histograms);
  });
});

describe("promfold's own families in a diff", () => {
  const files = directoryOf({
    'counter_1.db': [counter('jobs', 3), counter('promfold_of_the_application', 1)],
  });
  const served = join(tempDirectory(), 'served.prom');
  const own = '# TYPE promfold_up gauge\npromfold_up 1.0\npromfold_entries 2.0\n';
  const page = async () => {
    writeFileSync(served, (await promfold(['scrape', files])).stdout + own);
    return served;
  };

  it('are left out where one side is a directory, whichever', async () => {
    for (const [a, b] of [
      [files, await page()],
      [await page(), files],
    ] as const) {
      const { added, removed, same, ownSeries } = await diffPaths(a, b, undefined);
      assert.deepEqual([added, removed, same, ownSeries], [[], [], 2, 2]);
    }
  });

  it('are compared where both are expositions', async () => {
    const without = join(tempDirectory(), 'without.prom');
    writeFileSync(without, (await promfold(['scrape', files])).stdout);
    const { added, ownSeries } = await diffPaths(without, await page(), undefined);
    assert.deepEqual(
      [added.map(({ series }) => series), ownSeries],
      [['promfold_up', 'promfold_entries'], 0],
    );
  });
});

describe('an exposition', () => {
  const cases: [
    title: string,
    line: string,
    name: string,
    labels: [string, string][],
    value: number,
  ][] = [
    ['a bare name', 'up 1', 'up', [], 1],
    [
      'labels, sorted',
      'up{b="2",a="1"} 1',
      'up',
      [
        ['a', '1'],
        ['b', '2'],
      ],
      1,
    ],
    ['a trailing comma and blanks', 'up{ a = "1" , } 1', 'up', [['a', '1']], 1],
    ['escapes', 'up{a="\\\\\\n\\""} 1', 'up', [['a', '\\\n"']], 1],
    ['a brace in a value', 'up{a="}"} 1', 'up', [['a', '}']], 1],
    ['a quoted name', '{"a.b",c="d"} 1', 'a.b', [['c', 'd']], 1],
    ['a timestamp', 'up 1 1700000000', 'up', [], 1],
    ['an exemplar', 'up 1 # {a="b"} 2', 'up', [], 1],
    ['infinity', 'up -Inf', 'up', [], -Infinity],
    ['NaN', 'up NaN', 'up', [], Number.NaN],
    ['an exponent', 'up 1.5e+06', 'up', [], 1.5e6],
  ];
  for (const [title, line, sampleName, labels, value] of cases) {
    it(`has ${title}`, () => {
      assert.deepEqual(samplesIn(`${line}\n`), [
        { family: sampleName, sampleName, labels, value, type: 'unknown' },
      ]);
    });
  }

  it('knows the type of its samples', () => {
    const text = readFileSync(join(GOLDEN, 'buckets', 'expected.prom'), 'utf8');
    assert.ok(samplesIn(text).every(({ type }) => type === 'histogram'));
  });

  for (const line of ['up', 'up{a="b" 1', 'up{a} 1', '{a="b"} 1', 'up x', '{"a","b"} 1']) {
    it(`refuses ${line}`, () => assert.throws(() => samplesIn(line), /^Error: line 1: /));
  }
});
