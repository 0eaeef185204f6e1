/**
 * Files that a daemon leaves out because a limit is reached: the files of the reading are admitted to a plan
 * as the daemon admits them when it starts, in the order of their names.
 */
import { compareCodePoints } from '../../format/code-point.js';
import {
  Budget,
  type Exceeded,
  exceededText,
  type Quantity,
  UNLIMITED,
} from '../../plan/budget.js';
import { Plan } from '../../plan/plan.js';
import { atOnce } from '../../steps.js';
import type { ReadFile } from '../reading.js';
import type { Rule } from './finding.js';
import type { Subject } from './subject.js';

/** Bytes of an entry without its key and its value: the length of the key. */
const LENGTH_BYTES = 4;

export const overBudget: Rule = {
  code: 'BUDGET_EXCEEDED',
  severity: 'error',
  title: 'files beyond a limit',
  effect:
    'promfold leaves the file out, or, if it already serves the file, what was added to it. So no file can use up its memory.',
  cure: 'Remove files of dead processes, remove labels with many values from the metric, give promfold more memory, or raise the limit with --limit.',
  *find({ reading, limits }: Subject) {
    if (limits === UNLIMITED) return;
    const isKnown = new Uint8Array(reading.keys.size);
    const budget = new Budget('source', limits.source, new Budget('all', limits.all));
    const plan = new Plan((id) => reading.keys.read(id), undefined, budget);
    const files = reading.files.filter((file) => file.fault === undefined && file.fileName);
    files.sort((a, b) => compareCodePoints(a.name, b.name));
    for (const [id, file] of files.entries()) {
      const { keyId: keyIds } = file.entries;
      let newKeys = 0;
      for (const keyId of keyIds) {
        if (isKnown[keyId] === 0) newKeys++;
        isKnown[keyId] = 1;
      }
      plan.addFile(id, file.fileName!, limits.file);
      const own = plan.files.get(id)!.budget;
      const exceeded = readIn(own, file, newKeys) ?? atOnce(plan.admit(id, 0, keyIds));
      if (exceeded === undefined) continue;
      own.reset();
      plan.removeFile(id);
      yield { text: `${file.name}: ${exceededText(exceeded)}`, file: file.name };
    }
  },
};

/** What the addon counts before a file is planned. @param newKeys keys that no earlier file has */
function readIn(
  budget: Budget,
  { entries, usedBytes, valueBytes }: ReadFile,
  newKeys: number,
): Exceeded | undefined {
  const keyBytes = usedBytes - entries.length * (LENGTH_BYTES + valueBytes);
  const amounts: readonly (readonly [Quantity, number])[] = [
    ['entries', entries.length],
    // Keys of one file have about the same length.
    ['key-bytes', entries.length === 0 ? 0 : (keyBytes * newKeys) / entries.length],
  ];
  for (const [quantity, amount] of amounts) {
    const exceeded = budget.exceededBy(quantity, amount);
    if (exceeded !== undefined) return exceeded;
  }
  for (const [quantity, amount] of amounts) budget.add(quantity, amount);
  return undefined;
}
