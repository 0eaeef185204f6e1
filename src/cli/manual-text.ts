/**
 * Text of the manual for a terminal: lines fill its width, and links are followed by their target. Piped, it is the
 * text of the file, without its comments.
 */
import { type Block, blocksOf, withoutComments } from '../manual/markdown.js';
import { renderTable } from './table.js';
import { textWidth, wrapText } from './text-width.js';

/** Prose is no wider than this, and no wider than the terminal. */
const PROSE_WIDTH = 100;

const CODE_INDENT = '    ';

/** @param width of the terminal; Infinity without one */
export function manualText(markdown: string, width: number): string {
  if (width === Number.POSITIVE_INFINITY) return `${withoutComments(markdown).trimEnd()}\n`;
  const blocks = blocksOf(markdown);
  const lines = blocks.flatMap((block, i) => [
    ...(i === 0 || isList(blocks[i - 1]!, block) ? [] : ['']),
    ...linesOf(block, width, Math.min(width, PROSE_WIDTH)),
  ]);
  return `${lines.join('\n')}\n`;
}

/** No empty line between the items of a list. */
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

/** As columns if they fit, else row by row: the first cell, then the others with their names. */
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

/** A link to a topic becomes `promfold help`, a URL is shown, and a path is left out. */
export function shownLinks(text: string): string {
  return text.replace(LINK, (_, shown: string, target: string) => {
    const [, topic] = /^([\w-]+)\.md(?:#.*)?$/.exec(target) ?? [];
    if (topic !== undefined) return `${shown} (promfold help ${topic})`;
    return target.startsWith('http') ? `${shown} (${target})` : shown;
  });
}
