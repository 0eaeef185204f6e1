/**
 * How a name is spelled in each escaping scheme. Names may hold any character; the legacy set is
 * [a-zA-Z_:][a-zA-Z0-9_:]* for metric names, and for label names the same without the colon.
 *
 *                  a.b          a_b       7up          ✓
 *   underscores    a_b          a_b       _up          _
 *   dots           a_dot_b      a__b      __up         __
 *   values         U__a_2e_b    a_b       U___37_up    U___2713_
 *   allow-utf-8    "a.b"        a_b       "7up"        "✓"
 *
 * Two rules are stricter than prometheus_client 0.26.0. A name that ends in a newline is not legal
 * (`reference.md` J5), and an empty label name, which the client lets pass, is spelled in `values`.
 *
 * Source: openmetrics/exposition.py, escape_metric_name and escape_label_name; validation.py;
 * Prometheus docs, escaping_schemes.md. `reference.md` J4.
 */
import type { Escaping } from './dialect.js';

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
/** Label names that begin with `__` are Prometheus' own. */
const LABEL_NAME = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;

const METRIC_CHARACTER = /[a-zA-Z0-9_:]/;
const LABEL_CHARACTER = /[a-zA-Z0-9_]/;

/** In `allow-utf-8` an illegal name comes with its quotes, and then belongs inside the braces. */
export function escapeMetricName(name: string, escaping: Escaping): string {
  return escapeName(name, escaping, METRIC_NAME.test(name), METRIC_CHARACTER);
}

/** In `allow-utf-8` an illegal name comes with its quotes. */
export function escapeLabelName(name: string, escaping: Escaping): string {
  if (name === '') return forceLabelName(name);
  return escapeName(name, escaping, LABEL_NAME.test(name), LABEL_CHARACTER);
}

/**
 * A legal spelling no other name has: `values`, for legal names too. For names that another one has
 * already been printed as (`reference.md` N9).
 */
export function forceMetricName(name: string): string {
  return escapeValues(name, METRIC_CHARACTER);
}

/** As forceMetricName. */
export function forceLabelName(name: string): string {
  return escapeValues(name, LABEL_CHARACTER);
}

function escapeName(name: string, escaping: Escaping, legal: boolean, legalCharacter: RegExp) {
  switch (escaping) {
    case 'underscores':
      return legal ? name : replaceIllegal(name, legalCharacter, () => '_');
    case 'dots':
      // For legal names too: otherwise the underscores of a name could not be told from escapes.
      return replaceIllegal(name.replaceAll('_', '__'), legalCharacter, (character) =>
        character === '.' ? '_dot_' : '__',
      );
    case 'values':
      return legal ? name : escapeValues(name, legalCharacter);
    case 'allow-utf-8':
      return legal ? name : `"${escapeQuoted(name)}"`;
  }
}

function escapeValues(name: string, legalCharacter: RegExp): string {
  const escaped = replaceIllegal(name.replaceAll('_', '__'), legalCharacter, (character) => {
    const codePoint = character.codePointAt(0)!;
    const lone = codePoint >= 0xd800 && codePoint <= 0xdfff;
    return lone ? '_FFFD_' : `_${codePoint.toString(16)}_`;
  });
  return `U__${escaped}`;
}

/** Character by character, a pair of surrogates being one; a digit is illegal in the first place. */
function replaceIllegal(
  name: string,
  legalCharacter: RegExp,
  spelling: (character: string) => string,
): string {
  let escaped = '';
  for (const character of name) {
    const leadingDigit = escaped === '' && /[0-9]/.test(character);
    escaped += legalCharacter.test(character) && !leadingDigit ? character : spelling(character);
  }
  return escaped;
}

/** What stands between quotes: label values, quoted names, and the help of OpenMetrics. */
export function escapeQuoted(text: string): string {
  return /[\\\n"]/.test(text) ? text.replace(/[\\\n"]/g, escapeCharacter) : text;
}

/** The help of the text formats, where a quote stands for itself. */
export function escapeHelp(text: string): string {
  return text.replace(/[\\\n]/g, escapeCharacter);
}

function escapeCharacter(character: string): string {
  return character === '\n' ? '\\n' : `\\${character}`;
}
