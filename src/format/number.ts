/**
 * Numbers as Python writes and reads them: a bucket bound is text in the key, and two spellings of
 * one bound are one bucket.
 *
 * V8 and CPython find the same shortest digits. They differ only in when they use an exponent, and how it is
 * written. So the digits come from V8, and are formatted here.
 *
 * Source: prometheus_client utils.py, floatToGoString; CPython's repr(float) and float(str).
 * `src/reference.md` G3, I1 to I3.
 */

/** Prints a number as prometheus_client prints values and bounds; native/core/ prints the same. */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';

  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const scientific = Math.abs(value).toExponential();
  const e = scientific.indexOf('e');
  const digits = scientific[0] + scientific.slice(2, e);
  const exponent = Number(scientific.slice(e + 1));

  // Python uses an exponent from 1e16 on and below 1e-4. Go does from 1e6 on, and the client follows Go
  // for positive values only, since bounds are rarely negative.
  const goStyle = sign === '' && exponent >= 6;
  if (goStyle || exponent < -4 || exponent >= 16) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
    const power = String(Math.abs(exponent)).padStart(2, '0');
    return `${sign}${digits[0]}${fraction}e${exponent < 0 ? '-' : '+'}${power}`;
  }

  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${sign}${whole}.${digits.slice(exponent + 1) || '0'}`;
}

// What float() strips: the blanks of C, and beyond ASCII what Python calls a space.
const BLANK = '[\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]*';
const DIGITS = '\\d+(?:_\\d+)*';
const FLOAT = new RegExp(
  `^${BLANK}([+-]?(?:${DIGITS}(?:\\.(?:${DIGITS})?)?|\\.${DIGITS})(?:e[+-]?${DIGITS})?)${BLANK}$`,
  'i',
);
const NOT_FINITE = new RegExp(`^${BLANK}([+-]?)(?:(inf(?:inity)?)|nan)${BLANK}$`, 'i');

/**
 * Reads a number as Python's float() does: blanks around it, `_` between digits, `1.`, `.5`, `inf`,
 * `Infinity` and `nan` in any case with a sign, and the decimal digits of any script.
 *
 * @returns `undefined` where float() raises ValueError
 */
export function parsePythonFloat(text: string): number | undefined {
  const ascii = text.replace(/\p{Nd}/gu, asciiDigit);
  const number = FLOAT.exec(ascii);
  if (number) return Number(number[1]!.replaceAll('_', ''));

  const other = NOT_FINITE.exec(ascii);
  if (!other) return undefined;
  if (other[2] === undefined) return NaN;
  return other[1] === '-' ? -Infinity : Infinity;
}

/** Unicode has its decimal digits in runs of ten, zero first; some runs follow each other. */
function asciiDigit(digit: string): string {
  const codePoint = digit.codePointAt(0)!;
  if (codePoint < 0x80) return digit;
  let before = 0;
  while (/\p{Nd}/u.test(String.fromCodePoint(codePoint - before - 1))) before++;
  return String(before % 10);
}
