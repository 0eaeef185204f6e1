/**
 * The check of CI: on one small shape the ratio to the reference must stay above a third of the bar.
 * Nothing absolute is timed, so a slow or busy machine changes little.
 */
import { join } from 'node:path';
import { HTTP_BARS, round } from './bars.js';
import { Daemon } from './daemon.js';
import { median } from './median.js';
import { Reference } from './reference.js';
import { makeShape, SHAPES } from './shapes.js';

const SHAPE = 'fleet-100';
const ROUNDS = 9;
const TURNS = 7;
const WARM_UP = 200;

/** @returns the exit code: 1 when it is too slow */
export async function gate(directory: string): Promise<number> {
  const made = makeShape(join(directory, SHAPE), SHAPES[SHAPE]());
  const reference = await Reference.start(made.directory);
  const daemon = await Daemon.start(made.directory);
  await reference.scrape();
  for (let i = 0; i < WARM_UP; i++) await daemon.scrape();
  const times = { reference: [] as number[], promfold: [] as number[] };
  for (let turn = 0; turn < ROUNDS; turn++) {
    times.reference.push((await reference.scrape()).ms);
    for (let i = 0; i < TURNS; i++) times.promfold.push((await daemon.scrape()).ms);
  }
  await Promise.all([reference.close(), daemon.close()]);

  const ratio = median(times.reference) / median(times.promfold);
  const least = HTTP_BARS.find(([name]) => name === SHAPE)![1] / 3;
  const isMet = ratio >= least;
  process.stdout.write(
    `${SHAPE}: reference ${round(median(times.reference))} ms, promfold ${round(median(times.promfold))} ms, ` +
      `${round(ratio)}x, at least ${round(least)}x: ${isMet ? 'ok' : 'TOO SLOW'}\n`,
  );
  return isMet ? 0 : 1;
}
