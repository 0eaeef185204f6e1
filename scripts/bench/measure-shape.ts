/**
 * One shape: the reference and promfold side by side, turn by turn, so that whatever else the machine
 * does meets both.
 */
import { join } from 'node:path';
import { Daemon, firstAnswerMs } from './daemon.js';
import { floorMs } from './floor.js';
import { Inside } from './inside.js';
import type { LoopDelay } from './loop-delay.js';
import { median } from './median.js';
import { MovingValues } from './moving-values.js';
import type { Effort } from './options.js';
import { Reference, type ReferenceVersion } from './reference.js';
import { SameBytes } from './same-bytes.js';
import type { MadeShape } from './shapes.js';

/** Medians, milliseconds. */
export interface ShapeFigures {
  readonly files: number;
  readonly entries: number;
  readonly series: number;
  readonly bodyBytes: number;
  readonly gzipBytes: number;
  readonly referenceVersion: ReferenceVersion;
  readonly referenceRuns: number;
  readonly promfoldRuns: number;
  readonly referenceMs: number;
  readonly referenceGzipMs: number;
  readonly httpMs: number;
  readonly gzipMs: number;
  /** Over HTTP like httpMs, after a part of the values has changed. */
  readonly movingMs: number;
  readonly insideMs: number;
  /** The same while nothing else runs, as floorMs is measured. */
  readonly insideAloneMs: number;
  readonly sameBytesMs: number;
  readonly floorMs: number;
  /** Process start included. */
  readonly firstAnswerMs: number;
  /** Without process start. */
  readonly firstScrapeMs: number;
  /** Back to back over HTTP, identity and gzip. */
  readonly loopDelay: LoopDelay;
  readonly rssAnonMB: number;
}

/** A reference scrape that takes longer than this is repeated less. */
const SLOW_REFERENCE_MS = 1000;

export async function measureShape(made: MadeShape, effort: Effort): Promise<ShapeFigures> {
  const { directory } = made;
  const first: number[] = [];
  for (let i = 0; i < effort.starts; i++) first.push(await firstAnswerMs(directory));

  const reference = await Reference.start(directory);
  const daemon = await Daemon.start(directory);
  const inside = await Inside.start(directory);
  const { body } = await daemon.scrape({ keepBody: true });
  const sameBytes = await SameBytes.start(body!, join(directory, '..', 'body'));

  const warmUp = await reference.scrape();
  const series = seriesIn(body!);
  if (series !== warmUp.series) {
    throw new Error(`promfold serves ${series} series, the reference ${warmUp.series}`);
  }
  // A daemon has been running for a while: its JavaScript is compiled.
  await repeat(effort.warmUpMs, () => daemon.scrape());
  await repeat(effort.warmUpMs, () => inside.scrape(1));
  await repeat(effort.warmUpMs, () => sameBytes.send());
  const rounds = warmUp.ms > SLOW_REFERENCE_MS ? effort.slowRounds : effort.rounds;
  const turns = Math.max(5, Math.ceil(effort.promfoldRuns / rounds));
  const times = {
    reference: [] as number[],
    referenceGzip: [] as number[],
    http: [] as number[],
    gzip: [] as number[],
    inside: [] as number[],
    sameBytes: [] as number[],
  };
  let gzipBytes = 0;
  for (let round = 0; round < rounds; round++) {
    times.reference.push((await reference.scrape()).ms);
    // Both ways through the network in turn: the first answers after the reference's seconds are slower.
    for (let i = 0; i < turns; i++) {
      times.http.push((await daemon.scrape()).ms);
      times.sameBytes.push(await sameBytes.send());
    }
    for (const ms of await inside.scrape(turns)) times.inside.push(ms);

    if (round < effort.gzipRounds) {
      times.referenceGzip.push((await reference.scrape('gzip')).ms);
      for (let i = 0; i < turns; i++) {
        const answer = await daemon.scrape({ gzip: true });
        times.gzip.push(answer.ms);
        gzipBytes = answer.bodyBytes;
      }
    }
  }

  const loopDelay = await daemon.loopDelay(() =>
    repeat(effort.loopDelayMs, async () => {
      for (let i = 0; i < 5; i++) await daemon.scrape();
      await daemon.scrape({ gzip: true });
    }),
  );
  const moving = await measureMoving(made, daemon, effort.promfoldRuns);
  const rssAnonMB = daemon.rssAnonMB();
  await Promise.all([reference.close(), daemon.close(), sameBytes.close()]);

  // The floor's program runs back to back, and so does the scrape it is compared with.
  const floor = await floorMs(directory, body!.length);
  const backToBack = await inside.scrape(effort.promfoldRuns);
  await inside.close();

  return {
    files: made.files,
    entries: made.entries,
    series,
    bodyBytes: body!.length,
    gzipBytes,
    referenceVersion: reference.version,
    referenceRuns: times.reference.length,
    promfoldRuns: times.http.length,
    referenceMs: median(times.reference),
    referenceGzipMs: median(times.referenceGzip),
    httpMs: median(times.http),
    gzipMs: median(times.gzip),
    movingMs: median(moving),
    insideMs: median(times.inside),
    insideAloneMs: median(backToBack),
    sameBytesMs: median(times.sameBytes),
    floorMs: floor,
    firstAnswerMs: median(first),
    firstScrapeMs: inside.firstMs,
    loopDelay,
    rssAnonMB,
  };
}

async function repeat(forMs: number, work: () => Promise<unknown>): Promise<void> {
  const endMs = performance.now() + forMs;
  while (performance.now() < endMs) await work();
}

async function measureMoving(made: MadeShape, daemon: Daemon, runs: number): Promise<number[]> {
  const values = new MovingValues(made);
  const moving: number[] = [];
  for (let i = 0; i < runs; i++) {
    values.move();
    moving.push((await daemon.scrape()).ms);
  }
  values.close();
  return moving;
}

/** The application's; promfold's own are not counted. */
function seriesIn(body: Buffer): number {
  const lines = body.toString('latin1').split('\n');
  return lines.filter((line) => line !== '' && !/^(#|promfold_)/.test(line)).length;
}
