/**
 * The order of names: by code point, as Python sorts text.
 *
 * JavaScript compares UTF-16 units, which puts U+1F600 (two surrogates, from 0xD800) before U+FFEE.
 * `src/reference.md` H3.
 */

/** @returns below 0, 0 or above 0, for `sort`. A lone surrogate counts as the code point it spells. */
export function compareCodePoints(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  let at = 0;
  while (at < shared && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  if (at === shared) return a.length - b.length;

  // The second half of a pair alone says nothing: compare from the half that both share.
  const inPair =
    at > 0 && isHigh(a.charCodeAt(at - 1)) && (isLow(a.charCodeAt(at)) || isLow(b.charCodeAt(at)));
  const from = inPair ? at - 1 : at;
  return a.codePointAt(from)! - b.codePointAt(from)!;
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
