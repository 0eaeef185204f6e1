/** What rules of series cost a scrape of 100,000 series: a daemon with twenty and one without, in turns. */
import { Daemon } from './daemon.js';
import { median } from './median.js';

export interface SeriesRuleFigures {
  readonly ms: number;
  readonly plainMs: number;
}

const RULES = 20;

/** They look at all series and leave out none, so that both print the same. */
const flags = Array.from(
  { length: RULES },
  (_, i) => `--metrics.drop={__name__=~"device_.*",pid="none-${i}"}`,
);

export async function measureSeriesRules(
  directory: string,
  runs: number,
): Promise<SeriesRuleFigures> {
  const plain = await Daemon.start(directory);
  const ruled = await Daemon.start(directory, flags);
  try {
    const ms: number[] = [];
    const plainMs: number[] = [];
    for (const daemon of [plain, ruled]) for (let i = 0; i < 5; i++) await daemon.scrape();
    for (let i = 0; i < runs; i++) {
      plainMs.push((await plain.scrape()).ms);
      ms.push((await ruled.scrape()).ms);
    }
    return { ms: median(ms), plainMs: median(plainMs) };
  } finally {
    await plain.close();
    await ruled.close();
  }
}
