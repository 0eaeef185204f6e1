/** The built program, as it is started by a user. */
import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { loadCommands } from '../src/cli/commands.js';
import { FLAGS, type FlagKey } from '../src/cli/flags.js';
import { promfold } from './support/cli.js';
import { GOLDEN, MAIN, ROOT } from './support/paths.js';
import { run } from './support/process.js';
import { tempDirectory } from './support/temp.js';

const COMMANDS = await loadCommands();

const EXPECTED = readFileSync(`${GOLDEN}/colons/expected.prom`, 'utf8');

/** Its exposition is longer than what a pipe holds, 64 KiB. */
const BIG = `${GOLDEN}/growth-1m-v0.12.0/files`;

let directory = '';
before(() => {
  directory = tempDirectory();
  cpSync(`${GOLDEN}/colons/files`, directory, { recursive: true });
});

describe('promfold', () => {
  it('prints its version', async () => {
    const { version } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8'));
    for (const args of [['--version'], ['serve', '--version']]) {
      const { exitCode, stdout, stderr } = await promfold(args);
      assert.deepEqual([exitCode, stderr], [0, '']);
      assert.match(stdout, new RegExp(`^promfold ${version} \\(node v.*\\)\n$`));
    }
  });

  it('lists its commands with -h and --help', async () => {
    for (const flag of ['-h', '--help']) {
      const { exitCode, stdout } = await promfold([flag]);
      assert.equal(exitCode, 0);
      for (const { name } of COMMANDS) assert.match(stdout, new RegExp(`^  ${name} `, 'm'));
    }
  });

  for (const { name, flags } of COMMANDS) {
    it(`${name} --help has each of its flags once, and no other`, async () => {
      const { exitCode, stdout } = await promfold([name, '--help']);
      const listed = [...stdout.matchAll(/^ {2}(?:-\w, )?--([\w.-]+)/gm)].map(([, flag]) => flag!);
      const own = flags.map((key: FlagKey) => FLAGS[key].name);
      assert.equal(exitCode, 0);
      assert.deepEqual(listed, [...own, 'help']);
    });
  }

  const wrong: [title: string, args: string[], line: RegExp][] = [
    ['nothing at all', [], /^promfold: expected a command or a directory, got nothing/],
    ['a command there is not', ['srve'], /unknown command 'srve' \(Did you mean serve\?\)/],
    [
      'a name that is neither command nor directory',
      ['zzzzz'],
      /expected a command or a directory, got 'zzzzz'/,
    ],
    [
      'a flag there is not',
      ['serve', '--web.listen-adress=x', '/'],
      /unknown option.*Did you mean --web.listen-address\?/,
    ],
    [
      'a flag of another command',
      ['scrape', '--log.level=info', '/'],
      /unknown option '--log.level=info'; see promfold scrape --help/,
    ],
    [
      'no directory',
      ['scrape'],
      /^promfold: expected DIR or \$PROMETHEUS_MULTIPROC_DIR, got neither; promfold discover lists those in use$/m,
    ],
    [
      'two directories',
      ['scrape', '/a', '/b'],
      /too many arguments for 'scrape': expected 1, got 2/,
    ],
    [
      'a flag without its value',
      ['scrape', '--name'],
      /'--name <name>' argument missing; see promfold scrape --help$/m,
    ],
    ['an argument that is missing', ['diff', '/'], /: B is missing; see promfold diff --help$/m],
    ['a flag there is not, near none', ['ls', '--zzz'], /'--zzz'; see promfold ls --help$/m],
    [
      'help on what is not a command',
      ['help', 'snapshott'],
      /^promfold: help: no command or topic is called 'snapshott'; near names: snapshot$/m,
    ],
    [
      'help on what is near no command or topic',
      ['help', 'zzzzzz'],
      /^promfold: help: no command or topic is called 'zzzzzz'; promfold help lists them all$/m,
    ],
    [
      'help on what is nearly a topic',
      ['help', 'budgts'],
      /^promfold: help: no command or topic is called 'budgts'; near names: budgets$/m,
    ],
    [
      'an explanation of what is nearly a code',
      ['check', '--explain', 'DEAD_ALL_GAGE'],
      /^promfold: --explain: expected the code of a finding, a warning or an error, got 'DEAD_ALL_GAGE'; near names: DEAD_ALL_GAUGE/m,
    ],
    [
      'an explanation of what is near no code',
      ['check', '--explain', 'zzzzzzzzzzzzz'],
      /^promfold: --explain: .* got 'zzzzzzzzzzzzz'; see promfold help findings$/m,
    ],
    [
      'an explanation and a directory',
      ['check', '--explain', 'LINT', '/'],
      /^promfold: --explain: expected no DIR, got one$/m,
    ],
    [
      'a bad value',
      ['serve', '--web.max-requests=x', '/'],
      /expected a whole number, 0 or more, got 'x'/,
    ],
    [
      'an escaping the format does not know',
      ['scrape', '--escaping=dots', '/'],
      /--escaping: expected .* got text/,
    ],
    [
      'a directory that is not there',
      ['scrape', '/no/such'],
      /^promfold: \/no\/such: no such directory; promfold discover lists those in use \[DIRECTORY_UNREADABLE\]$/m,
    ],
  ];
  for (const [title, args, line] of wrong) {
    it(`refuses ${title} in one line, with 2`, async () => {
      const { exitCode, stdout, stderr } = await promfold(args);
      assert.deepEqual([exitCode, stdout], [2, '']);
      assert.match(stderr, /^[^\n]+\n$/);
      assert.match(stderr, line);
    });
  }
});

describe('promfold scrape', () => {
  it('prints the exposition, without self-metrics', async () => {
    const { exitCode, stdout, stderr } = await promfold(['scrape', directory]);
    assert.deepEqual([exitCode, stderr, stdout], [0, '', EXPECTED]);
  });

  it('takes the directory from the environment', async () => {
    const env = { PROMETHEUS_MULTIPROC_DIR: directory };
    assert.equal((await promfold(['scrape'], { env })).stdout, EXPECTED);
  });

  it('takes the old variable with a warning', async () => {
    const env = { prometheus_multiproc_dir: directory };
    const { exitCode, stdout, stderr } = await promfold(['scrape'], { env });
    assert.deepEqual([exitCode, stdout], [0, EXPECTED]);
    assert.match(stderr, /^prometheus_multiproc_dir is deprecated[^\n]*\n$/);
  });

  it('prints OpenMetrics, to its end', async () => {
    const { stdout } = await promfold(['scrape', '--format', 'openmetrics', directory]);
    assert.match(stdout, /\n# EOF\n$/);
  });

  it('prints only what is named', async () => {
    const [, name = ''] = /^# TYPE (\S+)/m.exec(EXPECTED)!;
    const { stdout } = await promfold(['scrape', '--name', name, directory]);
    assert.deepEqual(
      [...stdout.matchAll(/^# TYPE (\S+)/gm)].map(([, found]) => found),
      [name],
    );
  });

  it('says which names are of nothing, with 1 where all are', async () => {
    const none = await promfold(['scrape', '--name', 'nosuch', directory]);
    assert.deepEqual([none.exitCode, none.stdout], [1, '']);
    assert.equal(none.stderr, 'promfold: --name: no family and no sample is called nosuch\n');

    const [, name = ''] = /^# TYPE (\S+)/m.exec(EXPECTED)!;
    const some = await promfold(['scrape', '--name', name, '--name', `${name}x`, directory]);
    assert.equal(some.exitCode, 0);
    assert.match(some.stderr, new RegExp(`is called ${name}x; near names: ${name}\\b`));
    assert.match(some.stdout, new RegExp(`^# TYPE ${name} `, 'm'));

    const openMetrics = ['scrape', '--format', 'openmetrics', '--name', 'nosuch', directory];
    const { exitCode, stdout } = await promfold(openMetrics);
    assert.deepEqual([exitCode, stdout], [1, '# EOF\n']);
  });

  it('names a bad file on stderr, serves the rest, and ends with 0', async () => {
    const damaged = tempDirectory();
    cpSync(directory, damaged, { recursive: true });
    writeFileSync(join(damaged, 'counter_9.db'), 'no metric file');
    const served = await promfold(['scrape', damaged]);
    assert.deepEqual([served.exitCode, served.stdout], [0, EXPECTED]);
    assert.match(served.stderr, /^\S*\/counter_9\.db: [^\n]* \[FILE_CORRUPT\]\n$/);

    const strict = await promfold(['scrape', '--strict', damaged]);
    assert.deepEqual([strict.exitCode, strict.stdout], [2, '']);
    assert.match(strict.stderr, /^promfold: \S*\/counter_9\.db: [^\n]* \[FILE_CORRUPT\]\n$/);
  });

  it('-o writes the file in one step', async () => {
    const file = join(tempDirectory(), 'app.prom');
    writeFileSync(file, 'old');
    const { exitCode, stdout } = await promfold(['scrape', directory, '-o', file]);
    assert.deepEqual([exitCode, stdout, readFileSync(file, 'utf8')], [0, '', EXPECTED]);
    assert.deepEqual(readdirSync(join(file, '..')), ['app.prom']);
  });

  it('-o keeps the mode of the file, and takes /dev/stdout for what stdout is', async () => {
    const file = join(tempDirectory(), 'app.prom');
    writeFileSync(file, 'old\n', { mode: 0o600 });
    await promfold(['scrape', directory, '-o', file]);
    assert.equal(statSync(file).mode & 0o777, 0o600);

    writeFileSync(file, 'old\n');
    const command = `"${process.execPath}" "${MAIN}" scrape "${directory}" -o /dev/stdout >> "${file}"`;
    const { exitCode, stderr } = await run('sh', ['-c', command]);
    assert.deepEqual([exitCode, stderr, readFileSync(file, 'utf8')], [0, '', `old\n${EXPECTED}`]);
  });

  it('-o leaves the old file when the scrape fails', async () => {
    const file = join(tempDirectory(), 'app.prom');
    writeFileSync(file, 'old');
    const { exitCode } = await promfold(['scrape', '/no/such', '-o', file]);
    assert.deepEqual([exitCode, readFileSync(file, 'utf8')], [2, 'old']);
    assert.deepEqual(readdirSync(join(file, '..')), ['app.prom']);
  });

  it('arrives whole through a slow pipe', async () => {
    const whole = (await promfold(['scrape', BIG])).stdout;
    const command = `"${process.execPath}" "${MAIN}" scrape "${BIG}" | (sleep 0.5; cat)`;
    const { stdout } = await run('sh', ['-c', command]);
    assert.ok(whole.length > 2 * 65_536);
    assert.equal(stdout, whole);
  });

  it('says in one line that stdout is full', async () => {
    const command = `"${process.execPath}" "${MAIN}" scrape "${directory}" > /dev/full`;
    const { exitCode, stderr } = await run('sh', ['-c', command]);
    assert.deepEqual([exitCode, stderr], [2, 'promfold: stdout: no space left on device\n']);
  });

  it('is quiet when nobody reads to the end', async () => {
    const command = `"${process.execPath}" "${MAIN}" scrape "${BIG}" | head -c 10`;
    const { stdout, stderr } = await run('sh', ['-c', command]);
    assert.deepEqual([stdout.length, stderr], [10, '']);
  });
});
