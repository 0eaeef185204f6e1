/**
 * The whole terminal, while a command needs it: single keys, and lines drawn in place.
 *
 * Its state is restored however the command ends, even by a bug: the alternate screen is left, the cursor is shown,
 * and line input is restored. Source of the sequences: xterm control sequences.
 */
import type { ReadStream, WriteStream } from 'node:tty';

const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const CLEAR_LINE_END = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';

export interface Screen {
  take(): void;
  giveBack(): void;
  size(): { readonly width: number; readonly height: number };
  /** Lines must fit the width of the screen; those beyond its height are left out. */
  draw(lines: readonly string[]): void;
  /** `q`, `up`, `enter`, `ctrl-c`: see nameOfKey. */
  onKey(listen: (key: string) => void): void;
  onResize(listen: () => void): void;
}

export function screenOf(input: ReadStream, output: WriteStream): Screen {
  const restore = () => {
    output.write(LEAVE);
    if (input.isTTY) input.setRawMode(false);
  };
  return {
    take() {
      output.write(ENTER);
      input.setRawMode(true);
      input.resume();
      // Also if giveBack is never called.
      process.once('exit', restore);
    },
    giveBack() {
      process.removeListener('exit', restore);
      restore();
      input.removeAllListeners('data');
      input.pause();
    },
    size: () => ({ width: output.columns || 80, height: output.rows || 24 }),
    draw(lines) {
      const shown = lines.slice(0, output.rows || 24);
      output.write(HOME + shown.map((line) => line + CLEAR_LINE_END).join('\r\n') + CLEAR_BELOW);
    },
    onKey(listen) {
      input.on('data', (bytes: Buffer) => {
        for (const key of keysIn(bytes.toString())) listen(key);
      });
    },
    onResize(listen) {
      output.on('resize', listen);
    },
  };
}

const NAMES: Readonly<Record<string, string>> = {
  '\u001b[A': 'up',
  '\u001b[B': 'down',
  '\u001b[C': 'right',
  '\u001b[D': 'left',
  '\u001bOA': 'up',
  '\u001bOB': 'down',
  '\u001bOC': 'right',
  '\u001bOD': 'left',
  '\u001b[5~': 'page-up',
  '\u001b[6~': 'page-down',
  '\u001b': 'escape',
  '\t': 'tab',
  '\r': 'enter',
  '\n': 'enter',
  '\u007f': 'backspace',
  '\b': 'backspace',
  '\u0003': 'ctrl-c',
};

/** The keys in the bytes that a terminal sent; unknown sequences are skipped. */
export function* keysIn(text: string): IterableIterator<string> {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what a terminal sends.
  for (const [sequence] of text.matchAll(/\u001b(?:\[[\d;]*[A-Za-z~]|O[A-Z])|./gsu)) {
    const name = NAMES[sequence];
    if (name !== undefined) yield name;
    else if (!/^\p{Cc}/u.test(sequence)) yield sequence;
  }
}
