/**
 * Reads a header that lists what a client accepts, best first: Accept and Accept-Encoding.
 *
 *   text/plain; version="0.0.4"; q=0.5, text/*; q=0.1
 *
 * Any text is accepted. prometheus_client knows neither q nor quotes, and answers 500 to some headers
 * (`src/reference.md` J1, J2, N8).
 *
 * Source: RFC 9110, 5.6.6 (parameters), 12.4.2 (quality values), 12.5.1 and 12.5.3.
 */

export interface Accepted {
  /** In lower case, without blanks: a media type, a range of them, or a content coding. */
  readonly value: string;
  /** By name in lower case; the first of each name counts, as in the reference. */
  readonly parameters: ReadonlyMap<string, string>;
  /** 0 (refused) to 1; 1 also where it is missing or not a number. */
  readonly quality: number;
}

/** @returns all items, those with q=0 included, by falling quality; equal ones in the header's order */
export function parseAccept(header: string): Accepted[] {
  return splitUnquoted(header, ',')
    .map(parseItem)
    .filter(({ value }) => value !== '')
    .sort((a, b) => b.quality - a.quality);
}

function parseItem(item: string): Accepted {
  const [value = '', ...rest] = splitUnquoted(item, ';');
  const parameters = new Map<string, string>();
  for (const parameter of rest) {
    const equals = parameter.indexOf('=');
    if (equals < 0) continue;
    const name = parameter.slice(0, equals).trim().toLowerCase();
    if (!parameters.has(name)) parameters.set(name, unquote(parameter.slice(equals + 1).trim()));
  }
  return {
    value: value.trim().toLowerCase(),
    parameters,
    quality: parseQuality(parameters.get('q')),
  };
}

function parseQuality(text: string | undefined): number {
  if (text === undefined || !/^(\d+\.?\d*|\.\d+)$/.test(text)) return 1;
  return Math.min(Number(text), 1);
}

function unquote(text: string): string {
  if (text[0] !== '"') return text;
  const end = text.length > 1 && text.endsWith('"') ? -1 : undefined;
  return text.slice(1, end).replace(/\\(.)/gs, '$1');
}

/** A quote that is never closed runs to the end. */
function splitUnquoted(text: string, separator: string): string[] {
  const parts: string[] = [];
  let from = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (quoted && character === '\\') i++;
    else if (character === '"') quoted = !quoted;
    else if (character === separator && !quoted) {
      parts.push(text.slice(from, i));
      from = i + 1;
    }
  }
  parts.push(text.slice(from));
  return parts;
}
