/**
 * Returns memory to the system after much of it was freed. V8 collects garbage when it needs memory, and an idle daemon
 * may not need any for days.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { trimMemory } from '../native.js';

/** Until then a few scrapes may still use the memory. */
const DELAY_MS = 5_000;
const SETTLE_MS = 1_000;

type CollectGarbage = (options: {
  readonly type: 'major';
  readonly execution: 'async';
  readonly flavor: 'last-resort';
}) => Promise<void>;

let isDue = false;
let collect: CollectGarbage | undefined;

/** Collects garbage a few seconds later, once for all calls until then. */
export function giveMemoryBack(): void {
  if (isDue) return;
  isDue = true;
  const timer = setTimeout(() => {
    isDue = false;
    // What the addon holds for JavaScript is freed some turns of the event loop after the collection.
    const options = { type: 'major', execution: 'async', flavor: 'last-resort' } as const;
    void garbageCollector()(options).then(() => setTimeout(trimMemory, SETTLE_MS).unref());
  }, DELAY_MS);
  timer.unref();
}

/** V8 exposes it under a flag, in contexts that are made after the flag was set. */
function garbageCollector(): CollectGarbage {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as CollectGarbage;
    setFlagsFromString('--no-expose-gc');
  }
  return collect;
}
