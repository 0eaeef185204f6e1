/**
 * How many columns of a terminal a text takes, and how to cut it to a width.
 *
 * Counted by grapheme: what a reader sees as one character is kept or cut as a whole. East Asian scripts and emoji
 * are wide, as terminals draw them. Source: Unicode UAX #11, East Asian Width, W and F.
 */
import { printable } from './printable.js';

let segmenter: Intl.Segmenter | undefined;

/** Creating the segmenter takes 30 ms, and most output does not need it. */
function graphemesOf(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  return segmenter.segment(text);
}

/** Wide blocks, rounded to whole ranges: unassigned code points between them count as wide too. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18cff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\p{Emoji}\ufe0f/u;

/** A fast path for printable ASCII: nearly all cells of a table are that. */
const ASCII = /^[ -~]*$/;

/** Whether each character takes one column. */
export function isAscii(text: string): boolean {
  return ASCII.test(text);
}

/** @param text printable: no control characters, no escape sequences */
export function textWidth(text: string): number {
  return widthUpTo(text, Number.POSITIVE_INFINITY);
}

/** The width of a text, or `max` if it is wider: a label value may have a million characters. */
export function widthUpTo(text: string, max: number): number {
  const start = startOf(text, max);
  if (isAscii(start)) return Math.min(start.length, max);
  let width = 0;
  for (const { segment } of graphemesOf(start)) {
    width += graphemeWidth(segment);
    if (width >= max) return max;
  }
  return width;
}

/** Code units of a grapheme, which fills one or two columns. */
const MAX_GRAPHEME_LENGTH = 64;

/** The beginning of a text, long enough to fill a width. */
function startOf(text: string, width: number): string {
  const max = (width + 1) * MAX_GRAPHEME_LENGTH;
  return text.length <= max ? text : text.slice(0, max);
}

function graphemeWidth(segment: string): number {
  if (WIDE.test(segment)) return 2;
  return /^[\p{Mn}\p{Me}]+$/u.test(segment) ? 0 : 1;
}

/** The text, or its beginning and `…` where it is wider. */
export function cutToWidth(text: string, width: number): string {
  if (widthUpTo(text, width + 1) <= width) return text;
  if (width <= 0) return '';
  const start = startOf(text, width);
  if (isAscii(start)) return `${start.slice(0, width - 1)}…`;
  let cut = '';
  let taken = 0;
  for (const { segment } of graphemesOf(start)) {
    const next = graphemeWidth(segment);
    if (taken + next > width - 1) break;
    cut += segment;
    taken += next;
  }
  return `${cut}…`;
}

/** The text, filled with blanks to the width. */
export function padToWidth(text: string, width: number, alignRight = false): string {
  const blanks = ' '.repeat(width - widthUpTo(text, width));
  return alignRight ? blanks + text : text + blanks;
}

/** A longer series is cut: a label value of 1 MiB would fill 10,000 lines. */
const MAX_SERIES_LINES = 50;

/**
 * A series on lines no wider than this: broken after a comma, a brace, a blank or a part of a name where possible,
 * else anywhere.
 *
 * @param text printable
 */
export function wrapSeries(text: string, width: number): string[] {
  if (width === Number.POSITIVE_INFINITY || widthUpTo(text, width + 1) <= width) return [text];
  const lines: string[] = [];
  let line = '';
  const add = (part: string) => {
    if (line !== '' && textWidth(line + part) > width) {
      lines.push(line);
      line = '';
    }
    line += part;
  };
  for (const part of cutToWidth(text, width * MAX_SERIES_LINES).split(/(?<=[,{ _:])/)) {
    if (textWidth(part) <= width) add(part);
    else for (const { segment } of graphemesOf(part)) add(segment);
  }
  lines.push(line);
  return lines.map((filled) => filled.trimEnd());
}

/** Words on lines no wider than this; a wider word has its own line. */
export function wrapText(text: string, width: number): string[] {
  if (width === Number.POSITIVE_INFINITY) return [printable(text)];
  const lines: string[] = [];
  let line = '';
  for (const word of printable(text).split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line === '' || widthUpTo(longer, width + 1) <= width) line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  lines.push(line);
  return lines;
}
