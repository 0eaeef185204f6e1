/** How long one step of an engine may take, as its histogram of prefill times has seen: also before it was watched. */
import type { WatchedEngine } from '../watched.js';

/** @returns seconds; 0 where nothing is known */
export function longestStep(
  { step, stepBound }: Pick<WatchedEngine, 'step' | 'stepBound'>,
  value: Float64Array,
): number {
  let longest = 0;
  for (let i = 0; i < step.length; i++) {
    const bound = stepBound[i]!;
    if (value[step[i]!]! > 0 && bound > longest) longest = bound;
  }
  return longest;
}
