/**
 * The rows of entries that are new to a plan: which slot the value of each goes into, and how it joins. Columns of all
 * files at once, as the addon takes them.
 */
import type { FileSet, Refreshed } from '../../native.js';
import type { Plan } from '../../plan/plan.js';
import { inSlices } from '../../steps.js';

/** Entries of one file: their key ids, from entry `from` on. */
export interface NewEntries {
  readonly id: number;
  readonly from: number;
  readonly keys: Uint32Array;
}

/** What a refresh found in the files of the plan. Other files were left out, or set aside right after they were read. */
export function newEntries(
  { id, entryFrom, entryCount, keyId }: Refreshed,
  { files }: Plan,
): NewEntries[] {
  const found: NewEntries[] = [];
  let at = 0;
  for (const [i, file] of id.entries()) {
    const from = entryFrom[i]!;
    const keys = keyId.subarray(at, at + entryCount[i]! - from);
    at += keys.length;
    if (files.has(file)) found.push({ id: file, from, keys });
  }
  return found;
}

/** All entries of the files that are in the plan. */
export function allEntries(plan: Plan, set: FileSet): NewEntries[] {
  return Array.from(plan.files.keys(), (id) => ({ id, from: 0, keys: set.keyIds(id) }));
}

export async function fillRows(
  plan: Plan,
  set: FileSet,
  files: readonly NewEntries[],
): Promise<void> {
  const total = files.reduce((sum, { keys }) => sum + keys.length, 0);
  const slot = new Uint32Array(total);
  const operation = new Uint8Array(total);
  let at = 0;
  for (const { id, from, keys } of files) {
    await inSlices(plan.fillRows(id, from, keys, slot, operation, at));
    at += keys.length;
  }
  set.setRows(
    Uint32Array.from(files, ({ id }) => id),
    Uint32Array.from(files, ({ from }) => from),
    Uint32Array.from(files, ({ keys }) => keys.length),
    slot,
    operation,
  );
}
