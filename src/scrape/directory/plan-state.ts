/**
 * What a plan knows of the entries of its files, but for their values: what the views of a running daemon are made from.
 *
 * Copies, so that they hold while the next scrape changes the plan. Made when a view asks and something has changed.
 */
import type { MetricFiles } from '../../files/metric-files.js';
import type { FileName } from '../../format/filename.js';
import type { EntryRows, FileSet, KeyTexts } from '../../native.js';
import type { Layout } from '../../plan/layout.js';
import type { FamilySurvey, Plan } from '../../plan/plan.js';
import { ITEMS_PER_STEP, inSlices, type Steps } from '../../steps.js';

export type { KeyTexts } from '../../native.js';

export interface PlanState {
  readonly layout: Layout;
  /** Key and slot of each entry, file after file. */
  readonly rows: EntryRows;
  /** Byte of its file at which the value of each of these entries is; 0 in a retained file. */
  readonly valueOffset: Uint32Array;
  /** 8 or 16, by file of `rows`. */
  readonly valueBytes: Uint8Array;
  /** Of all keys, in the order of their ids. */
  readonly keyTexts: readonly KeyTexts[];
  /** By key id; less than 0 for a key that counts for nothing. */
  readonly familyOfKey: Int32Array;
  readonly repairedKeys: ReadonlySet<number>;
  /** What the files disagree about, by family. */
  readonly conflicts: ReadonlyMap<string, string>;
  readonly survey: FamilySurvey;
  /** Of the files of the plan, by id. */
  readonly fileNames: ReadonlyMap<number, FileName>;
  /** Ids of the retained files, which are on no disk. */
  readonly retained: ReadonlySet<number>;
}

/** Copied at once: less than a millisecond. */
const TEXT_BYTES = 512 * 1024;

/** REQUIRES: no asynchronous call on the set is under way, nor begins before this resolves. */
export async function planState(
  plan: Plan,
  { set, retainedFiles }: MetricFiles,
  { layout, survey }: { readonly layout: Layout; readonly survey: FamilySurvey },
): Promise<PlanState> {
  const rows = await set.rows();
  const retained = new Set(retainedFiles.keys());
  return inSlices(copyState(plan, set, { layout, survey, rows, retained }));
}

function* copyState(
  plan: Plan,
  set: FileSet,
  parts: Pick<PlanState, 'layout' | 'survey' | 'rows' | 'retained'>,
): Steps<PlanState> {
  const { fileId, entryEnd, keyId } = parts.rows;
  const valueOffset = new Uint32Array(keyId.length);
  const valueBytes = new Uint8Array(fileId.length);
  let from = 0;
  for (const [i, id] of fileId.entries()) {
    if (i % ITEMS_PER_STEP === 0) yield;
    const places = set.entryPlaces(id);
    valueOffset.set(places.valueOffset.subarray(0, entryEnd[i]! - from), from);
    valueBytes[i] = places.valueBytes;
    from = entryEnd[i]!;
  }
  const keyTexts: KeyTexts[] = [];
  for (let id = 0; id < plan.keyCount; id += keyTexts.at(-1)!.end.length) {
    yield;
    keyTexts.push(set.keyTexts(id, plan.keyCount - id, TEXT_BYTES));
  }
  const fileNames = new Map<number, FileName>();
  for (const [id, { name }] of plan.files) fileNames.set(id, name);
  return {
    ...parts,
    valueOffset,
    valueBytes,
    keyTexts,
    familyOfKey: plan.familyOfKey.slice(),
    repairedKeys: new Set(plan.repairedKeys),
    conflicts: new Map([...plan.conflicts()].map(({ family, found }) => [family, found])),
    fileNames,
  };
}
