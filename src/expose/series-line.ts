/**
 * The line of a series up to its number; the same in all formats.
 *
 *   http_requests_total{method="GET"}      the name is legal or escaped
 *   {"http.requests",method="GET"}         allow-utf-8, and the name is not legal
 *
 * A family can have 100,000 of them, which differ in little but their label values. So the text around
 * the values is made once for each sample name with each set of label names.
 *
 * Source: exposition.py, generate_latest; `src/reference.md` H3, H6, and N6 for sample names.
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

/** A sample name and the label names after it, one step each. */
interface Names {
  readonly next: Map<string, Names>;
  /**
   * `requests_total{method="`, value, `",path="`, value, `"} `: the values are set for each series.
   * Undefined until a series has exactly these names.
   */
  pieces: string[] | undefined;
}

/**
 * Makes the function that prints one family's series, with the blank before the number.
 *
 * @param renamed another family has the name already: sample names are forced, too
 */
export function seriesLines(
  escaping: Escaping,
  renamed: boolean,
): (series: ExposedSeries) => string {
  const root: Names = { next: new Map(), pieces: undefined };

  return ({ sampleName, labels }) => {
    let names = step(root, sampleName);
    for (let i = 0; i < labels.length; i++) names = step(names, labels[i]![0]);
    names.pieces ??= piecesOf(sampleName, labels, escaping, renamed);

    // One array used again, and joined: 40 ms for 100,000 lines of three labels, where adding strings
    // took 70 to 200 ms and left them to be flattened later (Node 20, 2 cores).
    const { pieces } = names;
    for (let i = 0; i < labels.length; i++) pieces[2 * i + 1] = escapeQuoted(labels[i]![1]);
    return pieces.join('');
  };
}

function step(from: Names, name: string): Names {
  let to = from.next.get(name);
  if (to === undefined) {
    to = { next: new Map(), pieces: undefined };
    from.next.set(name, to);
  }
  return to;
}

function piecesOf(
  sampleName: string,
  labels: Labels,
  escaping: Escaping,
  renamed: boolean,
): string[] {
  const name = renamed ? forceMetricName(sampleName) : escapeMetricName(sampleName, escaping);
  const quoted = name[0] === '"';
  if (labels.length === 0) return [quoted ? `{${name}} ` : `${name} `];

  const pieces: string[] = [];
  for (const [i, labelName] of labelNames(labels, escaping).entries()) {
    const before = i > 0 ? '",' : quoted ? `{${name},` : `${name}{`;
    pieces.push(`${before}${labelName}="`, '');
  }
  pieces.push('"} ');
  return pieces;
}

function labelNames(labels: Labels, escaping: Escaping): string[] {
  const spelling = labels.map(([name]) => escapeLabelName(name, escaping));
  const forced = labels.map(([name]) => forceLabelName(name));
  const mustForce = namesToForce(spelling, forced, isMetricNameLabel);
  return spelling.map((name, i) => (mustForce.has(i) ? forced[i]! : name));
}

/** `..name..` escaped to underscores would be `__name__`, Prometheus' own label for the metric name. */
function isMetricNameLabel(spelling: string): boolean {
  return spelling === '__name__' || spelling === '"__name__"';
}
