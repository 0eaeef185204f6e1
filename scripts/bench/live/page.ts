/**
 * npm run bench -- page
 *
 * The page in a real Chromium, on a directory of 200 processes with 100,000 series and a million entries: until numbers are
 * painted, and what an open page costs the daemon that shows the overview, one series, or two moments.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { openBrowser } from '../../../test/support/browser.js';
import { Daemon } from '../daemon.js';
import { median } from '../median.js';
import { makeAnswerFiles } from './answers.js';

export interface PageFigures {
  /** From navigation until the first numbers are there, milliseconds; median. */
  readonly firstPaintMs: number;
  /** Share of a core that the daemon takes while a page is open, above what it takes without. */
  readonly openCores: number;
  readonly seriesCores: number;
  readonly compareCores: number;
  readonly idleCores: number;
  /** Until the history of a series is answered, as an open page asks for it again and again; median. */
  readonly historyMs: number;
  /** Median scrapes, milliseconds: with eight windows open, and without. */
  readonly withMs: number;
  readonly withoutMs: number;
}

const SERIES = encodeURIComponent('api_requests_0_total{route="/items/40"}');

/** The recorder finds its pace, and what is made once is made. */
const SETTLE_MS = 25_000;

export async function measurePage(
  directory: string,
  { paints, seconds, scrapes }: { paints: number; seconds: number; scrapes: number },
): Promise<PageFigures> {
  makeAnswerFiles(directory);
  const daemon = await Daemon.start(directory);
  const browser = await openBrowser();
  const url = `http://127.0.0.1:${daemon.port}/`;
  try {
    await daemon.scrape();
    await sleep(SETTLE_MS);
    const coresDuring = async () => {
      const before = daemon.cpuSeconds();
      await sleep(seconds * 1000);
      return (daemon.cpuSeconds() - before) / seconds;
    };
    const idleBefore = await coresDuring();
    const times: number[] = [];
    for (let i = 0; i < paints; i++) {
      const context = await browser.newContext();
      const page = await context.newPage();
      const startedMs = performance.now();
      await page.goto(url);
      await page.locator('.tile .value', { hasText: /[0-9]/ }).first().waitFor();
      times.push(performance.now() - startedMs);
      await context.close();
    }
    const scrapeTimes = async () => {
      const ms: number[] = [];
      for (let i = 0; i < scrapes; i++) {
        const startedMs = performance.now();
        await (await fetch(`${url}metrics`)).arrayBuffer();
        ms.push(performance.now() - startedMs);
        await sleep(100);
      }
      return median(ms);
    };
    const withoutMs = await scrapeTimes();
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(url);
    await sleep(SETTLE_MS);
    const withPage = await coresDuring();
    await page.goto(`${url}#/series/${SERIES}`);
    await sleep(SETTLE_MS);
    const withSeries = await coresDuring();
    await page.goto(`${url}#/compare`);
    await sleep(SETTLE_MS);
    const withCompare = await coresDuring();
    await page.goto('about:blank');
    await sleep(2_000);
    // What others do on the machine changes meanwhile.
    const idleCores = (idleBefore + (await coresDuring())) / 2;
    const histories: number[] = [];
    for (let i = 0; i < paints; i++) {
      const startedMs = performance.now();
      // A kept connection would be closed meanwhile.
      const answer = await fetch(`${url}api/v1/explain?series=${SERIES}&start=-60s&step=1`);
      await answer.arrayBuffer();
      histories.push(performance.now() - startedMs);
      await sleep(2_000);
    }
    await page.goto(url);
    for (let i = 1; i < 8; i++) await (await context.newPage()).goto(url);
    await sleep(SETTLE_MS);
    const withMs = await scrapeTimes();
    return {
      firstPaintMs: median(times),
      openCores: withPage - idleCores,
      seriesCores: withSeries - idleCores,
      compareCores: withCompare - idleCores,
      idleCores,
      historyMs: median(histories),
      withMs,
      withoutMs,
    };
  } finally {
    await browser.close();
    await daemon.close();
  }
}
