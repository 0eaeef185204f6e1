/**
 * Reads an exposition, text or OpenMetrics, as `diff` needs it: each sample with its value, each family with its type.
 *
 * Lenient where it does no harm: timestamps and exemplars are left out, comments and UNIT skipped, blanks taken as
 * they come. A line that is no sample is an error with its number.
 *
 * Source: Prometheus docs, exposition_formats; OpenMetrics 1.0.0; UTF-8 names in quotes, as Prometheus 3 writes them.
 */
import type { Labels } from '../format/key.js';

export interface ExposedSample {
  readonly sampleName: string;
  /** Sorted by name. */
  readonly labels: Labels;
  readonly value: number;
  /** Of the family whose TYPE stands above it; `unknown` without. */
  readonly type: string;
}

const TYPE = /^#\s+TYPE\s+("(?:[^"\\]|\\.)*"|\S+)\s+(\S+)\s*$/;
const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const PAIR =
  /\s*(?:"((?:[^"\\]|\\.)*)"|([a-zA-Z_][a-zA-Z0-9_]*))\s*(?:=\s*"((?:[^"\\]|\\.)*)")?\s*(,|(?=\}))/sy;
const VALUE = /^\s+([+-]?(?:inf(?:inity)?|nan|[\d.]+(?:e[+-]?\d+)?))(?:\s|$)/i;

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
    const sample = parseSample(line);
    if (sample === undefined) throw new Error(`line ${i + 1}: no sample: ${line.slice(0, 60)}`);
    const isOfFamily = sample.sampleName.startsWith(typed.replace(/_total$/, ''));
    samples.push({ ...sample, type: typed !== '' && isOfFamily ? type : 'unknown' });
  }
  return samples;
}

function parseSample(line: string): Omit<ExposedSample, 'type'> | undefined {
  NAME.lastIndex = 0;
  let sampleName = NAME.exec(line)?.[0];
  let at = sampleName?.length ?? 0;
  const labels: [string, string][] = [];
  if (line[at] === '{') {
    at++;
    while (line[at] !== '}') {
      PAIR.lastIndex = at;
      const found = PAIR.exec(line);
      if (!found) {
        // A blank before the brace.
        if (/^\s*\}/.test(line.slice(at))) {
          at = line.indexOf('}', at);
          break;
        }
        return undefined;
      }
      const [all, quoted, plain, value] = found;
      const name = plain ?? unescaped(quoted!);
      if (value !== undefined) labels.push([name, unescaped(value)]);
      else if (quoted !== undefined && sampleName === undefined) sampleName = name;
      else return undefined;
      at += all.length;
    }
    at++;
  }
  const value = VALUE.exec(line.slice(at))?.[1];
  if (sampleName === undefined || value === undefined) return undefined;
  return {
    sampleName,
    labels: labels.sort((a, b) => (a[0] < b[0] ? -1 : Number(a[0] > b[0]))),
    value: numberOf(value),
  };
}

function numberOf(text: string): number {
  const infinite = /^([+-]?)inf/i.exec(text);
  if (infinite) return infinite[1] === '-' ? -Infinity : Infinity;
  return Number(text);
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/gs, (_, character: string) => (character === 'n' ? '\n' : character));
}
