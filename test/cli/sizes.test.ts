/**
 * A sample of scripts/sizes, which runs every command on a million series, 10,000 files and 640 MiB of keys: here on
 * 130,000 series of one family, as many as arguments of a call overflow V8's stack, and on a few long names and values.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ROOT } from '../support/paths.js';
import { run } from '../support/process.js';
import { tempDirectory } from '../support/temp.js';

const SIZES = `${ROOT}/dist/scripts/large/sizes.js`;
const SERIES = 130_000;

interface Line {
  readonly command: string;
  readonly lines: number;
  readonly maxRssMebibytes: number;
  readonly fault?: string;
}

async function measured(
  shape: string,
  count: number,
  commands: readonly string[],
  ...rest: string[]
) {
  const chosen = commands.map((command) => `--command=${command}`);
  const args = ['--json', `--dir=${tempDirectory()}`, `--shape=${shape}`, `--count=${count}`];
  const { exitCode, stdout, stderr } = await run(process.execPath, [
    SIZES,
    ...args,
    ...chosen,
    ...rest,
  ]);
  const lines = stdout.split('\n').filter((line) => line !== '');
  return { exitCode, stderr, lines: lines.map((line) => JSON.parse(line) as Line) };
}

describe('every command ends as it should, and shows', () => {
  const cases: [title: string, shape: string, count: number, commands: string[]][] = [
    [
      'one family in one file',
      'one-file',
      SERIES,
      ['cat', 'explain --all', 'check', 'diff', 'snapshot', 'scrape'],
    ],
    ['one histogram', 'one-histogram', SERIES, ['explain --all']],
    ['one gauge of mode all', 'mode-all', SERIES, ['explain --json']],
    ['long label values', 'long-values', 8, ['cat', 'explain', 'check', 'scrape']],
    ['long names', 'long-names', 8, ['ls', 'explain', 'check', 'scrape']],
  ];
  for (const [title, shape, count, commands] of cases) {
    it(title, async () => {
      const { exitCode, stderr, lines } = await measured(shape, count, commands, '--to=pipe');
      assert.deepEqual(
        lines.filter(({ fault }) => fault !== undefined),
        [],
      );
      assert.equal(exitCode, 0, stderr);
      for (const command of commands) {
        assert.ok(
          lines.some((line) => line.command.startsWith(command)),
          command,
        );
      }
      // Of a command that could not be measured it is null.
      for (const { maxRssMebibytes } of lines) assert.ok(maxRssMebibytes > 10);
    });
  }
});

describe('scripts/sizes', () => {
  it('makes the file that a command reads', async () => {
    const { exitCode, lines } = await measured('one-file', 10, ['ls']);
    assert.equal(exitCode, 0);
    assert.deepEqual([...new Set(lines.map(({ command }) => command.split(' ')[0]))].sort(), [
      'ls',
      'snapshot',
    ]);
  });

  it('says what took too long', async () => {
    const { exitCode, lines } = await measured('one-file', 10, ['check'], '--seconds=0.01');
    assert.equal(exitCode, 1);
    assert.match(lines[0]!.fault!, /^ended with SIGKILL/);
  });

  it('refuses a command that there is not', async () => {
    const { exitCode, stderr } = await measured('one-file', 10, ['chekc']);
    assert.equal(exitCode, 2);
    assert.match(stderr, /--command: .*chekc/);
  });
});
