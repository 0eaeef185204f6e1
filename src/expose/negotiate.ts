/**
 * Which dialect a client gets, and whether gzipped.
 *
 * The highest q wins, and among equal ones the first. Where nothing fits, the answer is text 0.0.4. The
 * version in the Content-Type is the one that is served, not an echo of the request.
 *
 * Source: https://prometheus.io/docs/instrumenting/content_negotiation/; exposition.py, choose_encoder.
 * `src/reference.md` J1 to J3, J6, N8.
 */
import { type Accepted, parseAccept } from './accept.js';
import { type Dialect, ESCAPINGS } from './dialect.js';
import { dialectFor, formatOf } from './formats.js';

/** @param accept the Accept header, whatever it holds; repeated ones joined with commas */
export function negotiate(accept: string | undefined): Dialect {
  const accepted = parseAccept(accept ?? '');
  const refused = new Set(
    accepted.filter(({ quality }) => quality === 0).map((item) => dialectOf(item)?.format),
  );

  for (const item of accepted) {
    if (item.quality === 0) break;
    const dialect =
      dialectOf(item) ?? RANGES.get(item.value)?.find(({ format }) => !refused.has(format));
    if (dialect !== undefined) return dialect;
  }
  return TEXT;
}

/**
 * Compares q values: gzip, which may be called x-gzip, or `*` where gzip is not named. False where the client
 * prefers identity.
 */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  const accepted = parseAccept(acceptEncoding ?? '');
  const quality = (...names: string[]) =>
    accepted.find(({ value }) => names.includes(value))?.quality;

  const gzip = quality('gzip', 'x-gzip') ?? quality('*') ?? 0;
  return gzip > 0 && gzip >= (quality('identity') ?? 0);
}

const TEXT = dialectFor('text');
const OPENMETRICS = dialectFor('openmetrics');

/** What a range stands for, best first. */
const RANGES: ReadonlyMap<string, readonly Dialect[]> = new Map([
  ['*/*', [TEXT, OPENMETRICS]],
  ['text/*', [TEXT]],
  ['application/*', [OPENMETRICS]],
]);

/** @returns `undefined` for a range, a type we do not have, or a version of OpenMetrics below 1.0.0 */
function dialectOf({ value, parameters }: Accepted): Dialect | undefined {
  // An empty version counts as missing, as in the reference; without a version there is no escaping.
  const version = parameters.get('version') || undefined;
  const format = formatOf(value, version);
  if (format === undefined) return undefined;
  if (version === undefined) return dialectFor(format);
  const named = parameters.get('escaping');
  return dialectFor(format, ESCAPINGS.find((scheme) => scheme === named) ?? 'underscores');
}
