/**
 * README and manual say what the program does: their tables are compared with what they are made of. A table stands
 * between `<!-- flags -->` and `<!-- /flags -->`; PROMFOLD_TEST_WRITE=1 writes those that differ.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, it } from 'node:test';
import { loadCommands } from '../src/cli/commands.js';
import { commandsTable } from '../src/cli/commands-table.js';
import { renderFlagsTable } from '../src/cli/flag-help.js';
import { FLAGS } from '../src/cli/flags.js';
import { ERROR_CODES } from '../src/errors.js';
import { findingPage } from '../src/inspect/findings/page.js';
import { RULES } from '../src/inspect/findings/rules.js';
import { blocksOf } from '../src/manual/markdown.js';
import { readTopic, readTopics } from '../src/manual/topics.js';
import { selfMetricsTable } from '../src/scrape/families/self-metrics.js';
import { apiTable } from '../src/serve/api/manual-table.js';
import { endpointsTable } from '../src/serve/endpoint.js';
import { faultsTable } from './faults/fault.js';
import { FAULTS } from './faults/matrix.js';
import { generatedBlock } from './support/generated-blocks.js';
import { ROOT } from './support/paths.js';

const COMMANDS = await loadCommands();

const readme = readFileSync(`${ROOT}/README.md`, 'utf8');

describe('the README', () => {
  it('has 200 lines at most', () => {
    assert.ok(readme.split('\n').length - 1 <= 200, `${readme.split('\n').length - 1} lines`);
  });

  it('has a line for each command, and no other', () => {
    const [, section = ''] = /^## Commands\n(.*?)^## /ms.exec(readme) ?? [];
    const named = [...section.matchAll(/^\s*promfold ([\w-]+)/gm)].map(([, name]) => name);
    assert.deepEqual(
      named,
      COMMANDS.map(({ name }) => name),
    );
  });

  it('links to each topic of the manual, by its name', () => {
    for (const { name } of readTopics()) {
      assert.ok(readme.includes(`[${name}](src/manual/${name}.md)`), name);
    }
  });

  it('has rows of the table of performance as that has them', () => {
    const rows = readme.match(/^\| (?:16 vLLM|1,000 processes).*$/gm) ?? [];
    const { text } = readTopic('performance');
    assert.equal(rows.length, 2);
    for (const row of rows) assert.ok(text.includes(row), row);
  });
});

describe('the manual', () => {
  const tables: [topic: string, block: string, expected: string][] = [
    ['commands', 'commands', commandsTable(COMMANDS)],
    ['flags', 'flags', renderFlagsTable(COMMANDS)],
    ['endpoints', 'endpoints', endpointsTable(FLAGS.telemetryPath.fallback!)],
    ['daemons', 'api', apiTable()],
    ['self-metrics', 'self-metrics', selfMetricsTable()],
    ['findings', 'findings', RULES.map(findingPage).join('\n\n')],
    ['faults', 'faults', faultsTable(FAULTS)],
  ];
  for (const [topic, block, expected] of tables) {
    it(`has the ${block} of the program`, () => {
      const found = generatedBlock(`${ROOT}/src/manual/${topic}.md`, block, expected);
      assert.equal(found, expected, `in ${topic}.md belongs:\n\n${expected}\n`);
    });
  }

  it('has one section for each error code, and no other', () => {
    const titles = blocksOf(readTopic('errors').text).flatMap((block) =>
      block.kind === 'heading' && block.level === 2 ? [block.text] : [],
    );
    assert.deepEqual(titles, ERROR_CODES);
  });

  for (const { name, title, text } of readTopics()) {
    it(`says in the first line of ${name} what it answers`, () => {
      assert.match(title, /^[A-Z][\w -]+: [\w`].+[^.]$/);
      assert.deepEqual(text.match(/^# /gm)?.length ?? 0, 1 + shellComments(text));
    });
  }
});

/** Lines of code that look like titles. */
function shellComments(text: string): number {
  const code = blocksOf(text).flatMap((block) => (block.kind === 'code' ? block.lines : []));
  return code.filter((line) => line.startsWith('# ')).length;
}

describe('links', () => {
  const documents = [
    'README.md',
    'src/README.md',
    'scripts/deploy/README.md',
    '.github/CONTRIBUTING.md',
    '.github/SECURITY.md',
    '.github/CHANGELOG.md',
    ...readTopics().map(({ name }) => `src/manual/${name}.md`),
  ];
  for (const document of documents) {
    it(`of ${document} lead to what there is`, () => {
      const text = readFileSync(`${ROOT}/${document}`, 'utf8');
      for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^https?:/.test(target!)) continue;
        const [path, anchor] = target!.split('#');
        const file = path === '' ? document : posix.join(posix.dirname(document), path!);
        assert.ok(existsSync(`${ROOT}/${file}`), target);
        if (anchor !== undefined) assert.ok(anchorsOf(file).includes(anchor), target);
      }
    });
  }
});

/** Of each heading, as a forge makes them. */
function anchorsOf(file: string): string[] {
  const text = readFileSync(`${ROOT}/${file}`, 'utf8');
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replace(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  );
}

describe('.github/SECURITY.md', () => {
  const security = `${readFileSync(`${ROOT}/.github/SECURITY.md`, 'utf8')}
${readTopic('security').text}`;

  it('is linked from the README', () => {
    assert.ok(readme.includes('(.github/SECURITY.md)'));
  });

  it('names flags that there are', () => {
    const flags = [...security.matchAll(/--[a-z][\w.-]*/g)].map(([flag]) => flag.slice(2));
    const names = [...Object.values(FLAGS).map(({ name }) => name), 'version'];
    assert.ok(flags.length > 10);
    assert.deepEqual(
      flags.filter((flag) => !names.includes(flag)),
      [],
    );
  });

  it('names files that there are', () => {
    const files = [...security.matchAll(/`(scripts\/[\w./-]+)`/g)].map(([, path]) => path);
    assert.ok(files.length > 0);
    for (const file of files) assert.ok(existsSync(`${ROOT}/${file}`), file);
  });
});

describe('.github/CONTRIBUTING.md', () => {
  const contributing = readFileSync(`${ROOT}/.github/CONTRIBUTING.md`, 'utf8');

  it('is linked from the README', () => {
    assert.ok(readme.includes('(.github/CONTRIBUTING.md)'));
  });

  it('names files and folders that there are', () => {
    const paths = contributing.match(/(?<![\w/])(?:src|test|scripts)\/[\w./*-]*[\w/]/g) ?? [];
    assert.ok(paths.length > 20);
    for (const path of paths.filter((path) => !path.includes('*'))) {
      assert.ok(existsSync(`${ROOT}/${path}`), path);
    }
  });

  it('names targets that the native Makefile has', () => {
    const makefile = readFileSync(`${ROOT}/native/Makefile`, 'utf8');
    const targets = [...contributing.matchAll(/make -C native ([a-z -]+)/g)].flatMap(([, words]) =>
      words!.trim().split(/ +/),
    );
    assert.ok(targets.length > 4);
    for (const target of targets) assert.match(makefile, new RegExp(`^${target}:`, 'm'));
  });
});

describe('.github/CHANGELOG.md', () => {
  const changelog = readFileSync(`${ROOT}/.github/CHANGELOG.md`, 'utf8');

  it('has the released version, and what is not released above it', () => {
    const { version } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8')) as {
      version: string;
    };
    const titles = [...changelog.matchAll(/^## \[(.*?)\]/gm)].map(([, title]) => title);
    assert.deepEqual(titles.slice(0, 2), ['Unreleased', version]);
  });

  it('names flags that there are', () => {
    const flags = [...changelog.matchAll(/`--([a-z][\w.-]*)/g)].map(([, flag]) => flag!);
    const names = Object.values(FLAGS).map(({ name }) => name as string);
    assert.ok(flags.length > 10);
    assert.deepEqual(
      flags.filter((flag) => !names.includes(flag)),
      [],
    );
  });
});
