/**
 * What the terminal can show: its width, and whether it takes colour.
 *
 * Piped output is plain: nothing is cut and nothing coloured, so that it can be searched and cut by
 * others. `COLUMNS` counts where set, as for `ls`; `NO_COLOR` (no-color.org) and `TERM=dumb` are honoured.
 */

export type Environment = Readonly<Record<string, string | undefined>>;

/** stdout, as far as it matters here. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Of a terminal that does not say. */
const USUAL_WIDTH = 80;

/** Infinity when stdout is no terminal. */
export function terminalWidth(environment: Environment, screen: Screen = process.stdout): number {
  if (!screen.isTTY) return Number.POSITIVE_INFINITY;
  const columns = Number(environment.COLUMNS);
  if (Number.isInteger(columns) && columns > 0) return columns;
  return screen.columns || USUAL_WIDTH;
}

export function takesColour(environment: Environment, screen: Screen = process.stdout): boolean {
  return screen.isTTY === true && !environment.NO_COLOR && environment.TERM !== 'dumb';
}

/** Select Graphic Rendition codes, ECMA-48. */
const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;

export type Style = keyof typeof CODES;

export type Paint = (style: Style, text: string) => string;

/** Styles a text that was already padded; what it is given back is no longer printable. */
export function painter(colour: boolean): Paint {
  if (!colour) return (_, text) => text;
  return (style, text) => `\u001b[${CODES[style]}m${text}\u001b[0m`;
}
