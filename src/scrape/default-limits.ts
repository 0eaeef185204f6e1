/**
 * The limits where the operator sets none: as much as the memory allows, that of the container where it has a limit.
 * Decided once, when the program starts.
 *
 * They are shares of the memory that promfold itself does not need. Measured: a series takes 0.8 to 1.2 KiB in all
 * (strings, templates, numbers, and a page that is being sent), an entry 8 to 28 bytes, a family of one series 2.5 KiB
 * (Node 20, x86-64).
 */
import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import type { Amounts, Limits } from '../plan/budget.js';

const KIB = 1024;
const MIB = KIB * KIB;

/** What promfold takes without any file. */
const OWN_BYTES = 96 * MIB;

/** So that a tiny machine can serve something, too. */
const MIN_BYTES = 16 * MIB;

const SERIES_BYTES = 1.4 * KIB;
const FAMILY_BYTES = 2.5 * KIB;

/** Of V8's heap, which holds the values of labels; half of it may be garbage. */
const SERIES_HEAP_BYTES = 200;
const HEAP_SHARE = 0.5;

/** No application needs more, whatever memory there is. */
const MAX: Amounts = {
  entries: 200_000_000,
  'key-bytes': 2048 * MIB,
  series: 10_000_000,
  families: 100_000,
  'label-names': 20_000,
  'page-bytes': 512 * MIB,
};

/** No healthy program has a larger exposition. */
const MAX_APPENDED_BYTES = 32 * MIB;

/** @param areSeveral whether there are several sources: each then has half of the limits of all */
export function defaultLimits(areSeveral: boolean): Limits {
  const all = limitsFor(memoryBytes(), getHeapStatistics().heap_size_limit);
  return { file: all, source: areSeveral ? halfOf(all) : all, all };
}

/** @param memoryBytes of the machine or the container, whichever has less */
export function limitsFor(memoryBytes: number, heapBytes: number): Amounts {
  const bytes = Math.max(MIN_BYTES, memoryBytes - OWN_BYTES);
  const least = (quantity: keyof Amounts, amount: number) =>
    Math.min(MAX[quantity], Math.floor(amount));
  return {
    entries: least('entries', bytes / 64),
    'key-bytes': least('key-bytes', bytes / 8),
    series: least(
      'series',
      Math.min(bytes / SERIES_BYTES, (heapBytes * HEAP_SHARE) / SERIES_HEAP_BYTES),
    ),
    families: least('families', bytes / 8 / FAMILY_BYTES),
    'label-names': least('label-names', bytes / (16 * KIB)),
    'page-bytes': least('page-bytes', bytes / 4),
  };
}

export interface AppendLimits {
  /** Largest page of one endpoint. */
  readonly pageBytes: number;
  /** Heap limit of the thread of one endpoint. */
  readonly heapMegabytes: number;
}

/**
 * The limits of pages of other endpoints, which may take half of the memory. A page takes up to eight times its bytes: as
 * it was received, the one before it, its columns, as it is printed and as it is sent.
 */
export function appendLimits(endpoints: number, memory = memoryBytes()): AppendLimits {
  const bytes = Math.max(MIN_BYTES, memory - OWN_BYTES) / endpoints;
  return {
    pageBytes: Math.floor(Math.min(MAX_APPENDED_BYTES, bytes / 16)),
    heapMegabytes: Math.floor(Math.min(256, Math.max(32, bytes / 4 / MIB))),
  };
}

const MAX_RECORDER_BYTES = 32 * MIB;

/** Memory of the flight recorder. */
export function defaultRecorderBytes(memory = memoryBytes()): number {
  return Math.floor(Math.min(MAX_RECORDER_BYTES, memory / 10));
}

const MAX_RECORD_BYTES = 1024 * MIB;

/** Memory of `record`, which does nothing else. */
export function recordBytes(memory = memoryBytes()): number {
  return Math.floor(Math.min(MAX_RECORD_BYTES, memory / 4));
}

/** Of the control group where it has a limit, else of the machine. */
function memoryBytes(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

function halfOf(amounts: Amounts): Amounts {
  const half = Object.entries(amounts).map(([quantity, amount]) => [
    quantity,
    Math.floor(amount / 2),
  ]);
  return Object.fromEntries(half) as unknown as Amounts;
}
