/**
 * How many files of each type are read, and what they hold: kept as files change, since counting 10,000 of
 * them takes half a millisecond.
 */
import type { MetricType } from '../format/filename.js';
import { FILE_STATE } from '../native.js';
import type { MetricFile } from './metric-file.js';

export class RunningCounts {
  readonly #filesOfType = new Map<MetricType, number>();
  readonly #heldPaths = new Set<string>();
  #entries = 0;

  /** Files that are read, by the type their name says; types without one are left out. */
  get filesOfType(): ReadonlyMap<MetricType, number> {
    return this.#filesOfType;
  }

  /** Of files that cannot be read any more and are served with their last good values. */
  get heldPaths(): ReadonlySet<string> {
    return this.#heldPaths;
  }

  /** Of all files. */
  get entries(): number {
    return this.#entries;
  }

  add(file: MetricFile): void {
    this.#entries += file.entryCount;
    if (isRead(file)) this.#count(file.name.type, 1);
    if (file.state === FILE_STATE.held) this.#heldPaths.add(file.path);
  }

  /** REQUIRES: it was added, and is as it was then. */
  remove(file: MetricFile): void {
    this.#entries -= file.entryCount;
    if (isRead(file)) this.#count(file.name.type, -1);
    this.#heldPaths.delete(file.path);
  }

  #count(type: MetricType, by: number): void {
    const files = (this.#filesOfType.get(type) ?? 0) + by;
    if (files === 0) this.#filesOfType.delete(type);
    else this.#filesOfType.set(type, files);
  }
}

function isRead({ state }: MetricFile): boolean {
  return state === FILE_STATE.good || state === FILE_STATE.held;
}
