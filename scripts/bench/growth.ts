/** How time grows: ten times the entries for the same series, and ten times the series. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Daemon } from './daemon.js';
import { Inside } from './inside.js';
import { highest, median } from './median.js';
import { fleet, makeShape, type Shape, wide } from './shapes.js';

/** Medians, milliseconds. */
export interface GrowthPoint {
  readonly files: number;
  readonly entries: number;
  readonly series: number;
  readonly insideMs: number;
  readonly httpMs: number;
}
export interface GrowthFigures {
  readonly entries: readonly GrowthPoint[];
  readonly series: readonly GrowthPoint[];
}

export async function measureGrowth(directory: string, runs: number): Promise<GrowthFigures> {
  const point = (name: string, shape: Shape, series: number) =>
    measurePoint(join(directory, name), shape, series, runs);
  return {
    entries: [
      await point('entries-30', fleet(10), 610),
      await point('entries-300', fleet(100), 610),
      await point('entries-3000', fleet(1000), 610),
    ],
    series: [
      await point('series-600', wide(600), 610),
      await point('series-6000', wide(6000), 6100),
      await point('series-60000', wide(60_000), 61_000),
    ],
  };
}

async function measurePoint(
  directory: string,
  shape: Shape,
  series: number,
  runs: number,
): Promise<GrowthPoint> {
  const { files, entries } = makeShape(directory, shape);
  const daemon = await Daemon.start(directory);
  const inside = await Inside.start(directory);
  // As many again before it counts, for the compiler of both processes.
  for (let i = 0; i < runs; i++) await daemon.scrape();
  await inside.scrape(runs);
  const http: number[] = [];
  for (let i = 0; i < runs; i++) http.push((await daemon.scrape()).ms);
  const insideMs = median(await inside.scrape(runs));
  await Promise.all([daemon.close(), inside.close()]);
  rmSync(directory, { recursive: true });
  return { files, entries, series, insideMs, httpMs: median(http) };
}

/** The greatest factor from one point to the next; the bar is at most 10. */
export function steepest(points: readonly GrowthPoint[], figure: 'insideMs' | 'httpMs'): number {
  return highest(points.slice(1).map((point, i) => point[figure] / points[i]![figure]));
}
