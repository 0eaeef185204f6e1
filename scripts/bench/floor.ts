/** Asks native/bench/floor.cc for the least a scrape of a directory can cost. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ROOT } from './paths.js';

export async function floorMs(directory: string, bytes: number): Promise<number> {
  const { stdout } = await promisify(execFile)('make', [
    '--silent',
    '-C',
    `${ROOT}/native`,
    'bench',
    `DIR=${directory}`,
    `BYTES=${bytes}`,
  ]);
  const { medianMicroseconds } = JSON.parse(stdout) as { medianMicroseconds: number };
  return medianMicroseconds / 1000;
}
