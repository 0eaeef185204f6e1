/**
 * The flags that keep cardinality down, by the built program. The judge is the real client: it merges files that have the
 * labels and modes that were asked for, and its lines are dropped afterwards.
 */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Daemon, promfold } from '../support/cli.js';
import { counter, gauge, type TestEntry, writeMetricFile } from '../support/metric-file.js';
import { Oracle } from '../support/oracle.js';
import { currentPython } from '../support/parts.js';
import { assertSameLines } from '../support/same-lines.js';
import { tempDirectory } from '../support/temp.js';

const python = currentPython();

const PATHS = ['/', '/a', '/b'];
const PIDS = [11, 12, 13];

const bucket = (
  le: string,
  value: number,
  labels: Readonly<Record<string, string>>,
): TestEntry => ({
  family: 'lat',
  sampleName: 'lat_bucket',
  labels: { ...labels, le },
  value,
});

const sum = (value: number, labels: Readonly<Record<string, string>>): TestEntry => ({
  family: 'lat',
  sampleName: 'lat_sum',
  labels,
  value,
});

interface Written {
  /** Of the gauge `conns`. */
  readonly mode: string;
  readonly withPath: boolean;
}

function write(directory: string, { mode, withPath }: Written): void {
  mkdirSync(directory, { recursive: true });
  for (const pid of PIDS) {
    // A client has one entry for each label set.
    const counts = new Map<string, number>();
    for (const path of PATHS) {
      const key = withPath ? path : '';
      counts.set(key, (counts.get(key) ?? 0) + pid * (path.length + 1));
    }
    const labelsOf = (path: string): Record<string, string> => ({
      verb: 'GET',
      ...(withPath && { path }),
    });
    writeMetricFile(
      join(directory, `counter_${pid}.db`),
      [...counts].map(([path, value]) => counter('reqs', value, labelsOf(path))),
    );
    writeMetricFile(join(directory, `histogram_${pid}.db`), [
      sum(pid / 8, { verb: 'GET' }),
      bucket('0.5', pid, { verb: 'GET' }),
      bucket('1.0', 2, { verb: 'GET' }),
      bucket('+Inf', 1, { verb: 'GET' }),
    ]);
    writeMetricFile(join(directory, `gauge_${mode}_${pid}.db`), [
      gauge('conns', pid === 12 ? 100 : pid, 0, { port: '1' }),
      gauge('conns', -pid, 0, { port: '2' }),
    ]);
    writeMetricFile(join(directory, `gauge_livesum_${pid}.db`), [gauge('busy', pid)]);
  }
}

describe('series that are chosen and joined', { skip: python.skip }, () => {
  const directory = tempDirectory();
  let oracle: Oracle;
  before(() => {
    oracle = new Oracle(python.path);
    write(directory, { mode: 'all', withPath: true });
  });
  after(() => oracle.close());

  async function scraped(...flags: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await promfold(['scrape', ...flags, directory]);
    assert.equal(exitCode, 0, stderr);
    return stdout;
  }

  /** What the real client says of files that were written so. */
  async function meant(written: Partial<Written>): Promise<string> {
    const other = tempDirectory();
    write(other, { mode: 'all', withPath: true, ...written });
    return oracle.merge(other);
  }

  const without = (exposition: string, ...lines: RegExp[]) =>
    exposition
      .split('\n')
      .filter((line) => !lines.some((dropped) => dropped.test(line)))
      .join('\n');

  for (const mode of ['min', 'max', 'sum']) {
    it(`gauges of mode all are joined by ${mode}`, async () => {
      const said = await scraped(`--gauge-mode=conns=${mode}`);
      assertSameLines(said, await meant({ mode }), mode);
      assert.doesNotMatch(said, /pid=/);
    });
  }

  it('series that lose a label are joined', async () => {
    const said = await scraped('--metrics.drop-label=reqs:path');
    assertSameLines(said, await meant({ withPath: false }), 'path');
  });

  const dropped: [flags: string[], lines: RegExp[]][] = [
    [['--metrics.drop=reqs_total{path="/a"}'], [/^reqs_total\{path="\/a"/]],
    [['--metrics.drop=lat_bucket'], [/^lat_bucket/]],
    [['--metrics.drop=lat_bucket{le=~"0.5|1.0"}'], [/^lat_bucket\{le="(0.5|1.0)"/]],
    [['--metrics.drop=lat'], [/^(# .... )?lat/]],
    [['--metrics.drop={pid="12"}'], [/pid="12"/]],
    [
      ['--metrics.keep={__name__=~"reqs|conns"}', '--metrics.drop=conns{port!="1"}'],
      [/^(# .... )?(lat|busy)/, /^conns.*port="2"/],
    ],
    [
      ['--metrics.include=reqs', '--metrics.keep=busy', '--metrics.keep=reqs{path="/"}'],
      [/^(# .... )?(lat|busy|conns)/, /^reqs_total\{path="\/[ab]/],
    ],
    [
      ['--metrics.exclude=reqs', '--metrics.keep=reqs', '--metrics.keep=busy'],
      [/^(# .... )?(lat|reqs|conns)/],
    ],
    [['--label=zone=n', '--metrics.drop={zone="n",verb="GET"}'], [/^(# .... )?(lat|reqs)/]],
  ];
  for (const [flags, lines] of dropped) {
    it(`leaves out what is not served: ${flags.join(' ')}`, async () => {
      const said = (await scraped(...flags)).replace(/,?zone="n"/g, '').replace(/\{\}/g, '');
      assertSameLines(said, without(await meant({}), ...lines), flags.join(' '));
    });
  }

  it('a daemon does so, too, in its environment and over snapshots, and says what is refused, once', async () => {
    const daemon = await Daemon.serve(directory, [
      '--metrics.drop-label=conns:port',
      '--gauge-mode=busy=max',
      '--metrics.drop=lat',
      '--web.disable-exporter-metrics',
    ]);
    try {
      for (let i = 0; i < 3; i++) {
        const { body } = await daemon.get('/metrics');
        assertSameLines(body, without(await meant({}), /^(# .... )?lat/), 'the daemon');
      }
      const refused = daemon.log.match(/.*RULE_REFUSED.*/g)!;
      assert.equal(refused.length, 2, refused.join('\n'));
      assert.match(refused.join(), /conns keeps its label port: its mode is all/);
      assert.match(refused.join(), /busy keeps its mode: it is livesum/);
      const { body } = await daemon.get('/api/v1/series?match[]=lat');
      assert.equal(JSON.parse(body).page.total, 0);
      for (const path of ['processes', 'findings', 'top', 'families', 'explain?series=reqs']) {
        assert.equal((await daemon.get(`/api/v1/${path}`)).status, 200, path);
      }
      copyFileSync(join(directory, 'gauge_all_11.db'), join(directory, 'gauge_all_99.db'));
      const grown = await daemon.get('/metrics');
      assert.match(grown.body, /conns\{pid="99",port="1"\} 11.0/);
    } finally {
      await daemon.stop();
    }
  });

  const refused: [flag: string, expected: RegExp][] = [
    [
      '--metrics.drop=rate(x[5m])',
      /--metrics\.drop: selector rate\(x\[5m\]\): expected a selector/,
    ],
    ['--metrics.keep={', /--metrics\.keep: selector \{: expected/],
    ['--metrics.drop-label=lat:le', /expected another label than le: buckets/],
    ['--metrics.drop-label=lat:quantile', /expected another label than quantile/],
    ['--metrics.drop-label=conns:pid', /--gauge-mode takes away/],
    ['--metrics.drop-label=conns', /expected FAMILY:LABEL, got 'conns'/],
    ['--metrics.drop-label=:path', /expected FAMILY:LABEL, got ':path'/],
    [
      '--gauge-mode=conns=mostrecent',
      /does not store when a value was set, got 'conns=mostrecent'/,
    ],
    ['--gauge-mode=conns=median', /expected a mode of min, max or sum, got 'conns=median'/],
    ['--gauge-mode=conns', /expected NAME=MODE, got 'conns'/],
  ];
  for (const [flag, expected] of refused) {
    it(`refuses ${flag}`, async () => {
      const { exitCode, stderr } = await promfold(['scrape', flag, directory]);
      assert.equal(exitCode, 2);
      assert.match(stderr, expected);
    });
  }
});
