/** All problems of a directory, from single files to disagreements between files. Made when something changed. */
import { MetricFileError } from '../../errors.js';
import { nameCollisions } from '../../expose/collision-report.js';
import type { MetricFiles } from '../../files/metric-files.js';
import { FILE_STATE } from '../../native.js';
import { exceededText } from '../../plan/budget.js';
import type { Layout } from '../../plan/layout.js';
import type { Plan } from '../../plan/plan.js';

export function* planProblems(
  files: MetricFiles,
  plan: Plan,
  layout: Layout,
  nowSeconds: number,
): IterableIterator<MetricFileError> {
  yield* files.problems(nowSeconds);
  for (const id of plan.flawed) {
    const file = files.files.get(id);
    // A retained file: its problems were reported while the original file existed.
    if (file === undefined || file.state === FILE_STATE.bad) continue;
    const { path } = file;
    const { unusable, unusableCount, repaired } = plan.files.get(id)!;
    const at = (entry: number) => ({ offset: files.set.entryOffset(id, entry) });
    for (const { entry, found } of unusable) {
      yield new MetricFileError('KEY_UNUSABLE', path, found, at(entry));
    }
    const more = sumOf(unusableCount.values()) - unusable.length;
    if (more > 0) {
      const found = `${more.toLocaleString('en-US')} more entries with unusable keys`;
      yield new MetricFileError('KEY_UNUSABLE', path, found);
    }
    for (const { entry, found } of repaired) {
      yield new MetricFileError('TEXT_REPAIRED', path, found, at(entry));
    }
  }
  for (const id of plan.exceeding) {
    yield exceededFault(plan, { id, path: files.files.get(id)!.path })!;
  }
  const { path } = files.directory;
  for (const { family, found } of plan.conflicts()) {
    yield new MetricFileError('FAMILY_CONFLICT', path, `${family} ${found}`);
  }
  for (const { family, found } of plan.labelsInUse()) {
    yield new MetricFileError('LABEL_IN_USE', path, `${family} ${found}`);
  }
  for (const { family, found } of plan.refusedRules()) {
    yield new MetricFileError('RULE_REFUSED', path, `${family} ${found}`);
  }
  for (const { family, found } of nameCollisions(layout.families)) {
    yield new MetricFileError('NAMES_COLLIDE', path, `${family} ${found}`);
  }
  for (const { name, identical } of layout.families) {
    if (identical.length === 0) continue;
    const found = `${identical.length} series of ${name} print the same line as a later one`;
    yield new MetricFileError('SERIES_IDENTICAL', path, found);
  }
}

/** Of a file that grew beyond a limit of the plan; undefined for any other. */
export function exceededFault(
  plan: Plan,
  { id, path }: { readonly id: number; readonly path: string },
): MetricFileError | undefined {
  const exceeded = plan.exceeding.has(id) ? plan.files.get(id)!.exceeded : undefined;
  if (exceeded === undefined) return undefined;
  const found = `${exceededText(exceeded)} (its entries so far are served)`;
  return new MetricFileError('BUDGET_EXCEEDED', path, found);
}

function sumOf(numbers: Iterable<number>): number {
  let sum = 0;
  for (const number of numbers) sum += number;
  return sum;
}
