/**
 * Reads an exposition, text or OpenMetrics, as `diff` needs it: each sample with its value, each family with its type.
 *
 * Lenient where that is harmless: timestamps and exemplars are ignored, comments and UNIT are skipped. A line that is
 * not a sample is an error with its line number.
 */
import { numberOf, SampleScanner, unescaped } from '../expose/sample-scanner.js';
import type { Labels } from '../format/key.js';

export interface ExposedSample {
  /** The name in TYPE, in the text format with `_total` for counters; the sample's name if there is no TYPE. */
  readonly family: string;
  readonly sampleName: string;
  /** Sorted by name. */
  readonly labels: Labels;
  readonly value: number;
  /** That of the preceding TYPE of its family; `unknown` without. */
  readonly type: string;
}

const TYPE = /^#\s+TYPE\s+("(?:[^"\\]|\\.)*"|\S+)\s+(\S+)\s*$/;

const HELP = /^#\s+HELP\s+("(?:[^"\\]|\\.)*"|\S+)[ \t]*(.*)$/;

const NEWLINE = 0x0a;
const HASH = 0x23;

/**
 * Reads line by line: the exposition may be longer than a string can be.
 *
 * @param text as UTF-8
 * @throws Error `line 7: …`
 */
export function* parseExposition(text: Uint8Array): IterableIterator<ExposedSample> {
  const bytes = Buffer.from(text.buffer, text.byteOffset, text.length);
  const scanner = new SampleScanner();
  let typed = '';
  let type = 'unknown';
  let line = 0;
  for (let from = 0, to: number; from < bytes.length; from = to + 1) {
    line++;
    const newline = bytes.indexOf(NEWLINE, from);
    to = newline < 0 ? bytes.length : newline;
    if (bytes[from] === HASH) {
      const found = TYPE.exec(bytes.toString('utf8', from, to));
      if (found) {
        typed = found[1]![0] === '"' ? unescaped(found[1]!.slice(1, -1)) : found[1]!;
        type = found[2]!;
      }
      continue;
    }
    const fault = scanner.scan(bytes, from, to);
    if (fault !== undefined) {
      const shown = bytes.toString('utf8', from, to);
      if (shown.trim() === '') continue;
      throw new Error(`line ${line}: not a sample: ${shown.slice(0, 60)}`);
    }
    const sampleName = scanner.sampleName();
    const isOfFamily = typed !== '' && sampleName.startsWith(typed.replace(/_total$/, ''));
    yield {
      family: isOfFamily ? typed : sampleName,
      sampleName,
      labels: scanner.labels(),
      value: numberOf(scanner.value()),
      type: isOfFamily ? type : 'unknown',
    };
  }
}

/** The text of each HELP, by name. */
export function helpTexts(text: Uint8Array): Map<string, string> {
  const bytes = Buffer.from(text.buffer, text.byteOffset, text.length);
  const helps = new Map<string, string>();
  for (let from = 0, to: number; from < bytes.length; from = to + 1) {
    const newline = bytes.indexOf(NEWLINE, from);
    to = newline < 0 ? bytes.length : newline;
    if (bytes[from] !== HASH) continue;
    const [, name, help = ''] = HELP.exec(bytes.toString('utf8', from, to)) ?? [];
    if (name !== undefined) helps.set(name[0] === '"' ? unescaped(name.slice(1, -1)) : name, help);
  }
  return helps;
}
