/**
 * A PromQL vector selector, and what it selects.
 *
 *   http_requests_total{method="GET",path=~"/api/.*"}     {"http.requests", method!="GET"}
 *   {__name__=~"vllm:.*"}                                 http_requests_total{method="GET"} 12.0
 *
 * The last is a line copied from /metrics: its value is ignored. Regular expressions are
 * anchored, as in PromQL, and are JavaScript's where Prometheus has RE2: RE2's own `(?i)`, `(?s)`, `(?U)`, `\z`,
 * `\A`, `\Q…\E` and `[[:alpha:]]` are refused, look-ahead and back references are taken. No range, no offset, no function.
 *
 * Names are compared as stored and as the text format spells them (`a.b` is also `a_b`), and `__name__` with the
 * sample's name and with its family's, so that `http_requests` and the bare name of a histogram match.
 *
 * Source: Prometheus docs, querying/basics; promql/parser.
 */
import { UsageError } from '../errors.js';
import { escapeLabelName, escapeMetricName } from '../expose/escaping.js';
import type { Labels } from '../format/key.js';

export type MatchOperator = '=' | '!=' | '=~' | '!~';

export interface Matcher {
  readonly label: string;
  readonly operator: MatchOperator;
  readonly value: string;
}

/** What a selector is compared with. */
export interface Selectable {
  readonly family: string;
  readonly sampleName: string;
  readonly labels: Labels;
}

const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const LABEL_NAME = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const OPERATOR = /=~|!~|!=|=/y;
const BLANK = /\s*/y;
/** A value, and a timestamp, as in an exposition. */
const COPIED = /(?<=[\s}])\s*(?:[+-]?(?:Inf|NaN|[\d.]+(?:e[+-]?\d+)?))(?:\s+-?[\d.]+)?\s*$/iy;
const ONLY_RE2 = /\(\?[a-zA-Z-]*[isUm]|\\[zAQEC]|\[\[:/;

interface MatcherTest {
  readonly label: string;
  readonly positive: boolean;
  readonly test: (value: string) => boolean;
}

/** Families; most directories have a few hundred. */
const MAX_KNOWN_NAMES = 10_000;

export class Selector {
  readonly matchers: readonly Matcher[];
  readonly #nameTests: readonly MatcherTest[];
  readonly #labelTests: readonly MatcherTest[];
  /** By family and sample name: many series have the same. */
  readonly #knownNames = new Map<string, Map<string, boolean>>();

  /** @throws UsageError with the character at which it is wrong */
  constructor(text: string) {
    this.matchers = parseMatchers(text);
    const tests = this.matchers.map(
      ({ label, operator, value }): MatcherTest => ({
        label,
        positive: operator === '=' || operator === '=~',
        test:
          operator === '=' || operator === '!='
            ? (other) => other === value
            : regexTest(text, value),
      }),
    );
    this.#nameTests = tests.filter(({ label }) => label === '__name__');
    this.#labelTests = tests.filter(({ label }) => label !== '__name__');
  }

  /** The value of the matcher `__name__="…"`; undefined without one. */
  get name(): string | undefined {
    return this.matchers.find(({ label, operator }) => label === '__name__' && operator === '=')
      ?.value;
  }

  /** Whether any matcher is about this label. */
  hasLabel(name: string): boolean {
    return this.matchers.some(({ label }) => label === name);
  }

  /** Labels are read only if the names are selected. */
  selects(series: Selectable): boolean {
    if (!this.selectsNames(series)) return false;
    if (this.#labelTests.length === 0) return true;
    return this.selectsLabels(series.labels);
  }

  /** @param ignored labels whose matchers do not count */
  selectsLabels(labels: Labels, ignored: readonly string[] = []): boolean {
    return this.#labelTests.every(
      ({ label, positive, test }) =>
        ignored.includes(label) || positive === test(labelValue(labels, label)),
    );
  }

  /** Whether a series of these names is selected, if its labels are. */
  selectsNames({ family, sampleName }: Pick<Selectable, 'family' | 'sampleName'>): boolean {
    if (this.#nameTests.length === 0) return true;
    let ofFamily = this.#knownNames.get(family);
    if (ofFamily === undefined) {
      ofFamily = new Map();
      if (this.#knownNames.size < MAX_KNOWN_NAMES) this.#knownNames.set(family, ofFamily);
    }
    let isSelected = ofFamily.get(sampleName);
    if (isSelected === undefined) {
      const names = namesOf({ family, sampleName });
      isSelected = this.#nameTests.every(({ positive, test }) => positive === names.some(test));
      ofFamily.set(sampleName, isSelected);
    }
    return isSelected;
  }
}

function namesOf({ family, sampleName }: Pick<Selectable, 'family' | 'sampleName'>): string[] {
  const names = [sampleName, family];
  return [...names, ...names.map((name) => escapeMetricName(name, 'underscores'))];
}

/** Empty for a label that does not exist, as in PromQL. */
function labelValue(labels: Labels, wanted: string): string {
  const exact = labels.find(([name]) => name === wanted);
  const found = exact ?? labels.find(([name]) => escapeLabelName(name, 'underscores') === wanted);
  return found?.[1] ?? '';
}

function regexTest(text: string, pattern: string): (value: string) => boolean {
  const only = ONLY_RE2.exec(pattern);
  if (only) {
    throw new UsageError(
      `selector ${text}: regular expression '${pattern}' has ${only[0]}, which promfold does not support`,
    );
  }
  try {
    const expression = anchored(pattern);
    return (value) => expression.test(value);
  } catch (error) {
    const why = (error as Error).message.replace(
      /^Invalid regular expression: (?:.*\/\w*: )?/s,
      '',
    );
    throw new UsageError(`selector ${text}: regular expression '${pattern}': ${why}`);
  }
}

/** Prometheus' dot matches a newline since 3.0. */
function anchored(pattern: string): RegExp {
  try {
    return new RegExp(`^(?:${pattern})$`, 'su');
  } catch {
    // RE2 lets any punctuation be escaped, which `u` forbids.
    return new RegExp(`^(?:${pattern})$`, 's');
  }
}

function parseMatchers(text: string): Matcher[] {
  const matchers: Matcher[] = [];
  let at = 0;
  const fail = (expected: string): never => {
    refuseExpression(text);
    const got = at < text.length ? `'${[...text.slice(at)][0]}'` : 'the end';
    throw new UsageError(
      `selector ${text}: expected ${expected}, got ${got} at character ${at + 1}`,
    );
  };
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    at += found?.length ?? 0;
    return found;
  };
  const takeString = (): string | undefined => {
    const quote = text[at];
    if (quote !== '"' && quote !== "'" && quote !== '`') return undefined;
    let value = '';
    for (at++; text[at] !== quote; at++) {
      if (at >= text.length) fail(`the closing ${quote}`);
      if (text[at] !== '\\' || quote === '`') {
        value += text[at];
        continue;
      }
      at++;
      const escapeCode = /u[\da-fA-F]{4}|x[\da-fA-F]{2}|[abfnrtv\\"']/y;
      const found = take(escapeCode);
      // A pattern such as "\d" with one backslash is not PromQL, but its meaning is clear.
      if (found === undefined) {
        value += '\\';
        at--;
      } else {
        value += unescaped(found);
        at--;
      }
    }
    at++;
    return value;
  };

  take(BLANK);
  const name = take(NAME);
  if (name !== undefined) matchers.push({ label: '__name__', operator: '=', value: name });
  take(BLANK);
  if (text[at] === '{') {
    at++;
    for (;;) {
      take(BLANK);
      if (text[at] === '}') break;
      const quoted = takeString();
      const label = quoted ?? take(LABEL_NAME) ?? fail("a label name or '}'");
      take(BLANK);
      const operator = take(OPERATOR) as MatchOperator | undefined;
      if (operator === undefined) {
        const isName = quoted !== undefined && (text[at] === ',' || text[at] === '}');
        if (!isName) fail('=, !=, =~ or !~');
        if (matchers.some((matcher) => matcher.label === '__name__' && matcher.operator === '=')) {
          fail('=, since the name is given already');
        }
        matchers.push({ label: '__name__', operator: '=', value: quoted! });
      } else {
        take(BLANK);
        const value = takeString() ?? fail('a quoted value');
        matchers.push({ label, operator, value });
      }
      take(BLANK);
      if (text[at] === ',') at++;
      else if (text[at] !== '}') fail("',' or '}'");
    }
    at++;
  } else if (name === undefined) {
    fail("a metric name or '{'");
  }
  take(COPIED);
  take(BLANK);
  if (at < text.length) fail('the end');
  if (matchers.length === 0) {
    at = text.length;
    fail('at least one matcher');
  }
  return matchers;
}

const STRING = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/g;

/** What makes a text, without its strings and braces, an expression. */
const EXPRESSION: readonly RegExp[] = [
  // A function or an aggregation.
  /^\s*[a-zA-Z_]\w*\s*(?:(?:by|without)\b\s*)?\(|^\s*\(/,
  // A range, and modifiers.
  /\[[\w\s:]*\]|\w\s+offset\s|@/,
  // An operator.
  /[\w)\]]\s*(?:[-+*/%^<>]|[=!]=)|\s(?:and|or|unless)\s/,
];

/** Labels of a grouping are not names of series. */
const GROUPING = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g;

/** A name, with its braces, that is not a function. */
const INNER =
  /[a-zA-Z_:][a-zA-Z0-9_:]*(?![a-zA-Z0-9_:]|\s*\()(?:\{(?:[^{}"'`]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')*\})?/;

/** @throws UsageError for PromQL that is more than a selector, with the selector in it */
function refuseExpression(text: string): void {
  const bare = text.replace(STRING, '""').replace(/\{[^{}]*\}/g, '_');
  // Within braces there are no operators but those of matchers.
  if (/[{}]/.test(bare) || !EXPRESSION.some((part) => part.test(bare))) return;
  const inner = INNER.exec(text.replace(GROUPING, ''))?.[0];
  const hint = inner === undefined ? '' : `; try ${inner}`;
  throw new UsageError(`selector ${text}: expected a selector, not an expression${hint}`);
}

const NAMED_ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

function unescaped(code: string): string {
  if (code.length > 1) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
  return NAMED_ESCAPES[code] ?? code;
}
