/** The view of `top` of a running promfold, as its API answers it. */
import { MetricFileError } from '../errors.js';
import { fetchTopJson } from './remote.js';
import type { TopView } from './top.js';

/** Rows of each list: more than a person scrolls through, and the most that a daemon answers. */
export const MAX_TOP_ROWS = 10_000;

type TopAnswer = TopView & { readonly snapshot: string; readonly source?: string };

/** @throws as fetchSnapshot */
export async function fetchTop(url: string): Promise<TopView> {
  const text = (await fetchTopJson(url, MAX_TOP_ROWS)).toString();
  let answer: TopAnswer;
  try {
    answer = JSON.parse(text, withNumbers) as TopAnswer;
  } catch (error) {
    throw new MetricFileError('FILE_UNREADABLE', url, 'the answer is no JSON', { cause: error });
  }
  const { snapshot: _, source: __, ...view } = answer;
  return { ...view, path: url };
}

/** Those that JSON does not have. A text of a view is never one of them: they are all of members that are numbers. */
const NUMBERS: ReadonlyMap<unknown, number> = new Map([
  ['NaN', Number.NaN],
  ['+Inf', Number.POSITIVE_INFINITY],
  ['-Inf', Number.NEGATIVE_INFINITY],
]);

const NUMERIC = /(?:PerSecond|^value|^change)$/;

function withNumbers(name: string, value: unknown): unknown {
  return NUMERIC.test(name) ? (NUMBERS.get(value) ?? value) : value;
}
