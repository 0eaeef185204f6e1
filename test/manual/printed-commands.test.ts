/**
 * Every command that README and manual print is run, as a reader would: in bash, with `promfold` on the path, on a
 * directory of a server that is like vLLM. Paths below /run, ports and the home directory are the test's own.
 *
 * How blocks are marked that cannot be run: test/support/printed-commands.ts.
 */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { loadCommands } from '../../src/cli/commands.js';
import { FLAGS } from '../../src/cli/flags.js';
import { readTopics } from '../../src/manual/topics.js';
import { freePort } from '../support/free-port.js';
import { counter, writeMetricFile } from '../support/metric-file.js';
import { currentPython, deployPython } from '../support/parts.js';
import { MAIN, ROOT } from '../support/paths.js';
import {
  blocksIn,
  commandsOf,
  type Mark,
  missingLine,
  type PrintedBlock,
} from '../support/printed-commands.js';
import { run } from '../support/process.js';
import { tempDirectory } from '../support/temp.js';
import { VllmLike } from '../support/vllm-like.js';

const DOCUMENTS: readonly (readonly [name: string, text: string])[] = [
  ['README.md', readFileSync(`${ROOT}/README.md`, 'utf8')],
  ...readTopics().map(({ name, text }) => [`src/manual/${name}.md`, text] as const),
];

const MARKS: readonly Mark[] = [
  'not run',
  'stand-in',
  'needs',
  'output not compared',
  'prints',
  'daemon',
];
const LANGUAGES = ['sh', 'console', 'text', 'python', 'promql', 'yaml', 'ini'];

/** Programs whose lines are commands, so none may stand in a block of text. */
const COMMAND = /^(?:\$ |(?:curl|docker|export|kubectl|mkdir|npm|npx|ssh) )/;

/** What may be before the first prompt of its shell: daemons are waited for, and stopped at the end. */
const PRELUDE = `
set -euo pipefail
trap 'kill $(jobs -p) 2> /dev/null || true; wait || true' EXIT
listening() { for _ in {1..200}; do [ -S "$1" ] || (: < "/dev/tcp/127.0.0.1/$1") 2> /dev/null && return; sleep 0.1; done; return 1; }
`;

let place = '';
let environment: NodeJS.ProcessEnv = {};
let vllm: VllmLike | undefined;
let ports: Record<'19925' | '8000', number>;

function program(folder: string, name: string, text: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), `#!/bin/bash\n${text}\n`);
  chmodSync(join(folder, name), 0o755);
}

const python = currentPython();

before(async () => {
  if (python.skip) return;
  place = tempDirectory();
  const directory = join(place, 'run/prom');
  for (const folder of ['run/prom', 'work', 'home', 'tmp']) {
    mkdirSync(join(place, folder), { recursive: true });
  }
  symlinkSync(`${ROOT}/test`, join(place, 'work/test'));
  // 1 is an answer. A daemon has to be the process that is stopped.
  program(
    join(place, 'bin'),
    'promfold',
    `case \${1-} in serve|run|top) exec '${process.execPath}' '${MAIN}' "$@" ;; esac
'${process.execPath}' '${MAIN}' "$@" || { code=$?; [ $code -eq 1 ] || exit $code; }`,
  );
  ports = { 19925: await freePort(), 8000: await freePort() };
  environment = {
    HOME: join(place, 'home'),
    TMPDIR: join(place, 'tmp'),
    PATH: [
      join(place, 'stand-ins'),
      join(place, 'bin'),
      dirname(deployPython().path),
      process.env.PATH,
    ].join(delimiter),
    PROMETHEUS_MULTIPROC_DIR: directory,
    PROMFOLD_WEB_LISTEN_ADDRESS: `127.0.0.1:${ports[19925]}`,
    GUNICORN_CMD_ARGS: `--bind 127.0.0.1:${ports[8000]}`,
    PYTHONDONTWRITEBYTECODE: '1',
  };
  writeMetricFile(join(directory, 'counter_1.db'), [counter('jobs', 7)]);
  vllm = await VllmLike.start(python.path, {
    environment: { PROMETHEUS_MULTIPROC_DIR: directory },
  });
  await vllm.serve(0, { requests: 3 });
});

after(() => vllm?.stop());

/** The test's own paths and ports in place of those of a machine. */
function here(text: string): string {
  return text
    .replaceAll('/run/', `${place}/run/`)
    .replace(/\b(?:19925|8000)\b/g, (port) => String(ports[port as keyof typeof ports]));
}

/** `promfold serve` in the foreground is the last thing of a block: here it is stopped once it listens. */
function shellLine(line: string): string {
  if (!/^promfold serve\b/.test(line) || line.endsWith('&')) return line;
  const [, socket = ports[19925]] = /unix:(\S+)/.exec(line) ?? [];
  return `${line} & listening ${socket}; kill -TERM $!; wait $!`;
}

async function runBlock(block: PrintedBlock, script: string): Promise<string> {
  const standIn = block.marks.get('stand-in')?.split(',')[0];
  const folder = join(place, 'stand-ins');
  // Long enough for promfold to start listening.
  if (standIn !== undefined) program(folder, standIn, 'sleep 1');
  const daemon = block.marks.get('daemon');
  const begun =
    daemon === undefined ? '' : `${daemon} > /dev/null 2>&1 & listening ${ports[19925]}\n`;
  const { exitCode, stdout, stderr } = await run('bash', ['-c', PRELUDE + begun + script], {
    cwd: join(place, 'work'),
    env: environment,
  });
  if (standIn !== undefined) program(folder, standIn, 'exit 127');
  assert.equal(exitCode, 0, `${script}\n${stdout}${stderr}`);
  return stdout.replaceAll(place, '');
}

/** @returns what is missing here of the programs that a block needs */
async function missing(block: PrintedBlock): Promise<string | undefined> {
  if (python.skip) return python.skip;
  for (const needed of block.marks.get('needs')?.split(', ') ?? []) {
    const { exitCode } = await run('bash', ['-c', `command -v ${needed}`], { env: environment });
    if (exitCode !== 0) return `no ${needed} here`;
  }
  return undefined;
}

for (const [name, text] of DOCUMENTS) {
  describe(name, () => {
    for (const block of blocksIn(text)) {
      const { language, line, lines, marks } = block;
      const isPython = language === 'python';
      const notRun = marks.get('not run');
      if (notRun !== undefined || !['sh', 'console', 'python'].includes(language)) continue;
      it(`line ${line}: ${lines[0]}`, async (t) => {
        const reason = await missing(block);
        if (reason !== undefined) return t.skip(reason);
        if (isPython) {
          const [, file] = /^# ([\w.]+\.py)$/.exec(lines[0]!)!;
          writeFileSync(join(place, 'work', file!), `${lines.join('\n')}\n`);
        } else if (language === 'sh') {
          const script = here(lines.join('\n')).split('\n').map(shellLine).join('\n');
          const printed = await runBlock(block, withWaiting(script));
          assert.ok(printed.includes(marks.get('prints') ?? ''), printed);
        } else {
          for (const { command, output } of commandsOf(lines)) {
            const printed = await runBlock(block, here(command));
            if (marks.has('output not compared')) continue;
            assert.equal(missingLine(output, printed), undefined, printed);
          }
        }
      });
    }

    it('has its commands in blocks that are run, or say why not', () => {
      for (const { language, line, lines, marks } of blocksIn(text)) {
        const at = `${name}:${line}`;
        assert.ok(LANGUAGES.includes(language), `${at}: a block of '${language}'`);
        for (const mark of marks.keys()) assert.ok(MARKS.includes(mark as Mark), `${at}: ${mark}`);
        if (language !== 'text') continue;
        assert.ok(!lines.some((each) => COMMAND.test(each)), `${at} has a command`);
      }
    });
  });
}

/** What a reader types after a moment: a request, once there is somebody to answer. */
function withWaiting(script: string): string {
  return script.replace(
    /^(.*\bcurl -s http:\/\/127\.0\.0\.1:(\d+).*)$/gm,
    (line, _, port) => `listening ${port}\n${line}`,
  );
}

describe('commands within the text', () => {
  it('are commands and flags that there are', async () => {
    const commands = await loadCommands();
    let count = 0;
    for (const [name, text] of DOCUMENTS) {
      for (const [, words] of text.matchAll(/`promfold\s+([^`]+)`/g)) {
        const [first = '', ...rest] = words!.split(/\s+/);
        const command = commands.find((each) => each.name === first);
        assert.ok(command || /^(?:-|DIR$|COMMAND$)/.test(first), `${name}: promfold ${words}`);
        const own = rest.slice(0, rest.includes('--') ? rest.indexOf('--') : undefined);
        const known = ['help', 'version', ...(command?.flags ?? []).map((key) => FLAGS[key].name)];
        for (const word of own.filter((each) => each.startsWith('--'))) {
          const [, flag] = /^--([\w.-]+)/.exec(word)!;
          assert.ok(known.includes(flag!), `${name}: promfold ${words}`);
        }
        count += 1;
      }
    }
    assert.ok(count > 20);
  });
});

describe('the check itself', () => {
  const [marked, after] = blocksIn(
    '<!-- not run: no cluster -->\n<!-- needs: jq, curl -->\n```sh\na\n\nb\n```\n\n```text\nc\n```\n',
  );

  it('reads the marks before a block, and of no other', () => {
    assert.deepEqual(
      [...marked!.marks],
      [
        ['not run', 'no cluster'],
        ['needs', 'jq, curl'],
      ],
    );
    assert.deepEqual([marked!.line, marked!.lines], [3, ['a', '', 'b']]);
    assert.deepEqual([after!.language, after!.marks.size], ['text', 0]);
  });

  it('tells commands from what they print', () => {
    assert.deepEqual(commandsOf(['$ a', 'one', '$ b']), [
      { command: 'a', output: ['one'] },
      { command: 'b', output: [] },
    ]);
  });

  const compared: [
    title: string,
    output: string[],
    printed: string,
    missing: string | undefined,
  ][] = [
    ['lines in their order', ['a', 'c'], 'a\nb\nc\n', undefined],
    ['lines in another order', ['c', 'a'], 'a\nb\nc\n', 'a'],
    ['another age, and other line breaks', ['seen  5d ago'], 'seen\n12m ago', undefined],
    ['another number', ['sum 5'], 'sum 6', 'sum 5'],
  ];
  for (const [title, output, printed, missing] of compared) {
    it(`compares ${title}`, () => assert.equal(missingLine(output, printed), missing));
  }
});
