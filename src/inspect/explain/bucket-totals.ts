/** The running totals of a histogram's buckets: merged, and of each file. */
import type { Histogram } from '../../plan/laid-out-family.js';
import type { Series } from '../../plan/series.js';
import type { ReadFile } from '../reading.js';
import type { Contributions } from '../series-index.js';

export interface BucketTotals {
  readonly indexOf: ReadonlyMap<Series, number>;
  /** As exposed. */
  readonly all: readonly number[];
  readonly byFile: ReadonlyMap<ReadFile, readonly number[]>;
  /** Bounds that a file has, of those that any has. */
  readonly boundsOf: ReadonlyMap<ReadFile, ReadonlySet<number>>;
}

export function bucketTotals(contributions: Contributions, { buckets }: Histogram): BucketTotals {
  const all: number[] = [];
  const byFile = new Map<ReadFile, number[]>();
  const boundsOf = new Map<ReadFile, Set<number>>();
  for (const [i, { slot, bound }] of buckets.entries()) {
    let merged = 0;
    const parts = contributions.of(slot);
    for (let part = 0; part < parts.length; part++) {
      const file = parts.fileAt(part);
      const value = parts.valueAt(part);
      merged += value;
      let own = byFile.get(file);
      if (own === undefined) {
        own = new Array<number>(buckets.length).fill(0);
        byFile.set(file, own);
        boundsOf.set(file, new Set());
      }
      own[i]! += value;
      boundsOf.get(file)!.add(bound!);
    }
    all.push((all.at(-1) ?? 0) + merged);
  }
  for (const own of byFile.values()) for (let i = 1; i < own.length; i++) own[i]! += own[i - 1]!;
  const indexOf = new Map(buckets.map((bucket, i) => [bucket, i]));
  return { indexOf, all, byFile, boundsOf };
}
