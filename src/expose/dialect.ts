/**
 * The dialects an exposition can be in: a format and, where the format knows one, an escaping scheme.
 */

export type Format = 'text' | 'text-1.0.0' | 'openmetrics';

export type Escaping = 'underscores' | 'dots' | 'values' | 'allow-utf-8';

export interface Dialect {
  readonly format: Format;
  /** Always `underscores` with `text` (0.0.4). */
  readonly escaping: Escaping;
  /** Of the answer's Content-Type: names the escaping only where the client named a version. */
  readonly contentType: string;
}
