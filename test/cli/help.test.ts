/** The manual says the same in its files, in the terminal, through a pipe and in the manual page. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadCommands } from '../../src/cli/commands.js';
import { EXPLAINED_CODES, explanationOf } from '../../src/cli/explain-code.js';
import { manPage } from '../../src/cli/man.js';
import { manualText, shownLinks } from '../../src/cli/manual-text.js';
import { textWidth } from '../../src/cli/text-width.js';
import { ERROR_CODES } from '../../src/errors.js';
import { RULES } from '../../src/inspect/findings/rules.js';
import { type Block, blocksOf, withoutComments } from '../../src/manual/markdown.js';
import { readTopic, readTopics } from '../../src/manual/topics.js';
import { promfold } from '../support/cli.js';

const COMMANDS = await loadCommands();
const TOPICS = readTopics();

/** The texts of a block, without what a table or a list adds. */
function textsOf(block: Block): readonly string[] {
  switch (block.kind) {
    case 'code':
      return block.lines;
    case 'table':
      return block.rows.flat();
    default:
      return [block.text];
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}

describe('promfold help', () => {
  it('lists commands and topics', async () => {
    const { exitCode, stdout } = await promfold(['help']);
    assert.equal(exitCode, 0);
    for (const { name } of [...COMMANDS, ...TOPICS]) {
      assert.match(stdout, new RegExp(`^  ${name} `, 'm'));
    }
  });

  it('COMMAND is the help of the command, with its exit codes and its topic', async () => {
    const { exitCode, stdout } = await promfold(['help', 'check']);
    assert.deepEqual([exitCode, stdout], [0, (await promfold(['check', '--help'])).stdout]);
    assert.match(stdout, /^ {2}1 {2}an error was found$/m);
    assert.match(stdout, /^More: promfold help checking$/m);
  });

  it('TOPIC is the file, but for its comments', async () => {
    for (const { name, text } of [readTopic('budgets'), readTopic('flags'), readTopic('faults')]) {
      const { exitCode, stdout, stderr } = await promfold(['help', name]);
      assert.deepEqual([exitCode, stderr, stdout], [0, '', withoutComments(text)]);
    }
  });
});

describe('each command', () => {
  for (const { name, topic, exitCodes } of COMMANDS) {
    it(`${name} has a topic that there is, and a code for when all is well`, () => {
      assert.ok(TOPICS.some((each) => each.name === topic));
      assert.ok(exitCodes.length > 0);
    });
  }
});

describe('a topic in the terminal', () => {
  for (const { name, text } of TOPICS) {
    it(`${name} has all that the file has`, () => {
      const words = oneLine(manualText(text, 80));
      for (const block of blocksOf(text)) {
        for (const each of textsOf(block)) {
          const wanted = oneLine(block.kind === 'code' ? each : shownLinks(each)).trim();
          assert.ok(words.includes(wanted), wanted);
        }
      }
    });
  }

  it('is no wider than the terminal, but for code', () => {
    const shown = manualText(
      '# A title: of some words\n\nOne two three four.\n\n- five six seven\n',
      12,
    );
    assert.equal(
      shown,
      '# A title:\nof some\nwords\n\nOne two\nthree four.\n\n- five six\n  seven\n',
    );
    for (const line of shown.split('\n')) assert.ok(textWidth(line) <= 12);
  });

  it('has a table as columns where they fit, else a row below the other', () => {
    const table = '| name | what |\n|---|---|\n| a | one two three |\n| b | four |\n';
    assert.equal(manualText(table, 80), 'name  what\na     one two three\nb     four\n');
    assert.equal(manualText(table, 15), 'a\n  what: one two\n  three\n\nb\n  what: four\n');
  });

  it('says how to follow a link', () => {
    const text = `See [budgets](${'budgets'}.md), [a map](../${'map'}.md) and [this](https://example.com).`;
    assert.equal(
      manualText(text, 80),
      'See budgets (promfold help budgets), a map and this (https://example.com).\n',
    );
  });
});

describe('the manual page', () => {
  const page = oneLine(
    manPage(COMMANDS, TOPICS)
      .replace(/\\f[BR]/g, '')
      .replace(/\\\[u([0-9A-F]+)\]/g, (_, code: string) =>
        String.fromCodePoint(Number(`0x${code}`)),
      )
      .replaceAll('\\(aq', "'")
      .replaceAll('\\(dq', '"')
      .replaceAll('\\-', '-')
      .replaceAll('\\&', '')
      .replaceAll('\\e', '\\'),
  );

  /** As roff has it: without marks, and without where links lead. */
  const plain = (text: string) =>
    oneLine(text.replace(/\[([^\]]+)\]\([^)\s]+\)/g, '$1').replace(/\*\*|`/g, '')).trim();

  for (const { name, text } of TOPICS.filter(
    (each) => !['commands', 'flags'].includes(each.name),
  )) {
    it(`has all of the topic ${name}`, () => {
      for (const block of blocksOf(text)) {
        for (const each of textsOf(block)) {
          const wanted = block.kind === 'code' ? oneLine(each).trim() : plain(each);
          assert.ok(page.includes(wanted), wanted);
        }
      }
    });
  }

  it('has the exit codes of each command, and the codes of check', () => {
    for (const { exitCodes } of COMMANDS) {
      for (const [code, meaning] of exitCodes) assert.ok(page.includes(`${code}: ${meaning}`));
    }
    for (const { code } of RULES) assert.ok(page.includes(`.SS ${code} `), code);
  });
});

describe('check --explain', () => {
  it('prints the page of a finding, as the topic has it, and needs no directory', async () => {
    const { text } = readTopic('findings');
    for (const { code } of [RULES[0]!, RULES.at(-1)!]) {
      const { exitCode, stdout, stderr } = await promfold(['check', '--explain', code]);
      assert.deepEqual([exitCode, stderr], [0, '']);
      assert.match(stdout, new RegExp(`^## ${code}\n`));
      assert.ok(text.includes(stdout.trimEnd()));
    }
  });

  it('prints the section of an error code', async () => {
    const findings = new Set(RULES.map(({ code }) => code));
    const code = ERROR_CODES.find((each) => !findings.has(each))!;
    const { exitCode, stdout } = await promfold(['check', `--explain=${code}`]);
    assert.equal(exitCode, 0);
    assert.ok(readTopic('errors').text.includes(stdout.trimEnd()));
  });

  for (const code of EXPLAINED_CODES) {
    it(`has something to say of ${code}`, () => {
      assert.ok(explanationOf(code).text.split('\n').length > 2);
    });
  }

  it('prints JSON', async () => {
    const { stdout } = await promfold(['check', '--explain', 'LINT', '--json']);
    assert.equal(JSON.parse(stdout).code, 'LINT');
  });
});
