/** Rules whose findings stay the same as long as files and keys do. */
import { Memo } from '../../memo.js';
import type { Steps } from '../../steps.js';
import type { SeriesStructure } from '../series-structure.js';
import type { Evidence, Found } from './finding.js';
import type { Subject } from './subject.js';

/**
 * For a rule about keys and names of files alone: what it finds is kept with the structure, so that a daemon does not
 * look at each series again for each answer.
 */
export function ofStructure(
  find: (subject: Subject) => Iterable<Found>,
): (subject: Subject) => Iterable<Found> {
  const kept = new Memo<SeriesStructure, readonly Evidence[]>();
  return function* (subject) {
    const steps = kept.getInSteps(subject.structure, () => collect(find(subject)));
    for (;;) {
      const { done, value } = steps.next();
      if (done) return yield* value;
      yield undefined;
    }
  };
}

function* collect(found: Iterable<Found>): Steps<readonly Evidence[]> {
  const evidence: Evidence[] = [];
  for (const piece of found) {
    if (piece === undefined) yield;
    else evidence.push(piece);
  }
  return evidence;
}
