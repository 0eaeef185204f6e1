/** What a tick costs, beside a warm scrape of the same process a moment before. */
import { ask, startChild, stopChild } from '../child.js';
import { median } from '../median.js';
import type { TickAnswer, TickQuestion } from './tick-child.js';

/** Medians, milliseconds. */
export interface TickFigures {
  readonly scrapeMs: number;
  readonly tickMs: number;
}

export async function measureTicks(directory: string, turns: number): Promise<TickFigures> {
  const child = startChild('live/tick-child', [directory]);
  try {
    await ask<TickQuestion, TickAnswer>(child, { turns });
    const { scrapeMs, tickMs } = await ask<TickQuestion, TickAnswer>(child, { turns });
    return { scrapeMs: median(scrapeMs), tickMs: median(tickMs) };
  } finally {
    await stopChild(child);
  }
}
