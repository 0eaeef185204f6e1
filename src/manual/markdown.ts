/**
 * Parses the Markdown of the manual into blocks: headings, paragraphs, list items, code, tables. Comments are left
 * out: they are for the tests.
 */

export type Block =
  | { readonly kind: 'heading'; readonly level: number; readonly text: string }
  | { readonly kind: 'paragraph'; readonly text: string }
  /** `mark` is `-`, or `1.` in a numbered list. */
  | { readonly kind: 'item'; readonly mark: string; readonly text: string }
  | { readonly kind: 'code'; readonly lines: readonly string[] }
  | {
      readonly kind: 'table';
      readonly head: readonly string[];
      readonly rows: readonly (readonly string[])[];
    };

const COMMENT = /^<!--.*-->\n/gm;
const FENCE = '```';
const HEADING = /^(#+) (.*)$/;
const ITEM = /^(-|\d+\.) +(.*)$/;

export function withoutComments(text: string): string {
  return text.replace(COMMENT, '');
}

export function blocksOf(text: string): Block[] {
  const lines = withoutComments(text).split('\n');
  const blocks: Block[] = [];
  /** The lines from `at` on for which it is true. */
  const take = (at: number, isPart: (line: string) => boolean): string[] => {
    const end = lines.findIndex((line, i) => i >= at && !isPart(line));
    return lines.slice(at, end === -1 ? lines.length : end);
  };
  for (let at = 0; at < lines.length; ) {
    const line = lines[at]!;
    const [, marks, heading] = HEADING.exec(line) ?? [];
    const [, mark, first] = ITEM.exec(line) ?? [];
    if (line === '') {
      at += 1;
    } else if (line.startsWith(FENCE)) {
      const code = take(at + 1, (each) => each !== FENCE);
      blocks.push({ kind: 'code', lines: code });
      at += code.length + 2;
    } else if (heading !== undefined) {
      blocks.push({ kind: 'heading', level: marks!.length, text: heading });
      at += 1;
    } else if (line.startsWith('|')) {
      const table = take(at, (each) => each.startsWith('|'));
      const [head = [], , ...rows] = table.map(cellsOf);
      blocks.push({ kind: 'table', head, rows });
      at += table.length;
    } else if (mark !== undefined) {
      const more = take(at + 1, (each) => each.startsWith(' '));
      blocks.push({ kind: 'item', mark, text: joined([first!, ...more]) });
      at += more.length + 1;
    } else {
      const paragraph = take(
        at,
        (each) => each !== '' && !each.startsWith(FENCE) && !ITEM.test(each),
      );
      blocks.push({ kind: 'paragraph', text: joined(paragraph) });
      at += paragraph.length;
    }
  }
  return blocks;
}

function joined(lines: readonly string[]): string {
  return lines.map((line) => line.trim()).join(' ');
}

/** `\|` in a cell does not end it. */
function cellsOf(row: string): string[] {
  return row
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll('\\|', '|'));
}

/** The part of a text below a heading of this title, with the heading; undefined if there is none. */
export function sectionOf(text: string, title: string): string | undefined {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => HEADING.exec(line)?.[2] === title);
  if (start === -1) return undefined;
  const end = lines.findIndex((line, i) => i > start && levelOf(line) <= levelOf(lines[start]!));
  return lines
    .slice(start, end === -1 ? lines.length : end)
    .join('\n')
    .trimEnd();
}

/** Anything but a heading is below all levels. */
function levelOf(line: string): number {
  const [, marks] = HEADING.exec(line) ?? [];
  return marks === undefined ? Number.POSITIVE_INFINITY : marks.length;
}
