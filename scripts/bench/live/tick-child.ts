/** A scraper without a server, in turns: a warm scrape, and a tick of argv[2]. Answers how long each took. */
import { dialectFor } from '../../../src/expose/formats.js';
import { Memo } from '../../../src/memo.js';
import { compareColumns, INCREASE_CLASS, type ValueColumns } from '../../../src/native.js';
import type { PlanState } from '../../../src/scrape/directory/plan-state.js';
import type { SourceInstant } from '../../../src/scrape/directory/source.js';
import { SelfMetrics } from '../../../src/scrape/families/self-metrics.js';
import { Scraper } from '../../../src/scrape/scraper.js';

export interface TickQuestion {
  readonly turns: number;
}
export interface TickAnswer {
  readonly scrapeMs: readonly number[];
  readonly tickMs: readonly number[];
}

const scraper = new Scraper(process.argv[2]!, {
  selfMetrics: new SelfMetrics({ version: 'bench', revision: '' }),
});
const request = { dialect: dialectFor('text') };
let earlier: SourceInstant | undefined;

/** All values, and what changed since the last tick, by file and by series. */
async function tick(): Promise<void> {
  const now = await scraper.instant(undefined, false);
  if (earlier !== undefined) await compare(earlier.columns, now);
  earlier?.release();
  earlier = now;
}

async function compare(before: ValueColumns, { columns, state }: SourceInstant): Promise<void> {
  const { classOfSlot, groupOfSlot } = groupings.get(state, groupingOf);
  const { slotCount } = state.layout;
  await compareColumns(before, columns, state.rows.slot, classOfSlot, groupOfSlot, slotCount);
}

/** Of each slot; the slow clock. */
const groupings = new Memo<PlanState, ReturnType<typeof groupingOf>>();

function groupingOf({ layout: { slotCount } }: PlanState) {
  return {
    classOfSlot: new Uint8Array(slotCount).fill(INCREASE_CLASS.increments),
    groupOfSlot: Uint32Array.from({ length: slotCount }, (_, slot) => slot),
  };
}

async function msOf(work: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

process.on('message', async ({ turns }: TickQuestion) => {
  const scrapeMs: number[] = [];
  const tickMs: number[] = [];
  for (let i = 0; i < turns; i++) {
    scrapeMs.push(await msOf(async () => scraper.release(await scraper.scrape(request))));
    tickMs.push(await msOf(tick));
  }
  const answer: TickAnswer = { scrapeMs, tickMs };
  process.send?.(answer);
});
