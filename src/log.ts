/** The log that parts of the daemon write to; cli/log.ts implements it. Each part asks for the levels that it uses. */

type Fields = Record<string, unknown>;

/** `about` distinguishes lines with the same code or message, where their path does not. */
export interface Warnings {
  warn(message: string, fields: Fields, about?: string): void;
}

export interface ScrapeLog extends Warnings {
  info(message: string, fields: Fields, about?: string): void;
}

export interface ServerLog extends Warnings {
  error(message: string, fields: Fields): void;
  debug(message: string, fields: Fields): void;
}
