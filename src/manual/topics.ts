/**
 * The topics of the manual: the Markdown files of this folder. The first line of a file is its title, which says what
 * the topic answers.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';

export interface Topic {
  /** The file name without its suffix, as for `promfold help`. */
  readonly name: string;
  readonly title: string;
  /** The whole file. */
  readonly text: string;
}

const SUFFIX = '.md';

/** The package has the files at the same path as the tree, wherever this module is compiled or bundled to. */
function folder(): URL {
  for (let place = new URL('.', import.meta.url); ; place = new URL('..', place)) {
    const found = new URL('src/manual/', place);
    if (existsSync(new URL(`commands${SUFFIX}`, found))) return found;
    if (place.pathname === '/') throw new Error(`no src/manual above ${import.meta.url}`);
  }
}

/** In the order of their names. */
export function topicNames(): string[] {
  return readdirSync(folder())
    .filter((file) => file.endsWith(SUFFIX))
    .map((file) => file.slice(0, -SUFFIX.length))
    .sort();
}

/** @param name one of topicNames() */
export function readTopic(name: string): Topic {
  const text = readFileSync(new URL(`${name}${SUFFIX}`, folder()), 'utf8');
  const [, title = ''] = /^# (.*)/.exec(text) ?? [];
  return { name, title, text };
}

export function readTopics(): Topic[] {
  return topicNames().map(readTopic);
}
