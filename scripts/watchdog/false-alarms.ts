/**
 * How often the watchdog is wrong, over as many seeds as are asked for: days on which nothing is wrong, and faults that are planted.
 *
 *   node dist/scripts/watchdog/false-alarms.js [seeds] [first seed]
 */
import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import {
  isLate,
  type Judged,
  type JudgedFault,
  judgeFault,
  judgeHealthy,
} from '../../test/watchdog/traces/judged.js';
import { PLANTED } from '../../test/watchdog/traces/planted.js';
import { HEALTHY } from '../../test/watchdog/traces/scenarios.js';
import { UNSEEN } from '../../test/watchdog/traces/unseen.js';

const HEALTHY_NAMES = [...Object.keys(HEALTHY), ...Object.keys(UNSEEN)];

interface Share {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

if (isMainThread) await main();
else judgeAll(workerData as Share);

function judgeAll({ from, to, step }: Share): void {
  for (let seed = from; seed < to; seed += step) {
    for (const name of HEALTHY_NAMES) parentPort!.postMessage(judgeHealthy(name, seed));
    for (const name of Object.keys(PLANTED)) parentPort!.postMessage(judgeFault(name, seed));
  }
}

async function main(): Promise<void> {
  const seeds = Number(process.argv[2] ?? 200);
  const first = Number(process.argv[3] ?? 1);
  const threads = availableParallelism();
  const results: (Judged | JudgedFault)[] = [];
  await Promise.all(
    Array.from({ length: threads }, (_, i) => {
      const share: Share = { from: first + i, to: first + seeds, step: threads };
      const worker = new Worker(new URL(import.meta.url), { workerData: share });
      worker.on('message', (judged: Judged) => {
        results.push(judged);
        for (const alarm of judged.alarms)
          console.log(`${judged.name}, seed ${judged.seed}, ${alarm}`);
      });
      return new Promise((resolve, reject) => worker.on('exit', resolve).on('error', reject));
    }),
  );
  for (const name of HEALTHY_NAMES) {
    const own = results.filter((each) => each.name === name);
    const bad = own.filter(({ alarms }) => alarms.length > 0);
    console.log(`${name}: ${own.length} days, ${bad.length} with a false alarm`);
  }
  for (const name of Object.keys(PLANTED)) {
    const own = results.filter((each) => each.name === name) as JudgedFault[];
    const times = (verdict: 'silent' | 'stalled' | 'slow') => {
      const all = own.map(({ found }) => found[verdict] ?? Number.POSITIVE_INFINITY);
      const found = all.filter(Number.isFinite);
      if (found.length === 0) return '';
      return `, ${verdict} ${found.length} times, after ${found.reduce((most, each) => Math.max(most, each))} s at most`;
    };
    const bad = own.filter(({ alarms }) => alarms.length > 0).length;
    for (const each of own.filter((judged) => isLate(judged))) {
      console.log(`${name}, seed ${each.seed}: late, ${JSON.stringify(each.found)}`);
    }
    console.log(
      `${name}: ${own.length} times${times('silent')}${times('stalled')}${times('slow')}, ${bad} with a false alarm`,
    );
  }
}
