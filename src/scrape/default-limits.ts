/**
 * How much may be held where nobody says: as much as the memory allows, which a container bounds more tightly
 * than its machine does. Looked at once, when the program starts.
 *
 * The shares are of what is left when promfold itself has its part. They were measured: a series costs 0.8 to
 * 1.2 KiB in all (strings, templates, numbers, and a page on its way), an entry 8 to 28 bytes, a family of
 * one series 2.5 KiB (Node 20, x86-64).
 */
import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import type { Amounts, Limits } from '../plan/budget.js';

const KIB = 1024;
const MIB = KIB * KIB;

/** What promfold takes without any file. */
const OWN_BYTES = 96 * MIB;

/** A tiny machine serves something, too. */
const MIN_BYTES = 16 * MIB;

const SERIES_BYTES = 1.4 * KIB;
const FAMILY_BYTES = 2.5 * KIB;

/** Of V8's own heap; it holds the values of labels, and half of it may be garbage. */
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

/** @param areSeveral one of several sources has half of what all together have */
export function defaultLimits(areSeveral: boolean): Limits {
  const all = limitsFor(memoryBytes(), getHeapStatistics().heap_size_limit);
  return { file: all, source: areSeveral ? halfOf(all) : all, all };
}

/** @param memoryBytes of the machine or the container, whichever is less */
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
  /** Of the page of one endpoint. */
  readonly pageBytes: number;
  /** Of JavaScript objects in the thread of one. */
  readonly heapMegabytes: number;
}

/**
 * Of the pages of other endpoints: half of the memory there is. A page takes up to eight times its bytes: as it came, as
 * it was before, its columns, as it is printed and as it is sent.
 */
export function appendLimits(endpoints: number, memory = memoryBytes()): AppendLimits {
  const bytes = Math.max(MIN_BYTES, memory - OWN_BYTES) / endpoints;
  return {
    pageBytes: Math.floor(Math.min(MAX_APPENDED_BYTES, bytes / 16)),
    heapMegabytes: Math.floor(Math.min(256, Math.max(32, bytes / 4 / MIB))),
  };
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
