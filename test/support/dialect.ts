/** Dialects by name, for tests that ask a Scraper directly. */
import type { Dialect, Escaping, Format } from '../../src/expose/dialect.js';

const MEDIA_TYPE: Readonly<Record<Format, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  'text-1.0.0': 'text/plain; version=1.0.0; charset=utf-8; escaping=',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=',
};

export function dialect(format: Format, escaping: Escaping = 'underscores'): Dialect {
  const mediaType = MEDIA_TYPE[format];
  return {
    format,
    escaping,
    contentType: mediaType.endsWith('=') ? mediaType + escaping : mediaType,
  };
}

export const TEXT = dialect('text');
export const OPENMETRICS = dialect('openmetrics');
