/**
 * Control characters (C0, C1) and those that turn the direction of text, in everything that others write: names of
 * files and directories, names, labels and help of metrics. They are data: expositions and JSON keep them. Where a person reads they
 * are escaped, in every command, on stdout and stderr, and in the log.
 */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Difference } from '../../src/inspect/diff.js';
import type { EntriesView } from '../../src/inspect/entries.js';
import type { Explanation } from '../../src/inspect/explain/explanation.js';
import type { ProcessesView } from '../../src/inspect/processes.js';
import type { Discovery } from '../../src/processes/discover.js';
import { Daemon, promfold } from '../support/cli.js';
import { counter, gauge, type TestEntry, writeMetricFile } from '../support/metric-file.js';
import { MAIN } from '../support/paths.js';
import { type Finished, run, start } from '../support/process.js';
import { tempDirectory } from '../support/temp.js';

/** Escape sequences of 7 and 8 bits, a bell, a carriage return, right-to-left override and isolate, a line separator. */
const HOSTILE = 'a\u001b[31mb\u009b2Jc\u0007d\re\u202ef\u2067g\u2028h\u007f';

/** What may not reach a terminal, newlines apart. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

const LABELS = { path: HOSTILE };

let directory = '';
let empty = '';
before(() => {
  directory = join(tempDirectory(), `prom ${HOSTILE}`);
  mkdirSync(directory);
  const help = { help: `help ${HOSTILE}` };
  const bucket = (le: string): TestEntry => ({
    family: `took_${HOSTILE}`,
    sampleName: `took_${HOSTILE}_bucket`,
    labels: { ...LABELS, le },
    value: 1,
  });
  writeMetricFile(join(directory, `counter_7${HOSTILE}.db`), [
    { ...counter('jobs', 3, LABELS), ...help },
    { ...counter(`name ${HOSTILE}`, 1), ...help },
  ]);
  writeMetricFile(join(directory, 'gauge_mostrecent_7.db'), [gauge('depth', 1, 1e9, LABELS)]);
  writeMetricFile(join(directory, 'gauge_livesum_8.db'), [gauge('busy', 1, 0, LABELS)]);
  writeMetricFile(join(directory, 'histogram_7.db'), [bucket('1.0'), bucket('+Inf')]);
  // A key that is none, a file that is damaged, and one of somebody else.
  writeMetricFile(join(directory, 'counter_9.db'), [
    { family: '', sampleName: HOSTILE, labels: LABELS, value: 1 },
  ]);
  writeFileSync(join(directory, `counter_5${HOSTILE}.db`), HOSTILE.repeat(4));
  writeFileSync(join(directory, `notes${HOSTILE}.db`), '');
  empty = tempDirectory();
});

function assertReadable({ stdout, stderr }: Finished, title: string): void {
  for (const line of [...stdout.split('\n'), ...stderr.split('\n')]) {
    assert.ok(!UNPRINTABLE.test(line), `${title}: ${JSON.stringify(line)}`);
  }
}

describe('a text that would move the cursor', () => {
  const commands: [title: string, args: () => string[], escaped: RegExp][] = [
    [
      'ls',
      () => ['ls', directory],
      /7a\\u001b\[31mb\\u009b2Jc\\u0007d\\re\\u202ef\\u2067g\\u2028h/,
    ],
    ['ls --files', () => ['ls', '--files', directory], /counter_5a\\u001b/],
    ['cat', () => ['cat', directory], /jobs_total\{path="a\\u001b/],
    ['cat of one file', () => ['cat', join(directory, `counter_5${HOSTILE}.db`)], /a\\u001b/],
    ['explain of a series', () => ['explain', 'jobs_total', directory], /path="a\\u001b/],
    ['explain of several', () => ['explain', '{__name__=~".+"}', directory], /a\\u001b/],
    ['explain of none', () => ['explain', HOSTILE, directory], /selector a\\u001b/],
    ['explain of a name there is not', () => ['explain', 'jobs_totl', directory], /prom a\\u001b/],
    [
      'explain with a label there is not',
      () => ['explain', `jobs{x="${HOSTILE}"}`, directory],
      /\\u001b/,
    ],
    ['check', () => ['check', directory], /counter_5a\\u001b/],
    ['top', () => ['top', '--count', '1', '--interval', '0.1', directory], /7a\\u001b/],
    ['diff', () => ['diff', empty, directory], /jobs_total\{path="a\\u001b/],
    ['diff by process', () => ['diff', '--by', 'process', empty, directory], /7a\\u001b/],
    ['snapshot', () => ['snapshot', directory, '-o', `${empty}/${HOSTILE}.tar.gz`], /\/a\\u001b/],
    ['scrape, of its errors', () => ['scrape', directory, '-o', '/dev/null'], /counter_5a\\u001b/],
    [
      'scrape of a name there is not',
      () => ['scrape', '--name', HOSTILE, empty],
      /called a\\u001b/,
    ],
    ['a directory there is not', () => ['ls', `/no/such/${HOSTILE}`], /such\/a\\u001b/],
    ['a command there is not', () => [HOSTILE], /got 'a\\u001b/],
    ['a flag there is not', () => ['ls', `--${HOSTILE}`], /--a\\u001b/],
    ['a bad value of a flag', () => ['ls', '--sort', HOSTILE], /got 'a\\u001b/],
    ['help on it', () => ['help', HOSTILE], /'a\\u001b/],
  ];
  for (const [title, args, escaped] of commands) {
    it(`is escaped by ${title}`, async () => {
      const finished = await promfold(args());
      assertReadable(finished, title);
      assert.match(finished.stdout + finished.stderr, escaped);
    });
  }

  it('is escaped on a terminal, where lines are cut and wrapped', async () => {
    for (const command of [
      'ls',
      'ls --files',
      'cat',
      'explain \'{__name__=~".+"}\'',
      `diff '${empty}'`,
    ]) {
      const line = `stty rows 24 cols 60; '${process.execPath}' '${MAIN}' ${command} '${directory}'`;
      const finished = await run('script', ['-qec', line, '/dev/null']);
      // The terminal itself adds a carriage return.
      assertReadable({ ...finished, stdout: finished.stdout.replaceAll('\r\n', '\n') }, command);
      assert.match(finished.stdout, /\\u001b/);
    }
  });

  it('is escaped in the log', async () => {
    const daemon = await Daemon.serve(directory);
    try {
      assert.equal((await daemon.get('/metrics')).status, 200);
      while (!daemon.log.includes('counter_5a')) await sleep(20);
    } finally {
      await daemon.stop();
    }
    assertReadable({ stdout: daemon.log, stderr: '', exitCode: 0, signal: null }, 'log');
  });

  it('is kept in an exposition', async () => {
    const { stdout } = await promfold([
      'scrape',
      '--format',
      'text-1.0.0',
      '--escaping',
      'allow-utf-8',
      directory,
    ]);
    assert.ok(stdout.includes(`jobs_total{path="${HOSTILE}"} 3.0\n`));
    assert.ok(stdout.includes(`help ${HOSTILE}\n`));
    assert.ok(stdout.includes(`{"name ${HOSTILE}_total"} 1.0\n`));
  });

  it('is kept in JSON', async () => {
    const json = async <T>(...args: string[]): Promise<T> =>
      JSON.parse((await promfold([...args, '--json'])).stdout) as T;
    const processes = await json<ProcessesView>('ls', directory);
    assert.equal(processes.path, directory);
    assert.ok(processes.processes.some(({ processId }) => processId === `7${HOSTILE}`));
    const { files } = await json<EntriesView>('cat', '--match', 'jobs_total', directory);
    const entries = files.flatMap((file) => [...file.entries]);
    assert.equal(entries[0]!.labels!.path, HOSTILE);
    assert.equal(entries[0]!.help, `help ${HOSTILE}`);
    const { series } = await json<Explanation>('explain', 'jobs_total', directory);
    assert.equal([...series][0]!.labels.path, HOSTILE);
    const { added } = await json<Difference>('diff', empty, directory);
    assert.ok(added.some(({ series: one }) => one === `jobs_total{path="${HOSTILE}"}`));
  });
});

describe('a directory with such a name', () => {
  const process_ = () => start('sleep', ['60'], { env: { PROMETHEUS_MULTIPROC_DIR: directory } });
  let child: ReturnType<typeof process_>;
  before(() => {
    child = process_();
  });
  after(() => child.kill('SIGKILL'));

  it('is escaped by discover, and kept in its JSON', async () => {
    const named = async (): Promise<boolean> => {
      const { stdout } = await promfold(['discover', '--json']);
      const { directories } = JSON.parse(stdout) as Discovery;
      return directories.some(({ path }) => path === directory);
    };
    while (!(await named())) await sleep(50);
    const finished = await promfold(['discover', '--all']);
    assertReadable(finished, 'discover');
    assert.match(finished.stdout, /prom a\\u001b/);
  });
});
