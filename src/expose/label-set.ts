/**
 * Label sets as text, so that those of the directory can be compared with those of an external page:
 *
 *   method="GET",path="/"
 *
 * sorted by name, spelled as in allow-utf-8, and without the inner label, in which the samples of one label set differ:
 * the bound of a bucket, the quantile of a summary, the state of a stateset.
 *
 * Source: OpenMetrics 1.0.0, "Metric" (a label set of a family) and its samples.
 */
import type { MetricType } from '../format/filename.js';
import type { Labels } from '../format/key.js';
import { escapeLabelName, escapeMetricName, escapeQuoted } from './escaping.js';

const QUOTE = 0x22;
const COMMA = 0x2c;
const EQUALS = 0x3d;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;

/** The label in which the samples of one label set differ; undefined where there is none. */
export function innerLabel(type: MetricType, family: string): string | undefined {
  if (type === 'histogram' || type === 'gaugehistogram') return 'le';
  if (type === 'summary') return 'quantile';
  return type === 'stateset' ? family : undefined;
}

/** The same as it is spelled in a prefix. */
export function innerLabelBytes(type: MetricType, family: string): Buffer | undefined {
  const label = innerLabel(type, family);
  return label === undefined ? undefined : Buffer.from(escapeLabelName(label, 'allow-utf-8'));
}

/** @param labels sorted by name */
export function labelSetText(labels: Labels): string {
  const pairs = labels.map(
    ([name, value]) => `${escapeLabelName(name, 'allow-utf-8')}="${escapeQuoted(value)}"`,
  );
  return pairs.join(',');
}

/** Sample name and labels as allow-utf-8 has them, without the blank before the number. */
export function prefixText(sampleName: string, labels: Labels): string {
  const name = escapeMetricName(sampleName, 'allow-utf-8');
  const pairs = labelSetText(labels);
  if (name[0] !== '"') return pairs === '' ? name : `${name}{${pairs}}`;
  return pairs === '' ? `{${name}}` : `{${name},${pairs}}`;
}

/** A label in a text like labelSetText(), as offsets: `name="value"` is [from..to). */
export interface LabelPair {
  readonly from: number;
  /** Where the name ends, its quotes included. */
  readonly nameTo: number;
  readonly to: number;
}

/** The labels of a text like labelSetText(). */
export function labelPairs(set: Buffer): LabelPair[] {
  const pairs: LabelPair[] = [];
  for (let from = 0; from < set.length; ) {
    const nameTo = nameEnd(set, from);
    const to = quotedEnd(set, nameTo + 1);
    pairs.push({ from, nameTo, to });
    from = to + 1;
  }
  return pairs;
}

/**
 * Finds the label set in a prefix that is spelled like prefixText().
 *
 * @param inner the label to leave out, as it is spelled there
 * @param target receives the text, from offset 0; at least as long as the prefix
 * @returns length of the text
 */
export function writeLabelSet(
  bytes: Buffer,
  from: number,
  to: number,
  inner: Buffer | undefined,
  target: Buffer,
): number {
  let at = from;
  if (bytes[at] === OPEN) {
    // The name is inside, in quotes.
    at = quotedEnd(bytes, at + 1);
    if (bytes[at] === COMMA) at++;
  } else {
    while (at < to && bytes[at] !== OPEN) at++;
    at++;
  }
  const end = to - 1;
  let written = 0;
  while (at < end) {
    const nameTo = nameEnd(bytes, at);
    const pairEnd = quotedEnd(bytes, nameTo + 1);
    if (inner === undefined || !isAt(bytes, at, nameTo, inner)) {
      if (written > 0) target[written++] = COMMA;
      for (let i = at; i < pairEnd; i++) target[written++] = bytes[i]!;
    }
    at = pairEnd + 1;
  }
  return written;
}

/** The equals sign after the name that begins here. */
function nameEnd(bytes: Buffer, from: number): number {
  let at = bytes[from] === QUOTE ? quotedEnd(bytes, from) : from;
  while (bytes[at] !== EQUALS) at++;
  return at;
}

/** Just after the closing quote of the text that begins here with a quote. */
function quotedEnd(bytes: Buffer, from: number): number {
  let at = from + 1;
  while (bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at + 1;
}

function isAt(bytes: Buffer, from: number, to: number, text: Buffer): boolean {
  if (to - from !== text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[from + i] !== text[i]) return false;
  return true;
}
