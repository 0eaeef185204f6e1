/**
 * The blocks of a document that a reader may type: ```sh has commands, ```console has them behind `$ `, with what they print.
 *
 * A comment before a block marks what a test cannot do:
 *
 *   <!-- not run: REASON -->               the whole block
 *   <!-- stand-in: PROGRAM, REASON -->     another program stands in for this one, and does nothing
 *   <!-- needs: PROGRAM, PROGRAM -->       skipped where one is missing
 *   <!-- output not compared: REASON -->   the commands are run, what they print depends on the moment
 *   <!-- prints: TEXT -->                  what the block prints has this
 *   <!-- daemon: COMMAND -->               it runs, and listens, while each command of the block does
 */

export type Mark = 'not run' | 'stand-in' | 'needs' | 'output not compared' | 'prints' | 'daemon';

export interface PrintedBlock {
  readonly language: string;
  /** Of the fence, from 1. */
  readonly line: number;
  readonly lines: readonly string[];
  readonly marks: ReadonlyMap<string, string>;
}

/** A command of a block, and what stands below it as its output. */
export interface PrintedCommand {
  readonly command: string;
  readonly output: readonly string[];
}

const MARK = /^<!-- ([a-z -]+): (.+) -->$/;
const FENCE = /^```(\w*)$/;

export function blocksIn(text: string): PrintedBlock[] {
  const lines = text.split('\n');
  const blocks: PrintedBlock[] = [];
  let marks = new Map<string, string>();
  for (let at = 0; at < lines.length; at += 1) {
    const [, language] = FENCE.exec(lines[at]!) ?? [];
    const [, mark, value] = MARK.exec(lines[at]!) ?? [];
    if (language !== undefined) {
      const end = lines.indexOf('```', at + 1);
      blocks.push({ language, line: at + 1, lines: lines.slice(at + 1, end), marks });
      at = end;
    }
    if (mark === undefined) marks = new Map();
    else marks.set(mark, value!);
  }
  return blocks;
}

/** @param lines of a console block */
export function commandsOf(lines: readonly string[]): PrintedCommand[] {
  const commands: { command: string; output: string[] }[] = [];
  for (const line of lines) {
    if (line.startsWith('$ ')) commands.push({ command: line.slice(2), output: [] });
    else commands.at(-1)!.output.push(line);
  }
  return commands;
}

/** Ages differ from run to run, and lines are as wide as the terminal. */
function normalised(text: string): string {
  return text
    .replace(/\b(?:\d+(?:ms|s|m|h|d))+\b/g, 'AGE')
    .replace(/\s+/g, ' ')
    .trim();
}

/** The first line of `output` that is not in `printed`, in this order; undefined where all are. */
export function missingLine(output: readonly string[], printed: string): string | undefined {
  let rest = normalised(printed);
  for (const line of output) {
    const wanted = normalised(line);
    const at = rest.indexOf(wanted);
    if (at === -1) return line;
    rest = rest.slice(at + wanted.length);
  }
  return undefined;
}
