/**
 * Every view of the API, of a directory that real workers write with the real client: its values are those of a scrape
 * and of the command's --json, for names and labels of any kind.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatNumber } from '../../../src/format/number.js';
import type { EntriesView } from '../../../src/inspect/entries.js';
import type { ExplainedSeries, Explanation } from '../../../src/inspect/explain/explanation.js';
import type { CheckView } from '../../../src/inspect/findings/finding.js';
import type { ProcessesView } from '../../../src/inspect/processes.js';
import type { SeriesView } from '../../../src/inspect/series/list-series.js';
import type { TopSeries, TopView } from '../../../src/inspect/top.js';
import { promfold } from '../../support/cli.js';
import { valuesOf } from '../../support/exposition.js';
import { currentPython } from '../../support/parts.js';
import { ROOT } from '../../support/paths.js';
import { run } from '../../support/process.js';
import { tempDirectory } from '../../support/temp.js';
import { Worker } from '../../support/worker.js';
import { Served } from './served.js';

const python = currentPython();
const options = { skip: python.skip };
const UTF_8 = 'text/plain;version=1.0.0;escaping=allow-utf-8';

/** What a command line has that nobody else may see. */
const SECRET = 'no-mode-but-a-secret';

/** Findings of processes that do not write here; other tests may run some. */
const OF_PROCESSES = /^(?:VARIABLE_.*|WRITES_ELSEWHERE|NOBODY_WRITES|NO_VLLM_FAMILY)$/;

/** JSON has no number for these. */
const numberIn = (value: unknown): number =>
  typeof value === 'string' ? Number(value.replace('Inf', 'Infinity')) : Number(value);

/** What differs between two readings of a directory that nobody writes. */
function withoutTimes(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (name, member) => {
      if (name === 'takenAtSeconds' || name === 'ageSeconds') return 0;
      return name === 'verdict' ? member.replace(/set \S+ ago/, 'set some time ago') : member;
    }),
  );
}

describe('the API', options, () => {
  const directory = tempDirectory();
  const workers: Worker[] = [];
  let served: Served;

  before(async () => {
    for (const number of [3, 4]) {
      const worker = await Worker.start(python.path, directory, { without: [SECRET] });
      await worker.set(number);
      workers.push(worker);
    }
    for (const number of ['1', '2.5']) {
      const script = `${ROOT}/test/support/hostile_texts.py`;
      const env = { ...process.env, PROMETHEUS_MULTIPROC_DIR: directory };
      const { exitCode, stderr } = await run(python.path, [script, number], { env });
      assert.equal(exitCode, 0, stderr);
    }
    served = new Served(directory);
  });
  after(async () => {
    await Promise.all(workers.map((worker) => worker.kill()));
    await served?.close();
  });

  const json = async <T>(...args: string[]): Promise<T> => {
    const { stdout, stderr } = await promfold([...args, '--json', directory]);
    assert.notEqual(stdout, '', stderr);
    return JSON.parse(stdout) as T;
  };

  const scraped = async (): Promise<Map<string, number>> => {
    const { body } = await served.server.inject({ url: '/metrics', headers: { accept: UTF_8 } });
    return valuesOf(body);
  };

  const allSeries = async (query = ''): Promise<SeriesView[]> =>
    (await served.ok(`/series?limit=1000${query}`)).series;

  describe('/series', options, () => {
    it('has every series of a scrape, with its value, in that order', async () => {
      const series = (await allSeries()).filter(({ value }) => value !== undefined);
      assert.deepEqual(
        series.map((each) => [each.series, numberIn(each.value)]),
        [...(await scraped())],
      );
      assert.ok(series.length > 150);
    });

    it('has name, labels, family, type, mode and processes of each', async () => {
      const [jobs, set] = await Promise.all([
        served.ok('/series?match[]=jobs'),
        served.ok(`/series?match[]=${encodeURIComponent('{"last.set",text="{}"}')}`),
      ]);
      // There is a rate if another test asked a second ago.
      const [{ perSecond: _, ...found }] = jobs.series;
      assert.deepEqual(
        [found],
        [
          {
            series: 'jobs_total',
            name: 'jobs_total',
            labels: {},
            family: 'jobs',
            type: 'counter',
            value: 7,
            processes: 2,
          },
        ],
      );
      assert.deepEqual(set.series, [
        {
          series: '{"last.set",text="{}"}',
          name: 'last.set',
          labels: { text: '{}' },
          family: 'last.set',
          type: 'gauge',
          mode: 'mostrecent',
          value: 2.5,
          processes: 2,
        },
      ]);
    });

    it('counts the processes of a histogram for each of its samples', async () => {
      const { series } = await served.ok('/series?match[]=seconds');
      assert.deepEqual(
        series.map(({ processes }: SeriesView) => processes),
        [2, 2, 2, 2, 2],
      );
    });

    it('selects exactly the series by the text that names it, whatever is in its labels', async () => {
      for (const { series } of await allSeries()) {
        const { series: found, page } = await served.ok(
          `/series?match[]=${encodeURIComponent(series)}`,
        );
        assert.equal(page.total, 1, series);
        assert.equal(found[0].series, series);
      }
    });

    it('selects what any of several selectors selects', async () => {
      const query = '?match[]=jobs&match[]=g_max&match[]={__name__="jobs_total"}';
      const { series } = await served.ok(`/series${query}`);
      assert.deepEqual(
        series.map(({ name }: SeriesView) => name),
        ['jobs_total', 'g_max'],
      );
    });

    it('searches in names, label names and label values, in any case', async () => {
      const searched = async (text: string) =>
        new Set((await allSeries(`&search=${encodeURIComponent(text)}`)).map(({ name }) => name));
      assert.deepEqual(await searched('JOBS'), new Set(['jobs_total']));
      assert.ok((await searched('with.dots')).has('http.requests_total'));
      assert.ok((await searched('<SCRIPT>')).has('took.seconds_bucket'));
      assert.deepEqual(await searched('no such text'), new Set());
    });

    const sorts: [sort: string, column: (series: SeriesView) => number | string][] = [
      ['name', ({ name }) => name],
      ['value', ({ value }) => numberIn(value)],
      ['processes', ({ processes }) => processes],
    ];
    for (const [sort, column] of sorts) {
      it(`is sorted by ${sort}, up and down, numbers that are none last`, async () => {
        for (const sign of ['', '-']) {
          const found = (await allSeries(`&sort=${sign}${sort}`)).map(column);
          const numbers = found.filter((each) => !Number.isNaN(each));
          assert.deepEqual(found.slice(0, numbers.length), numbers);
          const expected = [...numbers].sort((a, b) => (a < b ? -1 : Number(a > b)));
          assert.deepEqual(numbers, sign === '' ? expected : expected.reverse());
        }
      });
    }
  });

  describe('/explain', options, () => {
    it('is `explain --json`', async () => {
      for (const selector of ['jobs', 'g_mostrecent', 'seconds', '{"with.dots"="http.requests"}']) {
        const {
          snapshot: _,
          page: __,
          ...found
        } = await served.ok(`/explain?limit=1000&series=${encodeURIComponent(selector)}`);
        const expected = await json<Explanation>('explain', selector);
        assert.deepEqual(withoutTimes(found), withoutTimes(expected), selector);
      }
    });

    it('has shares that add up to the value of the same snapshot', async () => {
      const page = await served.ok('/series?limit=1000');
      const values = new Map<string, number>(
        page.series.map((each: SeriesView) => [each.series, numberIn(each.value)]),
      );
      await workers[0]!.set(1);
      const selector = encodeURIComponent('{__name__=~".+",le!="0"}');
      const selected = `/explain?series=${selector}&snapshot=${page.snapshot}`;
      let summed = 0;
      for await (const { series } of served.pages(`${selected}&limit=50`)) {
        for (const { series: name, operation, shares, value } of series as ExplainedSeries[]) {
          assert.deepEqual(numberIn(value), values.get(name), name);
          if (operation !== 'sum') continue;
          const sum = shares.reduce((total, share) => total + numberIn(share.value), 0);
          assert.deepEqual(sum, values.get(name), name);
          summed++;
        }
      }
      assert.ok(summed > 100);
    });

    it('finds each series by the text that names it', async () => {
      for (const { series, type } of await allSeries('&match[]={text=~".*"}')) {
        if (type === 'histogram') continue;
        const { series: found } = await served.ok(`/explain?series=${encodeURIComponent(series)}`);
        assert.deepEqual(
          found.map((each: ExplainedSeries) => each.series),
          [series],
        );
      }
    });

    const missing: [selector: string, message: string][] = [
      ['job', 'series: none is job; near names: jobs, jobs_total, ok'],
      ['jobs{a="b"}', 'series: none is jobs{a="b"}; jobs exists, with other labels'],
      ['{a="b"}', 'series: none is {a="b"}'],
    ];
    for (const [selector, message] of missing) {
      it(`does not find ${selector}`, async () => {
        const found = await served.refused(`/explain?series=${encodeURIComponent(selector)}`, 404);
        assert.equal(found.replace(/near names: .*/, 'near names: jobs, jobs_total, ok'), message);
      });
    }
  });

  describe('/processes', options, () => {
    it('is `ls --json`', async () => {
      const { snapshot: _, page, ...found } = await served.ok('/processes');
      const expected = await json<ProcessesView>('ls');
      const byId = (view: ProcessesView) => ({
        ...view,
        processes: [...view.processes].sort((a, b) => (a.processId < b.processId ? -1 : 1)),
      });
      assert.deepEqual(withoutTimes(byId(found)), withoutTimes(byId(expected)));
      assert.deepEqual(page, { offset: 0, limit: 100, total: 4 });
    });

    it('has one process, with its files and gauges', async () => {
      const { pid } = workers[1]!;
      const { process, files, gauges } = await served.ok(`/processes/${pid}?limit=1000`);
      assert.deepEqual([process.processId, process.liveness], [String(pid), 'alive']);
      assert.equal(files.length, process.files);
      assert.ok(files.every(({ processId }: { processId: string }) => processId === String(pid)));
      const recent = gauges.find(({ family }: { family: string }) => family === 'g_mostrecent');
      assert.deepEqual(
        { ...recent, setSeconds: 0, ageSeconds: 0 },
        {
          series: 'g_mostrecent',
          family: 'g_mostrecent',
          mode: 'mostrecent',
          value: 4,
          setSeconds: 0,
          ageSeconds: 0,
          previousLife: false,
          file: `gauge_mostrecent_${pid}.db`,
        },
      );
      assert.ok(recent.ageSeconds >= 0 && recent.ageSeconds < 600);
      assert.equal(gauges.length, 8);
    });

    it('is sorted', async () => {
      const ids = async (sort: string) =>
        (await served.ok(`/processes?sort=${sort}`)).processes.map(
          ({ processId }: { processId: string }) => Number(processId),
        );
      const up = await ids('processId');
      assert.deepEqual(
        up,
        [...up].sort((a: number, b: number) => a - b),
      );
      assert.deepEqual(await ids('-processId'), [...up].reverse());
      const { processes } = await served.ok('/processes?sort=-entries');
      const entries = processes.map((each: { entries: number }) => each.entries);
      assert.deepEqual(
        entries,
        [...entries].sort((a, b) => b - a),
      );
    });
  });

  describe('/files', options, () => {
    it('are those of `ls --files --json`', async () => {
      const { files } = await served.ok('/files?limit=1000&sort=name');
      const { files: expected } = await json<{ files: { name: string }[] }>('ls', '--files');
      assert.deepEqual(
        files,
        expected.sort((a, b) => (a.name < b.name ? -1 : 1)),
      );
    });

    it('are each as `cat --json`, and its pages have all entries', async () => {
      const cat = await json<EntriesView>('cat');
      for (const expected of cat.files as (EntriesView['files'][number] & { entries: [] })[]) {
        const entries: unknown[] = [];
        for await (const page of served.pages(`/files/${expected.file}?limit=7`)) {
          const [file] = page.files;
          entries.push(...file.entries);
          assert.deepEqual(
            withoutTimes({ ...file, entries: [] }),
            withoutTimes({ ...expected, entries: [] }),
          );
          assert.equal(page.page.total, file.entryCount);
        }
        assert.deepEqual(withoutTimes(entries), withoutTimes(expected.entries));
      }
    });

    it('have the entries that are selected', async () => {
      const name = `counter_${workers[0]!.pid}.db`;
      const { files, page } = await served.ok(`/files/${name}?match[]=jobs`);
      assert.deepEqual([files[0].entries.length, page.total], [1, 1]);
      const none = await served.ok(`/files/${name}?match[]=nothing`);
      assert.deepEqual([none.files[0].entries, none.page.total], [[], 0]);
    });
  });

  describe('/families', options, () => {
    it('count the series of a scrape', async () => {
      const { families } = await served.ok('/families?limit=1000');
      const { body } = await served.server.inject({ url: '/metrics', headers: { accept: UTF_8 } });
      const types = [...body.matchAll(/^# TYPE (\S+|"(?:[^"\\]|\\.)*") (\w+)$/gm)];
      assert.equal(families.length, types.length);
      assert.deepEqual(
        families.map(({ type }: { type: string }) => type),
        types.map(([, , type]) => type),
      );
      const series = await allSeries();
      for (const { name, series: count } of families) {
        assert.equal(count, series.filter(({ family }) => family === name).length, name);
      }
    });

    it('have all entries and bytes of undamaged files', async () => {
      const { families } = await served.ok('/families?limit=1000');
      const { total } = await served.ok('/processes');
      const sum = (member: 'entries' | 'bytes') =>
        families.reduce((all: number, each: Record<string, number>) => all + each[member]!, 0);
      // A header has 8 bytes.
      assert.equal(sum('entries'), total.entries);
      assert.equal(sum('bytes'), total.usedBytes - 8 * total.files);
    });

    it('have mode and help, and are found by both', async () => {
      const { families } = await served.ok('/families?search=of%20each%20PROCESS');
      assert.deepEqual(
        families.map(({ name, mode, help }: Record<string, string>) => [name, mode, help]),
        [['every', 'all', 'A gauge of each process.']],
      );
    });

    it('are selected by a series of theirs, and sorted', async () => {
      const { families } = await served.ok(
        `/families?match[]=${encodeURIComponent('{text="{}"}')}&sort=-name`,
      );
      assert.deepEqual(
        families.map(({ name }: { name: string }) => name),
        [
          'took.seconds',
          'sp ace',
          'plain',
          'last.set',
          'http.requests',
          'every',
          'a{b="c"}',
          '<b>bold</b>',
        ],
      );
    });
  });

  describe('/labels', options, () => {
    it('count what has them', async () => {
      const { labels } = await served.ok('/labels?limit=1000&sort=name');
      const series = await allSeries();
      const names = new Set(series.flatMap((each) => Object.keys(each.labels)));
      assert.deepEqual(
        labels.map(({ name }: { name: string }) => name),
        [...names].sort(),
      );
      for (const label of labels) {
        const own = series.filter(({ labels: set }) => label.name in set);
        assert.equal(label.series, own.length);
        assert.equal(label.values, new Set(own.map(({ labels: set }) => set[label.name])).size);
        assert.equal(label.families, new Set(own.map(({ family }) => family)).size);
      }
    });

    it('have values, each with what has it', async () => {
      const series = await allSeries();
      for (const name of ['text', 'with.dots', 'pid', 'le']) {
        const { label, values } = await served.ok(
          `/labels/${encodeURIComponent(name)}/values?limit=1000&sort=-series`,
        );
        assert.equal(label, name);
        const counts = new Map<string, number>();
        for (const { labels } of series) {
          const value = labels[name];
          if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
        }
        assert.deepEqual(
          new Map(
            values.map((each: { value: string; series: number }) => [each.value, each.series]),
          ),
          counts,
        );
        const numbers = values.map((each: { series: number }) => each.series);
        assert.deepEqual(
          numbers,
          [...numbers].sort((a, b) => b - a),
        );
      }
    });

    it('count entries of all processes', async () => {
      const { values } = await served.ok(
        `/labels/text/values?match[]=plain&search=${encodeURIComponent('<script>')}`,
      );
      assert.deepEqual(values, [
        { value: '<script>alert(1)</script>', series: 1, entries: 2, families: 1 },
      ]);
    });

    it('leave out what no selected series has', async () => {
      const { labels } = await served.ok('/labels?match[]=every');
      assert.deepEqual(
        labels.map(({ name }: { name: string }) => name),
        ['text', 'pid'],
      );
    });
  });

  describe('/findings', options, () => {
    it('are those of `check --json`', async () => {
      const { snapshot: _, ...found } = await served.ok('/findings?evidence=100000');
      const findings = found.findings.map(
        ({ evidenceCount, ...finding }: { evidenceCount: number; evidence: unknown[] }) => {
          assert.equal(evidenceCount, finding.evidence.length);
          return finding;
        },
      );
      const { count: _count, ...expected } = await json<CheckView>('check');
      const { count: __, ...rest } = found;
      // Those of other processes stay in the terminal.
      const ofDirectory = expected.findings.filter(({ code }) => !OF_PROCESSES.test(code));
      assert.deepEqual(
        withoutTimes({ ...rest, findings }),
        withoutTimes({ ...expected, findings: ofDirectory }),
      );
      assert.ok(findings.length > 1);
    });

    it('count each severity', async () => {
      const { count, findings } = await served.ok('/findings');
      for (const severity of ['error', 'warning', 'info']) {
        const own = findings.filter((each: { severity: string }) => each.severity === severity);
        assert.equal(count[severity], own.length);
      }
    });

    it('say nothing of where other processes write', async () => {
      const elsewhere = tempDirectory();
      const other = await Worker.start(python.path, elsewhere);
      const quiet = tempDirectory();
      const alone = new Served(quiet);
      const { payload } = await alone.get('/findings');
      assert.ok(!payload.includes(elsewhere));
      const { stdout } = await promfold(['check', '--json', quiet]);
      assert.ok(stdout.includes(elsewhere));
      await other.kill();
      await alone.close();
    });

    it('have no more evidence than is asked for', async () => {
      const { findings } = await served.ok('/findings?evidence=1');
      for (const { evidence } of findings) assert.equal(evidence.length, 1);
    });
  });

  describe('/top', options, () => {
    it('is `top --json`: what changed since an answer a second before', async () => {
      const fresh = new Served(directory, { silenceSeconds: 30 });
      // The command has a watchdog, too.
      fresh.watch!.start();
      const first = await fresh.ok('/top');
      assert.deepEqual([first.windowSeconds, first.series, first.gauges], [0, [], []]);
      const [worker] = workers as [Worker];
      await worker.set(7);
      assert.equal((await fresh.ok('/top')).windowSeconds, 0);
      await sleep(1_100);
      const { snapshot, ...view } = await fresh.ok('/top?limit=1000');
      assert.ok(view.windowSeconds >= 1);
      const counted = (series: string) =>
        view.windowSeconds *
        (view.series.find((each: TopSeries) => each.series === series)?.incrementsPerSecond ?? 0);
      assert.equal(Math.round(counted('jobs_total')), 7);
      assert.equal(Math.round(counted('seconds_count')), 1);
      assert.equal(Math.round(counted('size_bytes_count')), 1);
      const values = await scraped();
      for (const { series, value } of view.gauges) {
        assert.equal(formatNumber(numberIn(value)), formatNumber(values.get(series)!), series);
      }
      assert.ok(view.gauges.length > 4);
      assert.equal(view.processes[0].processId, String(worker.pid));
      // The same instant has the same view, and a short one has the beginning of each list.
      const short = await fresh.ok(`/top?limit=2&snapshot=${snapshot}`);
      for (const list of ['processes', 'series', 'gauges']) {
        assert.deepEqual(short[list], view[list].slice(0, 2));
      }
      const { stdout } = await promfold([
        'top',
        '--json',
        '--count=1',
        '--interval=0.1',
        directory,
      ]);
      const own = JSON.parse(stdout) as TopView;
      assert.deepEqual(Object.keys(view), Object.keys(own));
      for (const part of ['files', 'entries', 'usedBytes', 'problems'] as const) {
        assert.deepEqual(view[part], own[part], part);
      }
      await fresh.close();
    });

    it('has 100 of each by default, and 10,000 at most', async () => {
      assert.equal(
        await served.refused('/top?limit=10001', 400),
        "limit: expected a whole number from 1 to 10000, got '10001'",
      );
    });
  });

  describe('a snapshot', options, () => {
    it('has the same numbers in every view, though values moved', async () => {
      const before = await served.ok('/series?match[]=jobs');
      await workers[0]!.set(10);
      const kept = `snapshot=${before.snapshot}`;
      const again = await served.ok(`/series?match[]=jobs&${kept}`);
      assert.deepEqual(again, before);
      const { series } = await served.ok(`/explain?series=jobs&${kept}`);
      assert.equal(series[0].value, before.series[0].value);
      const [, { pid }] = workers as [Worker, Worker];
      assert.equal((await served.ok(`/processes/${pid}?${kept}`)).snapshot, before.snapshot);
      const now = await served.ok('/series?match[]=jobs');
      assert.notEqual(now.snapshot, before.snapshot);
      assert.equal(now.series[0].value, before.series[0].value + 10);
    });

    it('is gone after three more', async () => {
      const { snapshot } = await served.ok('/series?limit=1');
      for (let i = 0; i < 2; i++) await served.ok('/series?limit=1');
      await served.ok(`/series?limit=1&snapshot=${snapshot}`);
      await served.ok('/series?limit=1');
      assert.equal(
        await served.refused(`/series?limit=1&snapshot=${snapshot}`, 404),
        `snapshot: '${snapshot}' is gone; the last three are kept, for 5 s`,
      );
    });
  });

  describe('pages', options, () => {
    const paged: [url: string, list: string, key: (element: never) => string][] = [
      ['/series?', 'series', ({ series }: SeriesView) => series],
      ['/series?sort=-value&', 'series', ({ series }: SeriesView) => series],
      ['/series?sort=name&', 'series', ({ series }: SeriesView) => series],
      [
        '/series?search=a&match[]={text!="a"}&match[]=jobs&',
        'series',
        ({ series }: SeriesView) => series,
      ],
      ['/families?sort=-entries&', 'families', ({ name }: { name: string }) => name],
      ['/labels?sort=series&', 'labels', ({ name }: { name: string }) => name],
      ['/labels/text/values?sort=value&', 'values', ({ value }: { value: string }) => value],
      ['/files?sort=type&', 'files', ({ name }: { name: string }) => name],
      ['/processes?sort=files&', 'processes', ({ processId }: { processId: string }) => processId],
    ];
    for (const [url, list, key] of paged) {
      it(`of ${url.slice(0, -1)} have every element once, in one order`, async () => {
        const { snapshot, [list]: all, page } = await served.ok(`${url}limit=1000`);
        const found: never[] = [];
        const limit = Math.max(1, Math.ceil(all.length / 5));
        for await (const one of served.pages(`${url}limit=${limit}&snapshot=${snapshot}`)) {
          assert.equal(one.snapshot, snapshot);
          assert.equal(one.page.total, page.total);
          found.push(...(one[list] as never[]));
        }
        assert.deepEqual(found, all);
        assert.equal(new Set((found as never[]).map(key)).size, page.total);
      });
    }

    it('after the end are empty', async () => {
      const { series, page } = await served.ok('/series?offset=100000');
      assert.deepEqual([series, page.next], [[], undefined]);
    });
  });

  describe('HEAD', options, () => {
    it('is answered like GET, without the body', async () => {
      for (const path of ['/series', '/processes', '/findings', '/status', '/openapi.json']) {
        const url = `/api/v1${path}`;
        const { statusCode, headers, body } = await served.server.inject({ method: 'HEAD', url });
        assert.deepEqual([statusCode, body], [200, ''], path);
        assert.match(String(headers['content-type']), /^application\/json/);
        assert.ok(Number(headers['content-length']) > 50);
      }
    });
  });

  it('says nothing of command lines and environments', async () => {
    const { pid } = workers[0]!;
    for (const path of [
      '/processes',
      `/processes/${pid}`,
      '/files?limit=1000',
      '/findings',
      '/explain?series=jobs',
    ]) {
      const { payload } = await served.get(path);
      assert.ok(!payload.includes(SECRET), path);
    }
  });

  it('has texts as they are, as JSON, which no browser takes for a page', async () => {
    const { series } = await served.ok(`/series?match[]=plain&limit=1000`);
    const texts = series.map(({ labels }: SeriesView) => labels.text);
    for (const text of [
      '<script>alert(1)</script>',
      'a\u202eb\u2067c',
      'x'.repeat(9000),
      '\0\x1b[31m',
    ]) {
      assert.ok(texts.includes(text));
    }
    assert.equal(formatNumber(series[0].value), '3.5');
  });
});
