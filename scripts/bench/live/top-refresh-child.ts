/** `top` without a terminal: draws argv[2] when asked, and answers what CPU this process has taken, all threads. */
import { painter } from '../../../src/cli/terminal.js';
import { newTopState, topLines } from '../../../src/cli/top-screen.js';
import { openTopSource } from '../../../src/cli/top-source.js';

export interface TopAnswer {
  /** Of this refresh, as one waits for it. */
  readonly ms: number;
  /** Since the process began. */
  readonly cpuMs: number;
  readonly rssBytes: number;
}

const source = await openTopSource(process.argv[2]!);
const state = newTopState('rate', '');
const layout = { width: 160, rows: 50, paint: painter(false), hasKeys: true };

process.on('message', async () => {
  const startedMs = performance.now();
  topLines(await source.next(), state, layout);
  const { user, system } = process.cpuUsage();
  const answer: TopAnswer = {
    ms: performance.now() - startedMs,
    cpuMs: (user + system) / 1000,
    rssBytes: process.memoryUsage.rss(),
  };
  process.send?.(answer);
});
