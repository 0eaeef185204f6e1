/**
 * Files that a daemon leaves out because a limit is reached: the files of the reading are admitted to a plan
 * as the daemon admits them when it starts, in the order of their names.
 */
import { compareCodePoints } from '../../format/code-point.js';
import {
  Budget,
  type Exceeded,
  exceededText,
  QUANTITIES,
  type Quantity,
  UNLIMITED,
} from '../../plan/budget.js';
import { Plan } from '../../plan/plan.js';
import { atOnce } from '../../steps.js';
import type { ReadFile, Reading } from '../reading.js';
import type { Evidence, Rule } from './finding.js';
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
  *find(subject: Subject) {
    const { reading, limits, files } = subject;
    if (reading.planned !== undefined) {
      yield* leftOut(reading);
      return;
    }
    if (limits === UNLIMITED || areWithin(subject)) return;
    const isKnown = new Uint8Array(reading.keys.size);
    const budget = new Budget('source', limits.source, new Budget('all', limits.all));
    const plan = new Plan((id) => reading.keys.read(id), undefined, budget);
    for (const [id, file] of [...files].sort(byName).entries()) {
      plan.addFile(id, file.fileName!, limits.file);
      const own = plan.files.get(id)!.budget;
      const exceeded =
        readIn(own, amountsOf(file, isKnown)) ?? atOnce(plan.admit(id, 0, file.entries.keyId));
      if (exceeded === undefined) continue;
      own.reset();
      plan.removeFile(id);
      yield { text: `${file.name}: ${exceededText(exceeded)}`, file: file.name };
    }
  },
};

/** In a daemon's reading the limits have been applied. */
function* leftOut({ files }: Reading): IterableIterator<Evidence> {
  for (const { name, fault } of files) {
    if (fault?.code === 'BUDGET_EXCEEDED') yield { text: `${name}: ${fault.found}`, file: name };
  }
}

const byName = (a: ReadFile, b: ReadFile) => compareCodePoints(a.name, b.name);

/**
 * Whether all files fit together. Then none is left out, and a plan with limits takes what the structure took without
 * them: they need not be planned again.
 */
function areWithin({ reading, limits, files, structure }: Subject): boolean {
  const { used } = structure.parts;
  if (used === undefined) return false;
  for (let i = 1; i < files.length; i++) if (byName(files[i - 1]!, files[i]!) > 0) return false;
  const all = { ...used.source };
  const most = { ...used.file };
  const isKnown = new Uint8Array(reading.keys.size);
  for (const file of files) {
    for (const [quantity, amount] of amountsOf(file, isKnown)) {
      all[quantity] += amount;
      most[quantity] = Math.max(most[quantity], amount);
    }
  }
  return QUANTITIES.every(
    (quantity) =>
      most[quantity] <= limits.file[quantity] &&
      all[quantity] <= limits.source[quantity] &&
      all[quantity] <= limits.all[quantity],
  );
}

/**
 * What the addon counts before a file is planned.
 *
 * @param isKnown by key id, whether an earlier file has the key; updated
 */
function amountsOf(
  { entries, usedBytes, valueBytes }: ReadFile,
  isKnown: Uint8Array,
): readonly (readonly [Quantity, number])[] {
  const { keyId } = entries;
  let newKeys = 0;
  for (let i = 0; i < keyId.length; i++) {
    if (isKnown[keyId[i]!] === 0) newKeys++;
    isKnown[keyId[i]!] = 1;
  }
  const keyBytes = usedBytes - entries.length * (LENGTH_BYTES + valueBytes);
  return [
    ['entries', entries.length],
    // Keys of one file have about the same length.
    ['key-bytes', entries.length === 0 ? 0 : (keyBytes * newKeys) / entries.length],
  ];
}

function readIn(
  budget: Budget,
  amounts: readonly (readonly [Quantity, number])[],
): Exceeded | undefined {
  for (const [quantity, amount] of amounts) {
    const exceeded = budget.exceededBy(quantity, amount);
    if (exceeded !== undefined) return exceeded;
  }
  for (const [quantity, amount] of amounts) budget.add(quantity, amount);
  return undefined;
}
