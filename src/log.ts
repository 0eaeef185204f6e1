/** What the parts of the daemon say, as the log of cli/log.ts takes it; each part asks for the levels that it uses. */

type Fields = Record<string, unknown>;

/** `about` tells lines of one code or message apart, where their path does not. */
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
