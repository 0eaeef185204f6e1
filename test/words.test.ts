/** Words that nobody in the field uses, and that a reader stops at: none is in the sources, the tests or the pages. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { describe, it } from 'node:test';
import { ROOT } from './support/paths.js';

/** What to say instead. */
const BANNED: Readonly<Record<string, string>> = {
  census: 'file counts',
  'come of age': 'past the creation grace period',
  'give way': 'be renamed',
  'gives way': 'is renamed, is narrowed',
  heir: 'retained values',
  imprint: 'cached piece',
  'in step': 'contiguous',
  mend: 'repair, fix',
  mended: 'repaired, fixed',
  restated: 'stat',
  'slot bytes': 'value bytes',
  stated: 'stat',
  tally: 'file counts',
  twin: 'environment variable',
  veiled: 'needs a refresh',
};

/** And in native/, where they had meanings of their own. */
const BANNED_IN_NATIVE: Readonly<Record<string, string>> = {
  complaint: 'precondition error',
  foreign: 'unrecognised',
  inherit: 'retain',
  inherited: 'retained',
  'set aside': 'excluded',
  young: 'past the creation grace period',
};

/** And in what users and readers of the sources meet. */
const BANNED_IN_SOURCES: Readonly<Record<string, string>> = {
  anybody: 'any user',
  'as it stands': 'as the file has it',
  beside: 'next to',
  'goes on with': 'continues',
  'lets go of': 'stops, releases',
  'looked into': 'read',
  nobody: 'no process, no user',
  seldom: 'rarely',
  somebody: 'a user, a process',
  'told apart': 'distinguished, identified',
  whoever: 'the noun',
};

const TEXT = /(?:\.(?:ts|cc|h|py|md|yml|yaml|sh|gyp|json)|Makefile|scripts\/[a-z]+)$/;

const FOLDERS = ['.github', 'native', 'scripts', 'src', 'test'];
const NOT_OURS = /^native\/(?:build|headers|prebuilds)\/|golden\/|words\.test/;

/** Where a word is, alone, in the plural, or as a part of a name. */
function found(word: string, text: string): boolean {
  const [first, rest] = [word[0]!, word.slice(1)];
  const name = word.includes(' ') ? rest.replace(' ', '[ _]') : `${rest}s?`;
  // In `environmentTwin` a capital begins it, else no letter stands before it.
  const begin = `(?:(?<![A-Za-z])${first}|${first.toUpperCase()})`;
  return new RegExp(`${begin}${name}(?![a-z])`).test(text);
}

describe('words', () => {
  const inFolders = FOLDERS.flatMap((folder) =>
    readdirSync(`${ROOT}/${folder}`, { recursive: true, encoding: 'utf8' }).map(
      (path) => `${folder}/${path}`,
    ),
  ).filter(
    (path) => TEXT.test(path) && !NOT_OURS.test(path) && statSync(`${ROOT}/${path}`).isFile(),
  );
  const files = ['README.md', ...inFolders];

  const inNative = files.filter((path) => path.startsWith('native/'));
  const inSources = files.filter((path) => /^(?:src\/|README|\.github\/)/.test(path));
  const rules: [Readonly<Record<string, string>>, string[]][] = [
    [BANNED, files],
    [BANNED_IN_NATIVE, inNative],
    [BANNED_IN_SOURCES, inSources],
  ];
  for (const [banned, paths] of rules) {
    for (const [word, better] of Object.entries(banned)) {
      it(`${word}: ${better}`, () => {
        const text = (path: string) => readFileSync(`${ROOT}/${path}`, 'utf8');
        assert.deepEqual(
          paths.filter((path) => found(word, text(path))),
          [],
        );
      });
    }
  }

  it('are looked for in all that is written', () =>
    assert.ok(files.length > 400 && inNative.length > 100 && inSources.length > 200));

  const finds: [word: string, text: string, isThere: boolean][] = [
    ['heir', 'their names', false],
    ['heir', 'const heirs = 1', true],
    ['heir', 'bool is_heir() const', true],
    ['twin', 'environmentTwin', true],
    ['heir', 'class HeirSession', true],
    ['twin', 'its twin in the environment', true],
    ['in step', 'is_in_step = true', true],
    ['in step', 'begin stepping', false],
  ];
  for (const [word, text, isThere] of finds) {
    it(`finds ${word} in ${text}: ${isThere}`, () => assert.equal(found(word, text), isThere));
  }
});
