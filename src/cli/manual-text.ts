/**
 * Text of the manual as a terminal shows it: lines as wide as it is, links by what they lead to. Piped, it is the file's
 * own, but for its comments.
 */
import { type Block, blocksOf, withoutComments } from '../manual/markdown.js';
import { renderTable } from './table.js';
import { textWidth, wrapText } from './text-width.js';

/** Prose is not wider than this, nor wider than the terminal. */
const PROSE_WIDTH = 100;

const CODE_INDENT = '    ';

/** @param width of the terminal; Infinity where there is none */
export function manualText(markdown: string, width: number): string {
  if (width === Number.POSITIVE_INFINITY) return `${withoutComments(markdown).trimEnd()}\n`;
  const blocks = blocksOf(markdown);
  const lines = blocks.flatMap((block, i) => [
    ...(i === 0 || isList(blocks[i - 1]!, block) ? [] : ['']),
    ...linesOf(block, width, Math.min(width, PROSE_WIDTH)),
  ]);
  return `${lines.join('\n')}\n`;
}

/** Items of a list stand close. */
function isList(before: Block, block: Block): boolean {
  return before.kind === 'item' && block.kind === 'item';
}

function linesOf(block: Block, width: number, prose: number): string[] {
  switch (block.kind) {
    case 'heading':
      return wrapText(`${'#'.repeat(block.level)} ${block.text}`, prose);
    case 'paragraph':
      return wrapText(shownLinks(block.text), prose);
    case 'item':
      return hanging(`${block.mark} `, shownLinks(block.text), prose);
    case 'code':
      return block.lines.map((line) => (line === '' ? '' : CODE_INDENT + line));
    case 'table':
      return tableLines(
        block.head.map(shownLinks),
        block.rows.map((row) => row.map(shownLinks)),
        {
          width,
          prose,
        },
      );
  }
}

/** A text after its mark; further lines are aligned with the first. */
function hanging(start: string, text: string, width: number): string[] {
  return wrapText(text, width - start.length).map(
    (line, i) => (i === 0 ? start : ' '.repeat(start.length)) + line,
  );
}

/** As columns where they fit, else a row below the other: its first cell, then the others by their names. */
function tableLines(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { width, prose }: { readonly width: number; readonly prose: number },
): string[] {
  const table = renderTable(head, rows, { width: Number.POSITIVE_INFINITY });
  if (table.every((line) => textWidth(line) <= width)) return table;
  return rows.flatMap(([first = '', ...cells], i) => [
    ...(i === 0 ? [] : ['']),
    ...wrapText(first, prose),
    ...cells.flatMap((cell, column) =>
      cell === '' ? [] : hanging('  ', namedCell(head[column + 1], cell), prose),
    ),
  ]);
}

function namedCell(name: string | undefined, cell: string): string {
  return name ? `${name}: ${cell}` : cell;
}

const LINK = /\[([^\]]+)\]\(([^)\s]+)\)/g;

/** A link to another topic is followed by `promfold help`, an address by a browser, all else in the tree. */
export function shownLinks(text: string): string {
  return text.replace(LINK, (_, shown: string, target: string) => {
    const [, topic] = /^([\w-]+)\.md(?:#.*)?$/.exec(target) ?? [];
    if (topic !== undefined) return `${shown} (promfold help ${topic})`;
    return target.startsWith('http') ? `${shown} (${target})` : shown;
  });
}
