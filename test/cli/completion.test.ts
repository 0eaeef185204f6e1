/** Completion scripts and the manual page hold every command and flag, and are read by what they are for. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadCommands } from '../../src/cli/commands.js';
import { completionScript, SHELLS } from '../../src/cli/completion.js';
import { FLAGS } from '../../src/cli/flags.js';
import { manPage, roff } from '../../src/cli/man.js';
import { promfold } from '../support/cli.js';
import { ROOT } from '../support/paths.js';
import { run } from '../support/process.js';

const COMMANDS = await loadCommands();

const hasProgram = async (name: string): Promise<boolean> =>
  (await run('sh', ['-c', `command -v ${name}`])).exitCode === 0;

/** Read, do not run, the text that follows. */
const PARSE_ONLY = { bash: ['-n', '-c'], zsh: ['-n', '-c'], fish: ['-N', '-n', '-c'] } as const;

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
    [['promfold', 'run', '--ke'], ['--keep']],
    [['promfold', 'run', '--log.level', 'info', '--', 'declar'], ['declare']],
    [['promfold', 'run', '--', 'cat', `${ROOT}/READ`], [`${ROOT}/README.md`]],
  ];
  for (const [words, replies] of completed) {
    it(`bash completes ${words.slice(1).join(' ')}`, async () => {
      const test = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})
        COMP_CWORD=${words.length - 1}
        _promfold
        printf '%s\\n' "\${COMPREPLY[@]}"`;
      const { stdout, stderr } = await run('bash', [
        '-c',
        `${completionScript('bash', COMMANDS)}\n${test}`,
      ]);
      assert.equal(stderr, '');
      assert.deepEqual(stdout.trim().split('\n'), replies);
    });
  }

  it('fish completes the command of run', async (t) => {
    if (!(await hasProgram('fish'))) return t.skip('no fish here');
    const { stdout } = await run('fish', [
      '-N',
      '-c',
      `${completionScript('fish', COMMANDS)}\ncomplete -C 'promfold run --log.level info -- mkfif'`,
    ]);
    assert.match(stdout, /^mkfifo\b/);
  });

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
  const page = manPage(COMMANDS);

  it('has a section for each command, and each of its flags', () => {
    for (const { name, flags } of COMMANDS) {
      const section = page.split('.SS ').find((text) => text.startsWith(`promfold ${roff(name)}`));
      assert.ok(section, name);
      for (const key of flags) assert.ok(section.includes(roff(`--${FLAGS[key].name}`)), key);
    }
  });

  it('has lines that are a known request, or text', () => {
    for (const line of page.trimEnd().split('\n')) {
      assert.match(line, /^(?:\.(?:TH|SH|SS|TP|B|I|PP|nf|fi|RS|RE|br)\b|[^.'])/);
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
