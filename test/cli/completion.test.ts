/** Completion scripts and the manual page hold every command and flag, and are read by what they are for. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { loadCommands } from '../../src/cli/commands.js';
import { METRIC_NAMES_WORD } from '../../src/cli/complete-names.js';
import { completionScript, SHELLS } from '../../src/cli/completion.js';
import { FLAGS } from '../../src/cli/flags.js';
import { manPage } from '../../src/cli/man.js';
import { roff } from '../../src/cli/roff.js';
import { readTopics } from '../../src/manual/topics.js';
import { promfold } from '../support/cli.js';
import { counter, gauge, writeMetricFile } from '../support/metric-file.js';
import { MAIN, ROOT } from '../support/paths.js';
import { run } from '../support/process.js';
import { Session } from '../support/session.js';
import { tempDirectory } from '../support/temp.js';

const COMMANDS = await loadCommands();

const hasProgram = async (name: string): Promise<boolean> =>
  (await run('sh', ['-c', `command -v ${name}`])).exitCode === 0;

/** Read, do not run, the text that follows. */
const PARSE_ONLY = { bash: ['-n', '-c'], zsh: ['-n', '-c'], fish: ['-N', '-n', '-c'] } as const;

/** A metric name of each kind, in the directory that PROMETHEUS_MULTIPROC_DIR names. */
let directory = '';
/** Where `promfold` is the built program. */
let programs = '';
before(() => {
  directory = tempDirectory();
  writeMetricFile(join(directory, 'counter_1.db'), [counter('jobs', 1)]);
  writeMetricFile(join(directory, 'gauge_max_1.db'), [gauge('vllm:requests_running', 1)]);
  writeMetricFile(join(directory, 'histogram_1.db'), [
    { family: 'took_seconds', sampleName: 'took_seconds_bucket', labels: { le: '1.0' }, value: 1 },
  ]);
  programs = tempDirectory();
  const program = `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`;
  writeFileSync(join(programs, 'promfold'), program, { mode: 0o755 });
});

function shellEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  // Without SHLVL bash takes a socket on stdin for rshd, and reads ~/.bashrc.
  return { SHLVL: '1', PATH: `${programs}:${process.env.PATH}`, ...env };
}

/** @param at index of the word that is completed; the last when left out */
async function bashCompletes(
  words: readonly string[],
  env: NodeJS.ProcessEnv,
  at = words.length - 1,
): Promise<string[]> {
  const test = `COMP_WORDS=(${words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')})
    COMP_CWORD=${at}
    _promfold
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = await run(
    'bash',
    ['-c', `${completionScript('bash', COMMANDS)}\n${test}`],
    { env: shellEnvironment(env) },
  );
  assert.equal(stderr, '');
  return stdout.trim().split('\n');
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

describe('completion', () => {
  for (const shell of SHELLS) {
    const script = completionScript(shell, COMMANDS);

    it(`${shell} has every command and flag`, () => {
      for (const { name, flags } of COMMANDS) {
        assert.match(script, new RegExp(`\\b${name}\\b`));
        for (const key of flags) {
          const dashed = shell === 'fish' ? `-l ${FLAGS[key].name} ` : `--${FLAGS[key].name}`;
          assert.ok(script.includes(dashed), `${name} ${dashed}`);
        }
      }
    });

    it(`${shell} can read it`, async (t) => {
      if (!(await hasProgram(shell))) return t.skip(`no ${shell} here`);
      const { exitCode, stderr } = await run(shell, [...PARSE_ONLY[shell], script]);
      assert.deepEqual([exitCode, stderr], [0, '']);
    });
  }

  const completed: [words: string[], replies: string[]][] = [
    [['promfold', 'ser'], ['serve']],
    [['promfold', 'ls', '--sort', 'e'], ['entries']],
    [
      ['promfold', 'serve', '--log.level', ''],
      ['debug', 'info', 'warn', 'error'],
    ],
    [['promfold', 'ls', '--ali'], ['--alive']],
    [
      ['promfold', 'completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['promfold', 'help', 'bud'], ['budgets']],
    [['promfold', 'help', 'snap'], ['snapshot']],
    [['promfold', 'check', '--explain', 'FILE_EM'], ['FILE_EMPTY']],
    [['promfold', 'run', '--ke'], ['--keep']],
    [['promfold', 'ls', '--sort', '=', 'e'], ['entries']],
    [['promfold', 'ls', '--sort=e'], ['--sort=entries']],
    [
      ['promfold', 'check', '--color', '='],
      ['auto', 'always', 'never'],
    ],
    [['promfold', 'ls', '--alive', '=', 'e'], ['']],
    [['promfold', 'run', '--dir', '=', '/us'], ['/usr']],
    [['promfold', 'scrape', '-o', `${ROOT}/READ`], [`${ROOT}/README.md`]],
    [
      ['promfold', 'serve', '--web.listen-address', '=:', '19925', '--log.level', '=', 'w'],
      ['warn'],
    ],
    [['promfold', 'explain', '--window', '5m', 'vllm', ':', 'r'], ['requests_running']],
    [['promfold', 'explain', "'vllm:r"], ['vllm:requests_running']],
    [['promfold', 'explain', 'jobs'], ['jobs_total']],
    [['promfold', 'explain', 'took'], ['took_seconds']],
    [['promfold', 'explain', 'jobs_total', `${ROOT}/READ`], [`${ROOT}/README.md`]],
    [['promfold', 'cat', '--match', '=', 'jobs'], ['jobs_total']],
    [['promfold', 'run', '--log.level', 'info', '--', 'declar'], ['declare']],
    [['promfold', 'run', '--', 'cat', `${ROOT}/READ`], [`${ROOT}/README.md`]],
  ];
  for (const [words, replies] of completed) {
    it(`bash completes ${words.slice(1).join(' ')}`, async () => {
      assert.deepEqual(
        await bashCompletes(words, { PROMETHEUS_MULTIPROC_DIR: directory }),
        replies,
      );
    });
  }

  it('bash takes DIR after the cursor before that of the environment', async () => {
    const words = ['promfold', 'explain', 'jobs', directory];
    const env = { PROMETHEUS_MULTIPROC_DIR: '/no/such' };
    assert.deepEqual(await bashCompletes(words, env, 2), ['jobs_total']);
  });

  it('has no names, and nothing to say, where there is no directory', async () => {
    for (const env of [{}, { PROMETHEUS_MULTIPROC_DIR: '/no/such' }]) {
      assert.deepEqual(await bashCompletes(['promfold', 'explain', 'jobs'], env), ['']);
    }
    const asked = await promfold([METRIC_NAMES_WORD, '/no/such']);
    assert.deepEqual([asked.exitCode, asked.stdout, asked.stderr], [0, '', '']);
  });

  it('has names that can be typed as they are, of some files of each kind', async () => {
    const many = tempDirectory();
    for (let i = 0; i < 500; i++) {
      writeMetricFile(join(many, `counter_${i}.db`), [counter('jobs', 1), counter('a.b', 1)]);
    }
    writeMetricFile(join(many, 'gauge_max_1.db'), [gauge('depth', 1)]);
    writeFileSync(join(many, 'notes.db'), 'no metric file');
    const { stdout } = await promfold([METRIC_NAMES_WORD, many]);
    assert.equal(stdout, 'depth\njobs_total\n');
    for (const { name } of COMMANDS) assert.notEqual(name, METRIC_NAMES_WORD);
  });

  const inFish: [line: string, replies: string[]][] = [
    ['promfold ls --sort=e', ['--sort=entries']],
    ['promfold ls --sort e', ['entries']],
    ['promfold explain jobs', ['jobs_total']],
    ['promfold explain --window 5m vllm:', ['vllm:requests_running']],
    ['promfold cat --match=jobs', ['--match=jobs_total']],
    [`promfold explain jobs_total ${ROOT}/READM`, [`${ROOT}/README.md`]],
    ['promfold completion z', ['zsh']],
    ['promfold help bud', ['budgets']],
    ['promfold check --explain FILE_EM', ['FILE_EMPTY']],
    ['promfold check --color=a', ['--color=always', '--color=auto']],
    ['promfold run --log.level info -- mkfif', ['mkfifo']],
  ];
  for (const [line, replies] of inFish) {
    it(`fish completes ${line}`, async (t) => {
      if (!(await hasProgram('fish'))) return t.skip('no fish here');
      const script = `${completionScript('fish', COMMANDS)}\ncomplete -C ${JSON.stringify(line)}`;
      const { stdout } = await run('fish', ['-N', '-c', script], {
        env: shellEnvironment({ PROMETHEUS_MULTIPROC_DIR: directory }),
      });
      // What follows a tab says what it is.
      const found = stdout
        .trim()
        .split('\n')
        .map((reply) => reply.split('\t')[0]!);
      assert.deepEqual(found.sort(), replies);
    });
  }

  const typed: [line: string, completed: string][] = [
    ['promfold ls --sort=e', 'promfold ls --sort=entries '],
    ['promfold ls --sort e', 'promfold ls --sort entries '],
    ['promfold check --color=al', 'promfold check --color=always '],
    ['promfold explain jobs', 'promfold explain jobs_total '],
    ['promfold explain vllm:r', 'promfold explain vllm:requests_running '],
    ['promfold explain --window 5m took', 'promfold explain --window 5m took_seconds '],
    ['promfold cat --match=jobs', 'promfold cat --match=jobs_total '],
    ['promfold run -- mkfif', 'promfold run -- mkfifo '],
    ['promfold run --log.level=info -- mkfif', 'promfold run --log.level=info -- mkfifo '],
    ['promfold snapshot -o sub/fi', 'promfold snapshot -o sub/file.tar.gz '],
    ['promfold expl', 'promfold explain '],
    ['promfold help bud', 'promfold help budgets '],
    ['promfold check --explain FILE_EM', 'promfold check --explain FILE_EMPTY '],
  ];
  for (const shell of ['bash', 'zsh'] as const) {
    it(`${shell} completes what is typed in a terminal`, async (t) => {
      if (!(await hasProgram(shell))) return t.skip(`no ${shell} here`);
      const home = tempDirectory();
      mkdirSync(join(home, 'sub'));
      writeFileSync(join(home, 'sub', 'file.tar.gz'), '');
      const rc = join(home, { bash: 'bashrc', zsh: '.zshrc' }[shell]);
      const setUp = {
        bash: "bind 'set enable-bracketed-paste off'; bind 'set bell-style none'",
        zsh: 'unsetopt prompt_sp beep list_beep; autoload -U compinit; compinit -u -D',
      }[shell];
      const script = completionScript(shell, COMMANDS);
      writeFileSync(rc, `stty cols 200\n${setUp}\n${script}\nPS1='ready> '\n`);
      const words = { bash: ['--rcfile', rc, '-i'], zsh: ['-d', '-i'] }[shell];
      const session = new Session(
        'python3',
        [`${ROOT}/test/support/terminal.py`, shell, ...words],
        {
          cwd: home,
          env: {
            ...shellEnvironment({ PROMETHEUS_MULTIPROC_DIR: directory }),
            HOME: home,
            ZDOTDIR: home,
            TERM: 'dumb',
          },
        },
      );
      try {
        await session.shows(/ready> \S*$/);
        for (const [line, completed] of typed) {
          session.stdout = '';
          session.type(`${line}\t`);
          await session.shows(new RegExp(`${escaped(completed)}$`));
          // Ctrl-U: nothing of it is run.
          session.stdout = '';
          session.type('\u0015\n');
          await session.shows(/ready> \S*$/);
        }
      } finally {
        session.kill();
      }
    });
  }

  it('prints the script, and refuses a shell it does not know', async () => {
    const { stdout, exitCode } = await promfold(['completion', 'fish']);
    assert.equal(stdout, completionScript('fish', COMMANDS));
    assert.equal(exitCode, 0);
    const wrong = await promfold(['completion', 'tcsh']);
    assert.deepEqual(
      [wrong.exitCode, wrong.stderr],
      [2, "promfold: SHELL: expected bash, zsh, fish, got 'tcsh'\n"],
    );
  });
});

describe('the manual page', () => {
  const page = manPage(COMMANDS, readTopics());

  it('has a section for each command, and each of its flags', () => {
    for (const { name, flags } of COMMANDS) {
      const section = page.split('.SS ').find((text) => text.startsWith(`promfold ${roff(name)}`));
      assert.ok(section, name);
      for (const key of flags) assert.ok(section.includes(roff(`--${FLAGS[key].name}`)), key);
    }
  });

  it('has lines that are a known request, or text', () => {
    for (const line of page.trimEnd().split('\n')) {
      assert.match(line, /^(?:\.(?:TH|SH|SS|TP|IP|B|I|PP|nf|fi|RS|RE|br)\b|[^.'])/);
    }
  });

  it('is formatted by groff without a warning', async (t) => {
    if (!(await hasProgram('groff'))) return t.skip('no groff here');
    const { stdout, stderr, exitCode } = await run('groff', ['-man', '-ww', '-Tutf8', '-P-c'], {
      input: page,
    });
    assert.deepEqual([exitCode, stderr], [0, '']);
    assert.match(stdout, /vllm|metric +files/);
  });

  it('escapes what roff would read', () => {
    assert.equal(roff(".a\\b-c'd"), '\\&.a\\eb\\-c\\(aqd');
    assert.equal(roff('x…'), 'x\\[u2026]');
  });

  it('is printed by man', async () => {
    const { exitCode, stderr, stdout } = await promfold(['man']);
    assert.deepEqual([exitCode, stderr, stdout], [0, '', page]);
  });
});
