/**
 * The golden cases: which directories there are, in which dialects each has an expected exposition,
 * and where promfold's answer is deliberately not the one that was recorded (`src/reference.md` N).
 */
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dialect, Escaping } from '../../src/expose/dialect.js';
import { goNumber } from '../reference.js';
import { dialect } from './dialect.js';
import { linesOf, numberOf, parseSample } from './exposition.js';
import { tempDirectory } from './temp.js';

export interface GoldenCase {
  readonly name: string;
  readonly path: string;
}

export interface Expectation {
  /** Base name of the expected file. */
  readonly file: string;
  readonly dialect: Dialect;
  readonly text: string;
}

export function goldenCases(root: string): GoldenCase[] {
  return readdirSync(root)
    .filter((name) => existsSync(join(root, name, 'meta.json')))
    .sort()
    .map((name) => ({ name, path: join(root, name) }));
}

/** A copy that may be written to. */
export function copyOfFiles({ path }: GoldenCase): string {
  const directory = tempDirectory();
  const files = join(path, 'files');
  if (existsSync(files)) cpSync(files, directory, { recursive: true });
  return directory;
}

const ESCAPINGS: readonly Escaping[] = ['allow-utf-8', 'underscores', 'dots', 'values'];

export function expectationsOf(golden: GoldenCase): Expectation[] {
  const wanted: [file: string, dialect: Dialect][] = [
    ['expected.prom', dialect('text')],
    ['expected.om', dialect('openmetrics')],
  ];
  for (const escaping of ESCAPINGS) {
    wanted.push([`expected.${escaping}.prom`, dialect('text-1.0.0', escaping)]);
    wanted.push([`expected.${escaping}.om`, dialect('openmetrics', escaping)]);
  }
  return wanted
    .filter(([file]) => existsSync(join(golden.path, file)))
    .map(([file, dialect]) => ({
      file,
      dialect,
      text: withDifferences(golden.name, file, readFileSync(join(golden.path, file), 'utf8')),
    }));
}

/** The expected exposition with our deliberate differences. */
function withDifferences(name: string, file: string, text: string): string {
  if (name === 'newline-name') return newlineName(file);
  let lines = linesOf(text);
  if (OLD_NUMBERS.has(name)) lines = lines.map(withTodaysNumbers);
  lines = withoutRepeated(lines.map((line) => withDistinctLabels(name, line)));
  const more = OLDER_KEY[name]?.[file];
  if (more) lines.splice(file.endsWith('.om') ? -1 : lines.length, 0, ...more);
  return lines.map((line) => `${line}\n`).join('');
}

/** A key of an older shape is read in any layout: the reference cannot read these entries at all. */
const OLDER_KEY: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'bad-json-3': {
    'expected.prom': [
      '# HELP x_total Multiprocess metric',
      '# TYPE x_total counter',
      'x_total 11.0',
    ],
    'expected.om': ['# HELP x Multiprocess metric', '# TYPE x counter', 'x_total 11.0'],
  },
  'bad-json-list-labels': {
    'expected.prom': ['# HELP x Multiprocess metric', '# TYPE x counter', 'x{a="b"} 11.0'],
    'expected.om': ['# HELP x Multiprocess metric', '# TYPE x unknown', 'x{a="b"} 11.0'],
  },
};

/** Printed by clients that wrote 1e6 as `1000000.0` and bounds as they were given. */
const OLD_NUMBERS = new Set(['web-v0.0.21', 'web-0.0.16-earliest']);

function withTodaysNumbers(line: string): string {
  if (line.startsWith('#')) return line;
  const { value } = parseSample(line);
  return `${line.slice(0, -value.length)}${goNumber(numberOf(value))}`.replace(
    /le="([^"]*)"/,
    (_, bound: string) => `le="${goNumber(numberOf(bound))}"`,
  );
}

/** N9: a series that the reference prints twice is printed once, the last one winning. */
function withoutRepeated(lines: readonly string[]): string[] {
  const last = new Map<string, string>();
  for (const line of lines) {
    last.set(line.startsWith('#') ? line : line.slice(0, line.lastIndexOf(' ')), line);
  }
  return [...last.values()];
}

/** Label names as the application wrote them, of series where escaping makes two of them equal. */
const ORIGINAL_LABELS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'utf8-names': [
    ['a.b', 'a_b'],
    ['0', 'B', 'a.b', 'quote"d', 'z', '\uffee', '\u{1f600}'],
  ],
  'utf8-names-v0.22.0': [['a.b', 'a_b']],
  'js-names': [['0', '1', 'constructor', 'toString']],
};

/** N9: of two label names that escaping makes equal, the later one is printed in `values`. */
function withDistinctLabels(name: string, line: string): string {
  const printed = [...line.matchAll(/[{,]([a-zA-Z_][a-zA-Z0-9_]*)=/g)].map((m) => m[1]!);
  if (line.startsWith('#') || new Set(printed).size === printed.length) return line;
  const original = ORIGINAL_LABELS[name]?.find((labels) => labels.length === printed.length);
  if (!original) return line;
  let index = 0;
  const used = new Set<string>();
  return line.replace(/([{,])([a-zA-Z_][a-zA-Z0-9_]*)=/g, (_, before: string, label: string) => {
    const distinct = used.has(label) ? valuesEscaped(original[index]!) : label;
    used.add(label);
    index += 1;
    return `${before}${distinct}=`;
  });
}

/** The `values` escaping of a label name, written from the specification. */
function valuesEscaped(name: string): string {
  let escaped = 'U__';
  for (const [index, rune] of [...name].entries()) {
    if (rune === '_') escaped += '__';
    else if (/[a-zA-Z]/.test(rune) || (index > 0 && /[0-9]/.test(rune))) escaped += rune;
    else escaped += `_${rune.codePointAt(0)!.toString(16)}_`;
  }
  return escaped;
}

/** J5: a name that ends in a newline is escaped like one with a newline inside. */
function newlineName(file: string): string {
  const [, scheme, format] = /^expected(?:\.(.*))?\.(prom|om)$/.exec(file)!;
  const printed: Record<string, [first: string, second: string, sample: string, other: string]> = {
    underscores: ['nl_', 'nl_tail', 'nl_{lab_="x"}', 'nl_tail'],
    dots: ['nl__', 'nl__tail', 'nl__{lab__="x"}', 'nl__tail'],
    values: ['U__nl_a_', 'U__nl_a_tail', 'U__nl_a_{U__lab_a_="x"}', 'U__nl_a_tail'],
    'allow-utf-8': ['"nl\\n"', '"nl\\ntail"', '{"nl\\n","lab\\n"="x"}', '{"nl\\ntail"}'],
  };
  const [first, second, sample, other] = printed[scheme ?? 'underscores']!;
  return (
    `# HELP ${first} name ends in a newline\n# TYPE ${first} gauge\n${sample} 1.0\n` +
    `# HELP ${second} newline inside\n# TYPE ${second} gauge\n${other} 1.0\n` +
    (format === 'om' ? '# EOF\n' : '')
  );
}
