/**
 * The findings on an exposition, text or OpenMetrics, of any application: what can be told without files. Names and units,
 * label sets, series of processes, and lines that come twice.
 */
import { MetricFileError } from '../../errors.js';
import { helpTexts, parseExposition } from '../exposition.js';
import { formatCount } from '../quantity.js';
import { seriesName } from '../series-name.js';
import {
  labelCardinality,
  MANY_LABEL_SETS,
  MANY_PROCESSES,
  manyLabelSets,
  manyProcesses,
  pidExplosion,
  widestOf,
} from './cardinality.js';
import { identicalSeries } from './conflicts.js';
import { type CheckView, type Evidence, inOrderOfSeverity, type Rule } from './finding.js';
import { type LintedFamily, lint, lintFamilies } from './lint.js';

type RuleText = Omit<Rule, 'find'>;

/** Two lines with one name and one set of labels. */
const REPEATED: RuleText = {
  ...identicalSeries,
  effect: 'Prometheus takes one of the lines and drops the others.',
  cure: 'Find out which two collectors export it.',
};

export const EXPOSITION_RULES: readonly RuleText[] = [
  REPEATED,
  labelCardinality,
  pidExplosion,
  lint,
];

/** Samples of a family that have a name of their own in the text format, and the labels that make them samples. */
const OF_SAMPLES = ['le', 'quantile'];

class ExposedFamily {
  readonly type: string;
  readonly labelNames = new Set<string>();
  readonly labelSets = new Set<string>();
  readonly processes = new Set<string>();
  readonly values = new Map<string, Set<string>>();
  samples = 0;

  constructor(type: string) {
    this.type = type;
  }
}

/** @throws MetricFileError FILE_UNREADABLE with the line that is no sample */
export function checkExposition(path: string, text: Uint8Array): CheckView {
  const families = new Map<string, ExposedFamily>();
  const seen = new Set<string>();
  const repeated = new Map<string, { count: number; readonly example: string }>();
  try {
    for (const { family: name, type, sampleName, labels } of parseExposition(text)) {
      let family = families.get(name);
      if (family === undefined) {
        family = new ExposedFamily(type);
        families.set(name, family);
      }
      family.samples++;
      const line = JSON.stringify([sampleName, labels]);
      if (seen.has(line)) {
        const known = repeated.get(name);
        if (known === undefined)
          repeated.set(name, { count: 1, example: seriesName(sampleName, labels) });
        else known.count++;
      }
      seen.add(line);
      const isBucket = sampleName.endsWith('_bucket');
      const own = labels.filter(([label]) => !OF_SAMPLES.includes(label));
      for (const [label] of labels) {
        if (!(isBucket && label === 'le')) family.labelNames.add(label);
      }
      family.labelSets.add(JSON.stringify(own.filter(([label]) => label !== 'pid')));
      for (const [label, value] of own) {
        if (label === 'pid') family.processes.add(value);
        const values = family.values.get(label);
        if (values === undefined) family.values.set(label, new Set([value]));
        else values.add(value);
      }
    }
  } catch (error) {
    throw new MetricFileError('FILE_UNREADABLE', path, (error as Error).message, { cause: error });
  }
  const evidence: readonly (readonly [RuleText, readonly Evidence[]])[] = [
    [REPEATED, Array.from(repeated, ([family, of]) => repeatedLines(family, of))],
    [labelCardinality, [...tooManyLabelSets(families)]],
    [pidExplosion, [...tooManyProcesses(families)]],
    [lint, [...lintFamilies(linted(families, helpTexts(text)))]],
  ];
  const findings = evidence.flatMap(([{ code, severity, title, effect, cure }, found]) =>
    found.length === 0 ? [] : [{ code, severity, title, effect, cure, evidence: found }],
  );
  return inOrderOfSeverity(path, Date.now() / 1000, findings);
}

function repeatedLines(
  family: string,
  { count, example }: { count: number; example: string },
): Evidence {
  return { text: `${family}: ${formatCount(count)} lines too many, such as ${example}`, family };
}

function* tooManyLabelSets(families: ReadonlyMap<string, ExposedFamily>): Iterable<Evidence> {
  for (const [name, { labelSets, values }] of families) {
    if (labelSets.size > MANY_LABEL_SETS) {
      yield manyLabelSets(name, labelSets.size, widestOf(values));
    }
  }
}

function* tooManyProcesses(families: ReadonlyMap<string, ExposedFamily>): Iterable<Evidence> {
  for (const [name, { processes, samples }] of families) {
    if (processes.size > MANY_PROCESSES) yield manyProcesses(name, samples, processes.size);
  }
}

function* linted(
  families: ReadonlyMap<string, ExposedFamily>,
  helps: ReadonlyMap<string, string>,
): Iterable<LintedFamily> {
  for (const [exposed, { type, labelNames }] of families) {
    // The text format appends what the name of a counter lacks.
    const name = type === 'counter' ? exposed.replace(/_total$/, '') : exposed;
    const known = type === 'untyped' ? 'unknown' : type;
    yield { name, type: known as LintedFamily['type'], help: helps.get(exposed) ?? '', labelNames };
  }
}
