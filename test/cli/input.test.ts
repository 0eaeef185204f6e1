/** What commands take in place of a directory: pipes, as a shell makes them, and files that are refused. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { readPipe } from '../../src/files/file-reading.js';
import type { Difference } from '../../src/inspect/diff.js';
import { promfold } from '../support/cli.js';
import { counter, gauge, writeMetricFile } from '../support/metric-file.js';
import { GOLDEN, MAIN } from '../support/paths.js';
import { type Finished, run } from '../support/process.js';
import { tempDirectory } from '../support/temp.js';

let directory = '';
let snapshot = '';
let exposition = '';
let other = '';
before(async () => {
  directory = tempDirectory();
  cpSync(`${GOLDEN}/web-v0.26.0/files`, directory, { recursive: true });
  const elsewhere = tempDirectory();
  snapshot = join(elsewhere, 'web.tar.gz');
  exposition = join(elsewhere, 'web.prom');
  other = join(elsewhere, 'notes.txt');
  await promfold(['snapshot', directory, '-o', snapshot]);
  await promfold(['scrape', directory, '-o', exposition]);
  writeFileSync(other, '# Notes\n\nNothing that promfold reads.\n');
});

/** A line of bash, in which `promfold` is the built program. */
function bash(line: string, options: { input?: string | Buffer } = {}): Promise<Finished> {
  const script = `promfold() { "${process.execPath}" "${MAIN}" "$@"; }\n${line}`;
  return run('bash', ['-c', script], options);
}

const fileOf = (prefix: string): string =>
  join(directory, readdirSync(directory).find((name) => name.startsWith(prefix))!);

describe('a pipe', () => {
  it('is what goes through it: an exposition, a snapshot', async () => {
    for (const [a, b] of [
      [`<(cat '${exposition}')`, `'${directory}'`],
      [`'${directory}'`, `<(promfold scrape '${directory}')`],
      [`<(cat '${snapshot}')`, `<(cat '${exposition}')`],
      [`- <'${exposition}'`, `'${snapshot}'`],
      [`'${snapshot}'`, `/dev/stdin < <(cat '${exposition}')`],
    ]) {
      const { stdout, stderr, exitCode } = await bash(`promfold diff ${a} ${b}`);
      assert.deepEqual([exitCode, stderr], [0, ''], `${a} ${b}`);
      assert.match(stdout, /^0 series added, 0 removed, 0 changed, [1-9]\d* the same/);
    }
  });

  it('gives the same as the file', async () => {
    for (const command of ['cat', 'ls --json', 'check', `explain '{__name__=~".+"}'`]) {
      const [file, piped] = await Promise.all([
        bash(`promfold ${command} '${snapshot}'`),
        bash(`promfold ${command} <(cat '${snapshot}')`),
      ]);
      assert.ok(file.stdout.length > 0, command);
      assert.equal(piped.stdout.replaceAll('/dev/fd/63', snapshot), file.stdout, command);
      assert.equal(piped.exitCode, file.exitCode);
    }
  });

  it('may be a FIFO, whose name says what a metric file needs', async () => {
    const fifo = join(tempDirectory(), 'gauge_max_7.db');
    const file = join(tempDirectory(), 'gauge_max_7.db');
    writeMetricFile(file, [gauge('depth', 5)], { sizeBytes: 65_536 });
    execFileSync('mkfifo', [fifo]);
    const line = (command: string) => `cat '${file}' > '${fifo}' & promfold ${command} '${fifo}'`;
    const explained = await bash(line('explain depth'));
    assert.match(explained.stdout, /^depth = 5\ngauge max: .*\n5; process 7 \(unknown\)\n/);
    assert.equal(explained.exitCode, 0);
    const printed = await bash(line('cat'));
    assert.match(printed.stdout, /^gauge max: .* process 7 \(unknown\), 1 entry, .* of 64 KiB$/m);
  });

  it('of no name is of the type that its keys say', async () => {
    const counted = join(tempDirectory(), 'counter_7.db');
    writeMetricFile(counted, [counter('jobs', 3)]);
    const jobs = await bash(`promfold explain jobs_total <(cat '${counted}')`);
    assert.match(jobs.stdout, /^jobs_total = 3\ncounter: the sum over processes\n/);
    const types: [prefix: string, type: string][] = [
      ['counter_', 'counter'],
      ['histogram_', 'histogram'],
      ['summary_', 'summary'],
      ['gauge_mostrecent_', 'gauge mostrecent'],
    ];
    for (const [prefix, type] of types) {
      const { stdout } = await bash(`promfold cat <(cat '${fileOf(prefix)}')`);
      assert.match(stdout, new RegExp(`^/dev/fd/63\n${type}: `));
    }
    const { stdout, exitCode } = await bash(`promfold diff '${counted}' <(cat '${counted}')`);
    assert.deepEqual([exitCode, stdout], [0, '0 series added, 0 removed, 0 changed, 1 the same\n']);
  });

  it('of no name and an unknown mode is refused where values are merged', async () => {
    const file = fileOf('gauge_max_');
    for (const command of [`explain x`, `diff '${file}'`]) {
      const { stderr, stdout, exitCode } = await bash(`promfold ${command} <(cat '${file}')`);
      assert.deepEqual([exitCode, stdout], [2, '']);
      assert.match(stderr, /^promfold: \/dev\/fd\/63: neither name .* \[FILE_FOREIGN\]\n$/);
    }
    const { stdout, exitCode } = await bash(`promfold cat <(cat '${file}')`);
    assert.equal(exitCode, 0);
    assert.match(stdout, /of no known type; /);
  });

  it('may be a socket, which no path opens', async () => {
    // Node gives its children sockets for stdio.
    const { stdout, exitCode } = await run(
      process.execPath,
      [MAIN, 'diff', '/dev/stdin', snapshot],
      {
        input: readFileSync(exposition),
      },
    );
    assert.equal(exitCode, 0, stdout);
    assert.match(stdout, / [1-9]\d* the same/);
  });

  it('counts as empty for nobody: a command before it failed', async () => {
    const { stdout, stderr, exitCode } = await bash(`promfold diff <(false) '${exposition}'`);
    assert.deepEqual([exitCode, stdout], [2, '']);
    assert.equal(stderr, 'promfold: /dev/fd/63: the pipe had no content [FILE_EMPTY]\n');
  });

  it('is read up to a budget', async () => {
    const fifo = join(tempDirectory(), 'fifo');
    execFileSync('mkfifo', [fifo]);
    const feed = () => run('bash', ['-c', `head -c 1000 /dev/zero > '${fifo}'`]);
    const [bytes] = await Promise.all([readPipe(fifo, 1000), feed()]);
    assert.equal(bytes.length, 1000);
    const [error] = await Promise.all([readPipe(fifo, 999).catch((found: Error) => found), feed()]);
    assert.match(
      (error as Error).message,
      /fifo: more than .* MiB came through; save it to a file$/,
    );
  });

  const refused: [title: string, line: string, message: RegExp][] = [
    ['twice', 'diff - /dev/stdin < <(true)', /^promfold: A and B: expected two, got one pipe/],
    ['again and again', 'top <(true)', /fd\/63: expected a directory, got a pipe, which is read/],
    [
      'for a window',
      'explain --window 1s x <(true)',
      /--window: expected a directory .* got a pipe/,
    ],
    ['to be scraped', 'scrape <(true)', /fd\/63: expected a directory, got a pipe\n$/],
  ];
  for (const [title, line, message] of refused) {
    it(`is not read ${title}`, async () => {
      const { stderr, stdout, exitCode } = await bash(`promfold ${line}`);
      assert.deepEqual([exitCode, stdout], [2, '']);
      assert.match(stderr, message);
    });
  }
});

describe('a file that a command cannot take', () => {
  const commands = ['ls', 'cat', 'top', 'explain x'];

  it('is refused by all in the same words, with 2', async () => {
    for (const [path, got, more] of [
      [exposition, 'an exposition; promfold check and diff read it', []],
      [other, 'another file', ['check']],
    ] as const) {
      for (const command of [...commands, ...more]) {
        const { stdout, stderr, exitCode } = await promfold([...command.split(' '), path!]);
        assert.deepEqual([exitCode, stdout], [2, ''], command);
        assert.equal(
          stderr,
          `promfold: ${path}: expected a directory, a metric file, a snapshot or a recording, got ${got}\n`,
        );
      }
      const { stdout, stderr, exitCode } = await promfold(['scrape', path!]);
      assert.deepEqual([exitCode, stdout], [2, '']);
      assert.equal(stderr, `promfold: ${path}: expected a directory, got ${got}\n`);
    }
  });

  it('is told by scrape who reads it', async () => {
    const cases: [path: string, got: RegExp][] = [
      [snapshot, /: expected a directory, got a snapshot; promfold ls, cat, .* read it\n$/],
      [fileOf('counter_'), /: expected a directory, got a metric file; promfold ls, .* read it\n$/],
    ];
    for (const [path, got] of cases) {
      const { stderr, exitCode } = await promfold(['scrape', path]);
      assert.equal(exitCode, 2);
      assert.match(stderr, got);
      for (const command of ['ls', 'cat', 'check']) {
        assert.equal((await promfold([command, path])).exitCode, 0, command);
      }
    }
  });

  it('fails diff where it cannot be read, and is told where it is one of many', async () => {
    const damaged = `${GOLDEN}/bad-klen-huge/files`;
    const bad = readdirSync(damaged).map((name) => join(damaged, name));
    const results = await Promise.all(bad.map((file) => promfold(['diff', file, directory])));
    assert.deepEqual(results.filter(({ exitCode }) => exitCode === 2).length, 1);
    const failed = results.find(({ exitCode }) => exitCode === 2)!;
    assert.match(failed.stderr, /^promfold: \S+: key length .* \[FILE_CORRUPT\]\n$/);

    const { stderr, stdout } = await promfold(['diff', '--json', damaged, directory]);
    assert.equal(stderr, `promfold: ${damaged}: 1 file left out; see promfold cat ${damaged}\n`);
    assert.deepEqual((JSON.parse(stdout) as Difference).damagedFiles, { before: 1, after: 0 });
  });
});
