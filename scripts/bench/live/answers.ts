/**
 * How long the API takes for an answer, over HTTP on loopback, on a directory of 200 processes with 100,000 series and a
 * million entries: each process has 5,000 of the series, each series is in ten processes.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '../../../test/support/random.js';
import { Daemon } from '../daemon.js';
import { counterEntry } from '../families.js';
import { FileImage } from '../file-image.js';
import { median } from '../median.js';

const PROCESSES = 200;
const SERIES = 100_000;
const SERIES_OF_ONE = 5_000;
const FIRST_PROCESS = 1000;

export interface AnswerFigures {
  /** Medians by request, milliseconds; the first answer of each is left out. */
  readonly ms: Readonly<Record<string, number>>;
}

const REQUESTS = [
  'status',
  'processes?sort=-entries',
  `processes/${FIRST_PROCESS}`,
  'files?sort=-usedBytes',
  `files/counter_${FIRST_PROCESS}.db`,
  'top',
  `processes/${FIRST_PROCESS}/series`,
  'families?sort=-series',
  `families?process=${FIRST_PROCESS}`,
  'series/by-process?sort=-series',
  'labels',
  'labels/route/values?sort=-series',
  'series',
  'series?sort=-value',
  'series?sort=-perSecond',
  'series?search=items/99',
  `series?match[]=${encodeURIComponent('{route=~".*99"}')}`,
  `explain?series=${encodeURIComponent('api_requests_0_total{route="/items/40"}')}`,
  'findings',
];

export async function measureAnswers(directory: string, runs: number): Promise<AnswerFigures> {
  makeAnswerFiles(directory);
  const daemon = await Daemon.start(directory);
  try {
    await daemon.scrape();
    const times = new Map(REQUESTS.map((request) => [request, [] as number[]]));
    for (let i = 0; i <= runs; i++) {
      for (const request of REQUESTS) {
        const { ms } = await daemon.get(`/api/v1/${request}`);
        if (i > 0) times.get(request)!.push(ms);
      }
    }
    return { ms: Object.fromEntries([...times].map(([request, ms]) => [request, median(ms)])) };
  } finally {
    await daemon.close();
  }
}

export function makeAnswerFiles(directory: string): void {
  mkdirSync(directory);
  const random = new Random(1);
  for (let process = 0; process < PROCESSES; process++) {
    const entries = Array.from({ length: SERIES_OF_ONE }, (_, i) => {
      const series = (process * (SERIES / PROCESSES) + i) % SERIES;
      const family = { name: `api_requests_${series % 20}`, help: 'Requests that were served' };
      const labels = { method: 'GET', route: `/items/${series}`, status: '200' };
      return counterEntry(family, labels);
    });
    new FileImage(entries).write(join(directory, `counter_${FIRST_PROCESS + process}.db`), random);
  }
}
