/**
 * What the terminal can show: its width, and whether it takes colour.
 *
 * Piped output is plain: nothing is cut or coloured, so that other programs can search and cut it. `COLUMNS` is used
 * if set, as by `ls`. `--color` decides about colour; if it is auto, `NO_COLOR` (no-color.org) does, then
 * `CLICOLOR_FORCE` and `CLICOLOR` (bixense.com/clicolors), then whether stdout is a terminal.
 */

export type Environment = Readonly<Record<string, string | undefined>>;

/** The properties of stdout that matter here. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** For a terminal of unknown width. */
const USUAL_WIDTH = 80;

/** Infinity when stdout is not a terminal. */
export function terminalWidth(environment: Environment, screen: Screen = process.stdout): number {
  if (!screen.isTTY) return Number.POSITIVE_INFINITY;
  const columns = Number(environment.COLUMNS);
  if (Number.isInteger(columns) && columns > 0) return columns;
  return screen.columns || USUAL_WIDTH;
}

export const COLOR_CHOICES = ['auto', 'always', 'never'] as const;
export type ColorChoice = (typeof COLOR_CHOICES)[number];

export function takesColour(
  choice: ColorChoice,
  environment: Environment,
  screen: Screen = process.stdout,
): boolean {
  if (choice !== 'auto') return choice === 'always';
  const { NO_COLOR, CLICOLOR_FORCE, CLICOLOR, TERM } = environment;
  if (NO_COLOR) return false;
  if (CLICOLOR_FORCE && CLICOLOR_FORCE !== '0') return true;
  return screen.isTTY === true && CLICOLOR !== '0' && TERM !== 'dumb';
}

/** Select Graphic Rendition codes, ECMA-48. */
const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;

export type Style = keyof typeof CODES;

export type Paint = (style: Style, text: string) => string;

/** Styles a text that is already padded; the result contains escape sequences. */
export function painter(colour: boolean): Paint {
  if (!colour) return (_, text) => text;
  return (style, text) => `\u001b[${CODES[style]}m${text}\u001b[0m`;
}
