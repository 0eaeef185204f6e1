/**
 * The README says what the program does: its generated tables are compared with what they are made of.
 * A table stands between `<!-- flags -->` and `<!-- /flags -->`; on a mismatch the test prints the one
 * that belongs there.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { loadCommands } from '../src/cli/commands.js';
import { renderFlagsTable } from '../src/cli/flag-help.js';
import { FLAGS } from '../src/cli/flags.js';
import { ERROR_CODES } from '../src/errors.js';
import { selfMetricsTable } from '../src/scrape/families/self-metrics.js';
import { endpointsTable } from '../src/serve/endpoint.js';
import { faultsTable } from './faults/fault.js';
import { FAULTS } from './faults/matrix.js';
import { ROOT } from './support/paths.js';

const COMMANDS = await loadCommands();

const readme = readFileSync(`${ROOT}/README.md`, 'utf8');

function block(name: string): string {
  const [, found] = new RegExp(`<!-- ${name} -->\n(.*?)<!-- /${name} -->`, 's').exec(readme) ?? [];
  assert.ok(found !== undefined, `README.md has no <!-- ${name} --> … <!-- /${name} -->`);
  return found.trim();
}

describe('the README', () => {
  const tables: [name: string, expected: string][] = [
    ['flags', renderFlagsTable(COMMANDS)],
    ['endpoints', endpointsTable(FLAGS.telemetryPath.fallback!)],
    ['self-metrics', selfMetricsTable()],
    ['faults', faultsTable(FAULTS)],
  ];
  for (const [name, expected] of tables) {
    it(`has the table of ${name}`, () => {
      assert.equal(block(name), expected, `between the markers belongs:\n\n${expected}\n`);
    });
  }

  it('has one entry for each error code, and no other', () => {
    const [, section = ''] = /^## When something is wrong\n(.*?)^## /ms.exec(readme) ?? [];
    const entries = [...section.matchAll(/^\*\*([A-Z_]+)\*\*/gm)].map(([, code]) => code);
    assert.deepEqual(entries, ERROR_CODES);
  });
});

describe('.github/SECURITY.md', () => {
  const security = readFileSync(`${ROOT}/.github/SECURITY.md`, 'utf8');

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
