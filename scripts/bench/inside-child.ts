/** A scraper without a server: scrapes argv[2] when asked and answers how long each took. */
import { dialectFor } from '../../src/expose/formats.js';
import { SelfMetrics } from '../../src/scrape/families/self-metrics.js';
import { Scraper } from '../../src/scrape/scraper.js';

export interface InsideQuestion {
  readonly scrapes: number;
}
export interface InsideAnswer {
  readonly ms: readonly number[];
  readonly bytes: number;
}

const scraper = new Scraper(process.argv[2]!, {
  selfMetrics: new SelfMetrics({ version: 'bench', revision: '' }),
});
const request = { dialect: dialectFor('text') };

process.on('message', async ({ scrapes }: InsideQuestion) => {
  const ms: number[] = [];
  let bytes = 0;
  for (let i = 0; i < scrapes; i++) {
    const startedMs = performance.now();
    const page = await scraper.scrape(request);
    bytes = page.length;
    scraper.release(page);
    ms.push(performance.now() - startedMs);
  }
  const answer: InsideAnswer = { ms, bytes };
  process.send?.(answer);
});
