/** Rules whose findings stay the same as long as files and keys do. */
import { Memo } from '../../memo.js';
import type { SeriesStructure } from '../series-structure.js';
import type { Evidence } from './finding.js';
import type { Subject } from './subject.js';

/**
 * For a rule about keys and names of files alone: what it finds is kept with the structure, so that a daemon does not
 * look at each series again for each answer.
 */
export function ofStructure(
  find: (subject: Subject) => Iterable<Evidence>,
): (subject: Subject) => Iterable<Evidence> {
  const found = new Memo<SeriesStructure, readonly Evidence[]>();
  return (subject) => found.get(subject.structure, () => [...find(subject)]);
}
