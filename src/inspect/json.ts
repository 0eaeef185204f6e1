/**
 * JSON of the views, as --json prints it and the API answers it: one document, one line. Numbers that JSON does not
 * have are strings, as in an exposition: `NaN`, `+Inf`, `-Inf`. Unknown values are left out.
 *
 * It is made in pieces: for a million series it is longer than a string can be.
 */
import { formatNumber } from '../format/number.js';

/** The document in pieces, none longer than an element of a list. */
export function* toJson(value: unknown): IterableIterator<string> {
  yield* pieces(value);
  yield '\n';
}

/** Of something short, without a line break. */
export function jsonText(value: object): string {
  return JSON.stringify(value, withNumbers);
}

function* pieces(value: unknown): IterableIterator<string> {
  if (!holdsList(value)) {
    // As JSON.stringify does in a list: undefined becomes null.
    yield JSON.stringify(value, withNumbers) ?? 'null';
  } else if (isList(value)) {
    let before = '[';
    for (const element of value) {
      yield before;
      yield* pieces(element);
      before = ',';
    }
    yield before === '[' ? '[]' : ']';
  } else {
    let before = '{';
    for (const [name, member] of Object.entries(value)) {
      if (member === undefined) continue;
      yield `${before}${JSON.stringify(name)}:`;
      yield* pieces(member);
      before = ',';
    }
    yield '}';
  }
}

/** Arrays, and lists that create their elements on demand. */
function isList(value: object): value is Iterable<unknown> {
  return Symbol.iterator in value;
}

/** Whether it contains a list, which may be long; everything else is short and is converted at once. */
function holdsList(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  if (isList(value)) return true;
  for (const name in value) if (holdsList(value[name as keyof typeof value])) return true;
  return false;
}

function withNumbers(_: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? formatNumber(value) : value;
}
