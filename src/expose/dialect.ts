/**
 * The dialects an exposition can be in: a format and, where the format knows one, an escaping scheme.
 */

/** As `--format` names them. */
export const FORMATS = ['text', 'text-1.0.0', 'openmetrics'] as const;
export type Format = (typeof FORMATS)[number];

/** As `--escaping` and the Accept header name them. */
export const ESCAPINGS = ['underscores', 'dots', 'values', 'allow-utf-8'] as const;
export type Escaping = (typeof ESCAPINGS)[number];

export interface Dialect {
  readonly format: Format;
  /** Always `underscores` with `text` (0.0.4). */
  readonly escaping: Escaping;
  /** Of the answer's Content-Type: names the escaping only where the client named a version. */
  readonly contentType: string;
}
