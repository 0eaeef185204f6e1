/** Text as roff reads it. Source: groff(7), roff(7). */

/** Without escapes, with dashes that are not hyphens, and without a request at the start of a line. */
export function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('"', '\\(dq')
    .replace(/[^\0-\x7f]/gu, (character) => `\\[u${codePoint(character)}]`)
    .replace(/^\./, '\\&.');
}

function codePoint(character: string): string {
  return character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
}
