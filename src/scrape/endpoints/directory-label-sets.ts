/**
 * The label sets of a family in the directory, as text that the thread of an endpoint compares with its own.
 *
 * Made when an endpoint has a family of the same name, and cached by the laid-out family. A family can have a million
 * series, so it is made in slices, in memory that threads share: passing it to a thread copies nothing.
 */

import type { ExposedFamily } from '../../expose/family.js';
import { innerLabel, labelSetText } from '../../expose/label-set.js';
import { Memo } from '../../memo.js';
import type { LaidOutFamily } from '../../plan/laid-out-family.js';
import { ITEMS_PER_STEP, type Steps } from '../../steps.js';
import type { MergedFamily } from '../page/merged-layout.js';

/** Lines that are encoded at once. */
const LINES_PER_PIECE = 1_024;

const made = new Memo<LaidOutFamily, Uint8Array>();

/** @param family of a layout, or of several joined; @returns texts with a newline after each label set */
export function* directoryLabelSets(family: ExposedFamily): Steps<readonly Uint8Array[]> {
  const parts = isMerged(family) ? family.parts.map((part) => part.family) : [family];
  const texts: Uint8Array[] = [];
  for (const part of parts) {
    texts.push(yield* made.getInSteps(part as LaidOutFamily, labelSetsOf));
  }
  return texts;
}

function* labelSetsOf({ type, name, series }: LaidOutFamily): Steps<Uint8Array> {
  const inner = innerLabel(type, name);
  const pieces: Buffer[] = [];
  let lines: string[] = [];
  let last: string | undefined;
  for (const [i, { labels }] of series.entries()) {
    if (i % ITEMS_PER_STEP === 0) yield;
    const outer = inner === undefined ? labels : labels.filter(([label]) => label !== inner);
    const text = labelSetText(outer);
    // The samples of a label set follow one another.
    if (text === last) continue;
    last = text;
    lines.push(text, '\n');
    if (lines.length < 2 * LINES_PER_PIECE) continue;
    pieces.push(Buffer.from(lines.join('')));
    lines = [];
  }
  pieces.push(Buffer.from(lines.join('')));
  return yield* shared(pieces);
}

function* shared(pieces: readonly Buffer[]): Steps<Uint8Array> {
  let bytes = 0;
  for (const { length } of pieces) bytes += length;
  const text = new Uint8Array(new SharedArrayBuffer(bytes));
  let at = 0;
  for (const piece of pieces) {
    yield;
    text.set(piece, at);
    at += piece.length;
  }
  return text;
}

function isMerged(family: ExposedFamily): family is MergedFamily {
  return 'parts' in family;
}
