/**
 * Every document that a comment or a page cites is in the tree or given by its URL, and the rules of src/reference.md are
 * those that are cited, no more and no fewer.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import {
  danglingRules,
  documentsIn,
  placesOf,
  rulesCitedIn,
  rulesOf,
  uncitedRules,
} from './support/citations.js';
import { ROOT } from './support/paths.js';

const REFERENCE = 'src/reference.md';

/** Has the bad examples below. */
const SELF = 'test/citations.test.ts';

/** Made by others or by programs: metric files, expositions, the addon's build. */
const NOT_OURS = /(?:^|\/)(?:build|headers|prebuilds|corpus|node_modules|golden\/[^/]+)\//;
const TEXT = /\.(?:ts|cc|h|py|rb|md|sh|ya?ml|cjs|service)$|(?:^|\/)[A-Za-z]+$/;

function files(): string[] {
  const below = ['src', 'native', 'test', 'scripts', '.github'].flatMap((folder) =>
    readdirSync(`${ROOT}/${folder}`, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => `${entry.parentPath}/${entry.name}`.slice(ROOT.length + 1)),
  );
  return ['README.md', ...below].filter(
    (path) => TEXT.test(path) && !NOT_OURS.test(path) && path !== SELF,
  );
}

const texts = files().map((path) => ({ path, text: readFileSync(`${ROOT}/${path}`, 'utf8') }));
const rules = rulesOf(readFileSync(`${ROOT}/${REFERENCE}`, 'utf8'));

describe('documents', () => {
  it('that are cited are in the tree, or given by a URL', () => {
    const dangling = texts.flatMap(({ path, text }) =>
      documentsIn(text)
        .filter((name) => !placesOf(name, path).some((place) => existsSync(`${ROOT}/${place}`)))
        .map((name) => `${path} cites ${name}`),
    );
    assert.deepEqual(dangling, []);
  });

  it('are looked for in every kind of file', () => {
    for (const path of [
      'README.md',
      'native/core/file_format.h',
      'native/Makefile',
      'scripts/test',
    ]) {
      assert.ok(
        texts.some((file) => file.path === path),
        `${path} was not read`,
      );
    }
  });
});

describe('rules of src/reference.md', () => {
  const citing = texts.map(({ path, text }) => ({ path, cited: rulesCitedIn(text) }));

  it('that are cited are there', () => {
    const dangling = citing.flatMap(({ path, cited }) =>
      danglingRules(cited, rules).map((rule) => `${path} cites ${rule}`),
    );
    assert.deepEqual(dangling, []);
  });

  it('that are there are cited', () => {
    const elsewhere = citing.filter(({ path }) => path !== REFERENCE);
    assert.deepEqual(
      uncitedRules(
        elsewhere.flatMap(({ cited }) => cited),
        rules,
      ),
      [],
    );
  });

  it('have one number each, ascending in their section', () => {
    const number = (rule: string) => rule.charCodeAt(0) * 100 + Number(rule.slice(1));
    assert.ok(rules.length > 50, 'the rules were not found');
    assert.deepEqual(
      rules,
      [...new Set(rules)].toSorted((a, b) => number(a) - number(b)),
    );
  });
});

describe('the check of documents', () => {
  const places: [title: string, path: string, text: string, places: string[][]][] = [
    [
      'a page next to the file',
      'src/plan/plan.ts',
      '// pain.md',
      [['pain.md', 'src/plan/pain.md']],
    ],
    [
      'a path from the root',
      'src/plan/plan.ts',
      ' * `src/gone.md` 3.',
      [['src/gone.md', 'src/plan/src/gone.md']],
    ],
    [
      'a link in a page',
      'scripts/deploy/README.md',
      '[a](../../GONE.md#b)',
      [['../../GONE.md', 'GONE.md']],
    ],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text of a source file
    ['a path below ROOT', 'test/a.test.ts', '`${ROOT}/GONE.md`', [['GONE.md', '/GONE.md']]],
    ['a hidden folder', 'README.md', '(.github/GONE.md)', [['.github/GONE.md', '.github/GONE.md']]],
    ['a URL, which is none', 'README.md', 'https://example.com/a/gone.md and so on', []],
    ['another suffix, which is none', 'README.md', 'gone.mdx', []],
  ];
  for (const [title, path, text, expected] of places) {
    it(`sees ${title}`, () => {
      const found = documentsIn(text).map((name) => placesOf(name, path));
      assert.equal(found.length, expected.length);
      for (const [index, [place]] of expected.entries()) {
        assert.ok(found[index]!.includes(place!), `${found[index]} lacks ${place}`);
      }
      for (const place of found.flat()) assert.ok(!existsSync(`${ROOT}/${place}`), place);
    });
  }
});

describe('the check of rules', () => {
  const some = ['A1', 'A2', 'E1', 'E2', 'N13'];
  const dangling: [title: string, text: string, rules: string[]][] = [
    ['a number that is not there', '/** `reference.md` E3. */', ['E3']],
    ['one in a list', '/** `src/reference.md` E2, N14, A1. */', ['N14']],
    ['one in a range', '// src/reference.md A1 to A4.', ['A4', 'A3']],
    ['one in a range over two lines', '/**\n * `src/reference.md` A1 to\n * A3.\n */', ['A3']],
    ['a section', '/** `src/reference.md` E and F. */', ['F']],
    ['a section after a rule', '/** `src/reference.md` E2, G; client_python#1 */', ['G']],
    ['one in the title of a test', "// `src/reference.md`\ndescribe('N15: budgets', …", ['N15']],
    ['one on the next line', '// src/reference.md E2,\n// E4', ['E4']],
  ];
  for (const [title, text, expected] of dangling) {
    it(`refuses ${title}`, () => {
      assert.deepEqual(danglingRules(rulesCitedIn(text), some).toSorted(), expected.toSorted());
    });
  }

  const fine: [title: string, text: string][] = [
    ['rules that are there', '/** `src/reference.md` E2, A1 to A2 and N13; E. */'],
    ['a file that cites no rules', '// the control characters C0 and C1'],
    [
      'a word that begins with a letter of a section',
      '// src/reference.md Every rule has a number.',
    ],
  ];
  for (const [title, text] of fine) {
    it(`allows ${title}`, () => assert.deepEqual(danglingRules(rulesCitedIn(text), some), []));
  }

  it('finds a rule that nobody cites', () => {
    assert.deepEqual(uncitedRules(['A1', 'E', 'N13'], some), ['A2']);
  });

  it('reads the rules of a page', () => {
    assert.deepEqual(rulesOf('# A\n\n- **A1** One.\n  More of A2.\n- **A3** Two.\n'), ['A1', 'A3']);
  });
});
