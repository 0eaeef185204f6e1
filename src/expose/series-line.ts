/**
 * The line of a series up to its number; the same in all formats.
 *
 *   http_requests_total{method="GET"}      the name is legal or escaped
 *   {"http.requests",method="GET"}         allow-utf-8, and the name is not legal
 *
 * A family can have 100,000 of them, which differ in little but their label values. So names are
 * escaped once per family, and the text around the values once per set of label names.
 *
 * Source: exposition.py, generate_latest; `reference.md` H3, H6, and N6 for sample names.
 */
import type { Labels } from '../format/key.js';
import { namesToForce } from './collision.js';
import type { Escaping } from './dialect.js';
import {
  escapeLabelName,
  escapeMetricName,
  escapeQuoted,
  forceLabelName,
  forceMetricName,
} from './escaping.js';
import type { ExposedSeries } from './family.js';

/** One set of label names, reached by walking its names in order. */
interface LabelNames {
  readonly next: Map<string, LabelNames>;
  /** `method="`, one for each name; made when the first series needs it. */
  opening: readonly string[] | undefined;
}

/**
 * Makes the function that prints one family's series, with the blank before the number.
 *
 * @param renamed another family is called so already: sample names are forced, too
 */
export function seriesLines(
  escaping: Escaping,
  renamed: boolean,
): (series: ExposedSeries) => string {
  const printedName = new Map<string, string>();
  const root: LabelNames = { next: new Map(), opening: undefined };

  const printName = (sampleName: string): string => {
    let printed = printedName.get(sampleName);
    if (printed === undefined) {
      printed = renamed ? forceMetricName(sampleName) : escapeMetricName(sampleName, escaping);
      printedName.set(sampleName, printed);
    }
    return printed;
  };

  return ({ sampleName, labels }) => {
    const name = printName(sampleName);
    const quoted = name[0] === '"';
    if (labels.length === 0) return quoted ? `{${name}} ` : `${name} `;

    let names = root;
    for (const label of labels) names = step(names, label[0]);
    names.opening ??= openings(escaping, labels);
    const opening = names.opening;

    let line = quoted ? `{${name},` : `${name}{`;
    for (let i = 0; i < labels.length; i++) {
      if (i > 0) line += ',';
      line += `${opening[i]!}${escapeQuoted(labels[i]![1])}"`;
    }
    return `${line}} `;
  };
}

function step(from: LabelNames, name: string): LabelNames {
  let to = from.next.get(name);
  if (to === undefined) {
    to = { next: new Map(), opening: undefined };
    from.next.set(name, to);
  }
  return to;
}

function openings(escaping: Escaping, labels: Labels): string[] {
  const spelling = labels.map(([name]) => escapeLabelName(name, escaping));
  const forced = labels.map(([name]) => forceLabelName(name));
  const giveWay = namesToForce(spelling, forced, isMetricNameLabel);
  return spelling.map((name, i) => `${giveWay.has(i) ? forced[i] : name}="`);
}

/** `..name..` in underscores would be Prometheus' own label for the metric name, given twice. */
function isMetricNameLabel(spelling: string): boolean {
  return spelling === '__name__' || spelling === '"__name__"';
}
