/**
 * What comments and pages cite: documents by name, and rules of src/reference.md by number. Found by text alone.
 *
 * A document is named by its path from the root or from the folder of the file that names it; what is part of a URL is
 * not looked at. In a file that names src/reference.md every token such as `E2` is a rule, `A1 to A6` is six of them, and a letter
 * after the document's name, as in `src/reference.md` E and F, is the whole section.
 */
import { posix } from 'node:path';

const DOCUMENT = /[\w./-]*[\w-]\.md\b/g;
const URL = /https?:\/\/[^\s)>\]]+/g;
const RULE = /\b[A-N]\d{1,2}\b/g;
const RANGE = /\b([A-N])(\d{1,2}) to \1(\d{1,2})\b/g;
const SECTIONS = /\breference\.md`?,? ((?:[A-N]\d{0,2}\b(?:, | and | to )?)+)/g;
/** The end of a line and what a comment begins the next one with. */
const LINE_BREAK = /\n[ \t]*(?:\*(?!\/)|\/\/|#)?[ \t]*/g;

/** @returns as they are written, without `${ROOT}` */
export function documentsIn(text: string): string[] {
  const found =
    text
      .replace(/\$\{ROOT\}/g, '')
      .replace(URL, '')
      .match(DOCUMENT) ?? [];
  return [...new Set(found)];
}

/**
 * @param path of the file that names it, relative to the root
 * @returns where the document may be, relative to the root
 */
export function placesOf(document: string, path: string): string[] {
  const fromRoot = posix.normalize(document.replace(/^\/+/, ''));
  return [fromRoot, posix.join(posix.dirname(path), document)];
}

/** @returns rules such as `E2`, and letters of sections cited whole; empty where src/reference.md is not named */
export function rulesCitedIn(text: string): string[] {
  if (!/\breference\.md\b/.test(text)) return [];
  const oneLine = text.replace(LINE_BREAK, ' ');
  const cited = new Set(oneLine.match(RULE));
  for (const [, letter, first, last] of oneLine.matchAll(RANGE)) {
    for (let number = Number(first); number <= Number(last); number++)
      cited.add(`${letter}${number}`);
  }
  for (const [, list] of oneLine.matchAll(SECTIONS)) {
    for (const section of list!.match(/\b[A-N]\b/g) ?? []) cited.add(section);
  }
  return [...cited];
}

/** The rules that src/reference.md has, in its order: each begins a list item in bold. */
export const rulesOf = (reference: string): string[] =>
  [...reference.matchAll(/^- \*\*([A-N]\d{1,2})\*\* /gm)].map(([, rule]) => rule!);

/** @returns what is cited and not there */
export function danglingRules(cited: readonly string[], rules: readonly string[]): string[] {
  const there = new Set(rules.flatMap((rule) => [rule, rule[0]!]));
  return cited.filter((rule) => !there.has(rule));
}

/** @returns what is there and cited nowhere */
export function uncitedRules(cited: readonly string[], rules: readonly string[]): string[] {
  const named = new Set(cited);
  return rules.filter((rule) => !named.has(rule) && !named.has(rule[0]!));
}
