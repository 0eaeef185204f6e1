/**
 * Reads an exposition, text or OpenMetrics, as `diff` needs it: each sample with its value, each family with its type.
 *
 * Lenient where it does no harm: timestamps and exemplars are left out, comments and UNIT skipped. A line that is no
 * sample is an error with its number.
 */
import { numberOf, parseSampleLine, unescaped } from '../expose/sample-line.js';
import type { Labels } from '../format/key.js';

export interface ExposedSample {
  /** As TYPE has it, of a text a counter's with `_total`; the sample's name without TYPE. */
  readonly family: string;
  readonly sampleName: string;
  /** Sorted by name. */
  readonly labels: Labels;
  readonly value: number;
  /** Of the family whose TYPE stands above it; `unknown` without. */
  readonly type: string;
}

const TYPE = /^#\s+TYPE\s+("(?:[^"\\]|\\.)*"|\S+)\s+(\S+)\s*$/;

/** @throws Error `line 7: …` */
export function parseExposition(text: string): ExposedSample[] {
  const samples: ExposedSample[] = [];
  let typed = '';
  let type = 'unknown';
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    if (line[0] === '#') {
      const found = TYPE.exec(line);
      if (found) {
        typed = found[1]![0] === '"' ? unescaped(found[1]!.slice(1, -1)) : found[1]!;
        type = found[2]!;
      }
      continue;
    }
    const sample = parseSampleLine(line);
    if (sample === undefined) throw new Error(`line ${i + 1}: no sample: ${line.slice(0, 60)}`);
    const isOfFamily = typed !== '' && sample.sampleName.startsWith(typed.replace(/_total$/, ''));
    samples.push({
      family: isOfFamily ? typed : sample.sampleName,
      sampleName: sample.sampleName,
      labels: sample.labels,
      value: numberOf(sample.value),
      type: isOfFamily ? type : 'unknown',
    });
  }
  return samples;
}
