/**
 * What the addon is asked for: files as columns, and which keys are one series, so that a total is rounded as the reader
 * rounds it.
 */
import type { Reading } from '../inspect/reading.js';
import { indexOf } from '../inspect/series-index.js';
import { madeOnce } from '../memo.js';
import type { CompactionRequest } from '../native.js';
import { SLOT_NOWHERE } from '../plan/plan.js';
import { ENTRIES_PER_STEP, ITEMS_PER_STEP, type Steps } from '../steps.js';
import { type Candidates, REMOVED } from './candidates.js';

export interface RequestOptions {
  readonly readersStopped: boolean;
  readonly isDryRun: boolean;
  /** How long the old files stay where they are, for what still reads or opens them. */
  readonly graceSeconds: number;
}

export function* requestFor(
  reading: Reading,
  candidates: Candidates,
  { readersStopped, isDryRun, graceSeconds }: RequestOptions,
): Steps<CompactionRequest> {
  const { groups, candidates: files } = candidates;
  const name: string[] = [];
  for (const [i, { file }] of files.entries()) {
    if (i % ITEMS_PER_STEP === 0) yield;
    name.push(bytesOf(file.name));
  }
  return {
    directory: reading.path,
    readersStopped,
    isDryRun,
    graceMilliseconds: graceSeconds * 1000,
    groups: groups.map(({ prefix, operation, valueBytes }) => ({
      prefix,
      operation,
      valueBytes: valueBytes === 8 ? 8 : 16,
    })),
    name,
    identity: files.map(({ file }) => file.identity),
    group: Int32Array.from(files, ({ group }) => group),
    sameSeries: yield* sameSeries(reading, candidates),
  };
}

/** A character for each byte. */
export function bytesOf(name: string): string {
  return Buffer.from(name).toString('latin1');
}

/** Of the folded files: keys with other texts that go into one slot. They are rare. */
function* sameSeries(reading: Reading, { candidates }: Candidates): Steps<Uint8Array[][]> {
  const { structure, files } = indexOf(reading);
  const { slotsOf, layout } = structure.parts;
  const rankOf = new Map(files.map((file, rank) => [file, rank]));
  /** By slot: the first key, counted from 1. */
  const first = new Uint32Array(layout.slotCount);
  const others = new Map<number, Set<number>>();
  for (const { file, group } of candidates) {
    yield;
    const rank = rankOf.get(file);
    if (group === REMOVED || rank === undefined) continue;
    const slots = slotsOf[rank]!;
    const { keyId } = file.entries;
    for (let i = 0; i < slots.length; i++) {
      if (i % ENTRIES_PER_STEP === ENTRIES_PER_STEP - 1) yield;
      const slot = slots[i]!;
      const key = keyId[i]! + 1;
      if (slot === SLOT_NOWHERE || first[slot] === key) continue;
      if (first[slot] === 0) {
        first[slot] = key;
        continue;
      }
      madeOnce(others, slot, () => new Set<number>()).add(key);
    }
  }
  const same: Uint8Array[][] = [];
  for (const [slot, keys] of others) {
    if (same.length % ITEMS_PER_STEP === 0) yield;
    same.push([first[slot]!, ...keys].map((key) => reading.keys.text!(key - 1).slice()));
  }
  return same;
}
