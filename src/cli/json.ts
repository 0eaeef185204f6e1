/**
 * JSON for --json: one document, one line. What JSON has no number for is a string as in an exposition: `NaN`,
 * `+Inf`, `-Inf`. What is not known is left out.
 *
 * In pieces: of a million series it is more than one string holds.
 */
import { formatNumber } from '../format/number.js';

/** The document in pieces, each an element of a list or shorter. */
export function* toJson(value: unknown): IterableIterator<string> {
  yield* pieces(value);
  yield '\n';
}

function* pieces(value: unknown): IterableIterator<string> {
  if (!holdsList(value)) {
    // As JSON.stringify has it in a list: what is not there is null.
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

/** Arrays, and what makes its elements when they are asked for. */
function isList(value: object): value is Iterable<unknown> {
  return Symbol.iterator in value;
}

/** Whether it is as long as what was counted; everything else is short, and made at once. */
function holdsList(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  if (isList(value)) return true;
  for (const name in value) if (holdsList(value[name as keyof typeof value])) return true;
  return false;
}

function withNumbers(_: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? formatNumber(value) : value;
}
