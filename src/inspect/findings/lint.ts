/**
 * Names, units and help that `promtool check metrics` warns about, without promtool.
 *
 * Source of the rules: prometheus/client_golang, testutil/promlint; Prometheus docs, "Metric and label naming".
 * Words are promtool's, so that both can be searched for.
 */
import { formatCount } from '../quantity.js';
import type { IndexedFamily } from '../series-structure.js';
import type { Evidence, Rule } from './finding.js';
import { ofStructure } from './of-structure.js';

/** What promlint must know of a family. */
export type LintedFamily = Pick<IndexedFamily, 'name' | 'type' | 'help'> & {
  readonly labelNames: ReadonlySet<string>;
};

const BASE_UNITS = 'amperes bytes celsius grams joules kelvin meters metres seconds volts'.split(
  ' ',
);

const OTHER_UNITS: Readonly<Record<string, string>> = {
  minutes: 'seconds',
  hours: 'seconds',
  days: 'seconds',
  weeks: 'seconds',
  kelvins: 'kelvin',
  fahrenheit: 'celsius',
  rankine: 'celsius',
  inches: 'meters',
  yards: 'meters',
  miles: 'meters',
  bits: 'bytes',
  calories: 'joules',
  pounds: 'grams',
  ounces: 'grams',
};

const PREFIX =
  /^(?:pico|nano|micro|milli|centi|deci|deca|hecto|kilo|kibi|mega|mibi|giga|gibi|tera|tebi|peta|pebi)/;

const ABBREVIATION = /_(?:s|ms|us|ns|sec|b|kb|mb|gb|tb|pb|m|h|d)(?:_|$)/;

const TYPE_WORD = /_(counter|gauge|summary|histogram)(?:_|$)/g;

const CAMEL_CASE = /[a-z][A-Z]/;

/** @returns warnings, each once, in promtool's words */
export function lintFamily({ name, type, help, labelNames }: LintedFamily): string[] {
  const isHistogram = type === 'histogram' || type === 'gaugehistogram';
  const isSummary = type === 'summary';
  const warnings = new Set<string>();
  const warnIf = (isWrong: boolean, text: string) => isWrong && warnings.add(text);

  warnIf(help === '', 'no help text');
  // The text format appends what a counter's family lacks, so only others can be wrong about it.
  warnIf(
    type !== 'counter' && type !== 'unknown' && name.endsWith('_total'),
    'non-counter metrics should not have "_total" suffix',
  );
  if (type !== 'unknown') {
    warnIf(
      !isHistogram && name.endsWith('_bucket'),
      'non-histogram metrics should not have "_bucket" suffix',
    );
    for (const suffix of ['_count', '_sum']) {
      warnIf(
        !isHistogram && !isSummary && type !== 'counter' && name.endsWith(suffix),
        `non-histogram and non-summary metrics should not have "${suffix}" suffix`,
      );
    }
    warnIf(
      !isHistogram && labelNames.has('le'),
      'non-histogram metrics should not have "le" label',
    );
    warnIf(
      !isSummary && labelNames.has('quantile'),
      'non-summary metrics should not have "quantile" label',
    );
  }
  const unit = unitIn(name);
  if (unit !== undefined && unit.base !== unit.found) {
    warnIf(true, `use base unit "${unit.base}" instead of "${unit.found}"`);
  }
  const lower = name.toLowerCase();
  for (const [, word] of lower.matchAll(TYPE_WORD)) {
    warnIf(true, `metric name should not include type '${word}'`);
  }
  warnIf(name.includes(':'), "metric names should not contain ':'");
  warnIf(CAMEL_CASE.test(name), "metric names should be written in 'snake_case' not 'camelCase'");
  warnIf(
    [...labelNames].some((label) => CAMEL_CASE.test(label)),
    "label names should be written in 'snake_case' not 'camelCase'",
  );
  warnIf(ABBREVIATION.test(lower), 'metric names should not contain abbreviated units');
  return [...warnings];
}

/** The first unit among the words of a name. */
function unitIn(name: string): { found: string; base: string } | undefined {
  for (const word of name.split('_')) {
    const bare = word.replace(PREFIX, '');
    for (const unit of [word, bare]) {
      if (BASE_UNITS.includes(unit)) return { found: word, base: unit };
      if (Object.hasOwn(OTHER_UNITS, unit)) return { found: word, base: OTHER_UNITS[unit]! };
    }
  }
  return undefined;
}

/** Families named for one warning; the rest are counted. */
const MAX_NAMES = 3;

export const lint: Rule = {
  code: 'LINT',
  severity: 'info',
  title: 'names, units or help that promtool warns about',
  effect: 'The numbers are right, but dashboards and people read units from names.',
  cure: 'Rename them in the application, when its dashboards change anyway. See prometheus.io/docs/practices/naming.',
  find: ofStructure(function* ({ families }) {
    const linted = families.map(({ name, type, help, series }) => {
      const labelNames = new Set<string>();
      for (const { kind } of series) {
        if (kind.isBucket) continue;
        for (const label of kind.keyNames) labelNames.add(label);
      }
      return { name, type, help, labelNames };
    });
    yield* lintFamilies(linted);
  }),
};

/** One piece of evidence for each warning. */
export function* lintFamilies(families: Iterable<LintedFamily>): IterableIterator<Evidence> {
  const namesOf = new Map<string, string[]>();
  for (const family of families) {
    for (const warning of lintFamily(family)) {
      const names = namesOf.get(warning);
      if (names === undefined) namesOf.set(warning, [family.name]);
      else names.push(family.name);
    }
  }
  for (const [warning, names] of namesOf) {
    const more =
      names.length > MAX_NAMES ? ` and ${formatCount(names.length - MAX_NAMES)} more` : '';
    const text = `${warning}: ${names.slice(0, MAX_NAMES).join(', ')}${more}`;
    yield names.length === 1 ? { text, family: names[0]! } : { text };
  }
}
