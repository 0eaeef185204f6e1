/**
 * Reads one line of an exposition: a sample, as other programs print it. Lenient where it does no harm:
 * blanks are taken as they come, and what stands behind the value (timestamp, exemplar) is left to who reads.
 *
 * Source: Prometheus docs, exposition_formats; OpenMetrics 1.0.0; UTF-8 names in quotes, as Prometheus 3 writes them.
 */
import { compareCodePoints } from '../format/code-point.js';
import type { Labels } from '../format/key.js';

export interface SampleLine {
  readonly sampleName: string;
  /** Sorted by name. */
  readonly labels: Labels;
  /** As it stands there. */
  readonly value: string;
  /** What follows the value, without blanks at either end. */
  readonly rest: string;
}

const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const BRACE = /\s*\{/y;
const PAIR =
  /\s*(?:"((?:[^"\\]|\\.)*)"|([a-zA-Z_][a-zA-Z0-9_]*))\s*(?:=\s*"((?:[^"\\]|\\.)*)")?\s*(,|(?=\}))/sy;
const VALUE = /^\s+([+-]?(?:inf(?:inity)?|nan|[\d.]+(?:e[+-]?\d+)?))(?:\s+(.*))?$/is;

/** @returns undefined for a line that is no sample */
export function parseSampleLine(line: string): SampleLine | undefined {
  NAME.lastIndex = 0;
  let sampleName = NAME.exec(line)?.[0];
  let at = sampleName?.length ?? 0;
  const labels: [string, string][] = [];
  BRACE.lastIndex = at;
  if (BRACE.test(line)) {
    at = BRACE.lastIndex;
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
  const [, value, rest = ''] = VALUE.exec(line.slice(at)) ?? [];
  if (sampleName === undefined || value === undefined) return undefined;
  if (Number.isNaN(numberOf(value)) && !/nan/i.test(value)) return undefined;
  labels.sort(([a], [b]) => compareCodePoints(a, b));
  return { sampleName, labels, value, rest: rest.trim() };
}

/** A value as it is written in any exposition; NaN also for what is no number. */
export function numberOf(text: string): number {
  const infinite = /^([+-]?)inf/i.exec(text);
  if (infinite) return infinite[1] === '-' ? -Infinity : Infinity;
  return Number(text);
}

export function unescaped(text: string): string {
  return text.replace(/\\(.)/gs, (_, character: string) => (character === 'n' ? '\n' : character));
}
