/**
 * A topic of the manual as roff. Source of the macros: man(7) of the Linux man-pages project.
 */
import { type Block, blocksOf } from '../manual/markdown.js';
import type { Topic } from '../manual/topics.js';
import { roff } from './roff.js';

/** Its title becomes a section, its headings become subsections. */
export function topicSection({ title, text }: Topic): string[] {
  const [, ...blocks] = blocksOf(text);
  return [`.SH ${inlineRoff(title)}`, ...blocks.flatMap(roffOf)];
}

function roffOf(block: Block): string[] {
  switch (block.kind) {
    case 'heading':
      return [`.SS ${inlineRoff(block.text)}`];
    case 'paragraph':
      return ['.PP', inlineRoff(block.text)];
    case 'item':
      return [`.IP ${block.mark === '-' ? '\\(bu' : block.mark} 4`, inlineRoff(block.text)];
    case 'code':
      return ['.PP', '.nf', '.RS', ...block.lines.map(codeLine), '.RE', '.fi'];
    case 'table':
      return block.rows.flatMap((cells) => rowRoff(block.head, cells));
  }
}

/** roff would read an empty line as a paragraph. */
function codeLine(line: string): string {
  return line === '' ? '\\&' : roff(line);
}

/** The first cell, then the others with their names. */
function rowRoff(head: readonly string[], [first = '', ...cells]: readonly string[]): string[] {
  const named = cells.flatMap((cell, column) => {
    const name = head[column + 1];
    return cell === '' ? [] : [inlineRoff(name ? `${name}: ${cell}` : cell), '.br'];
  });
  return ['.TP', inlineRoff(first), ...(named.length === 0 ? ['\\&'] : named.slice(0, -1))];
}

const MARKED = /\*\*(.+?)\*\*|`([^`]+)`|\[([^\]]+)\]\([^)\s]+\)/g;

/** Bold for `**` and for code; a link becomes its text. */
export function inlineRoff(text: string): string {
  let line = '';
  let end = 0;
  for (const { 0: whole, 1: bold, 2: code, 3: shown, index } of text.matchAll(MARKED)) {
    line += roff(text.slice(end, index));
    const strong = bold?.replaceAll('`', '') ?? code!;
    line += shown === undefined ? `\\fB${roff(strong)}\\fR` : inlineRoff(shown);
    end = index + whole.length;
  }
  return line + roff(text.slice(end));
}
