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
 * (`src/reference.md` J5), and an empty label name, which the client lets pass, is spelled in `values`.
 *
 * Source: openmetrics/exposition.py, escape_metric_name and escape_label_name; validation.py;
 * https://prometheus.io/docs/instrumenting/escaping_schemes/. `src/reference.md` J4.
 */
import type { Escaping } from './dialect.js';

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
/** Label names that begin with `__` are Prometheus' own. */
const LABEL_NAME = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;

const NOT_METRIC_CHARACTER = /[^a-zA-Z0-9_:]/gu;
const NOT_LABEL_CHARACTER = /[^a-zA-Z0-9_]/gu;

/** In `allow-utf-8` an illegal name comes with its quotes, and then belongs inside the braces. */
export function escapeMetricName(name: string, escaping: Escaping): string {
  return escapeName(name, escaping, METRIC_NAME.test(name), NOT_METRIC_CHARACTER);
}

/** In `allow-utf-8` an illegal name comes with its quotes. */
export function escapeLabelName(name: string, escaping: Escaping): string {
  if (name === '') return forceLabelName(name);
  return escapeName(name, escaping, LABEL_NAME.test(name), NOT_LABEL_CHARACTER);
}

/**
 * A legal spelling that no other name has: `values`, for legal names too. Used where another name
 * has already been printed with the same spelling (`src/reference.md` N9).
 */
export function forceMetricName(name: string): string {
  return escapeValues(name, NOT_METRIC_CHARACTER);
}

/** As forceMetricName. */
export function forceLabelName(name: string): string {
  return escapeValues(name, NOT_LABEL_CHARACTER);
}

function escapeName(name: string, escaping: Escaping, legal: boolean, illegal: RegExp) {
  switch (escaping) {
    case 'underscores':
      return legal ? name : replaceIllegal(name, illegal, () => '_');
    case 'dots':
      // For legal names too: otherwise the underscores of a name could be mistaken for escapes.
      return replaceIllegal(name.replaceAll('_', '__'), illegal, (character) =>
        character === '.' ? '_dot_' : '__',
      );
    case 'values':
      return legal ? name : escapeValues(name, illegal);
    case 'allow-utf-8':
      return legal ? name : `"${escapeQuoted(name)}"`;
  }
}

function escapeValues(name: string, illegal: RegExp): string {
  const escaped = replaceIllegal(name.replaceAll('_', '__'), illegal, (character) => {
    const codePoint = character.codePointAt(0)!;
    const lone = codePoint >= 0xd800 && codePoint <= 0xdfff;
    return lone ? '_FFFD_' : `_${codePoint.toString(16)}_`;
  });
  return `U__${escaped}`;
}

/** A pair of surrogates is one character; a digit is illegal in the first place. */
function replaceIllegal(
  name: string,
  illegal: RegExp,
  spelling: (character: string) => string,
): string {
  const first = /^[0-9]/.test(name) ? 1 : 0;
  const digit = first === 0 ? '' : spelling(name[0]!);
  return digit + name.slice(first).replace(illegal, (character) => spelling(character));
}

/** Escapes text between quotes: label values, quoted names, and the help of OpenMetrics. */
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
