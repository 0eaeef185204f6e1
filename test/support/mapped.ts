/**
 * Maps a file shared and writable, as prometheus_client's workers do. By mmap-io, which has no unmap: a map goes when
 * its buffer is collected.
 */
import { createRequire } from 'node:module';
import type { MapFile } from '../../scripts/demo/metric-file-writer.js';
import { ROOT } from './paths.js';

/** What we use of mmap-io; its own types promise a default export that it does not have. */
interface Mmap {
  map(size: number, protection: number, flags: number, fd: number): Buffer;
  readonly PROT_READ: number;
  readonly PROT_WRITE: number;
  readonly MAP_SHARED: number;
}

const mmap = createRequire(`${ROOT}/.test-packages/`)('mmap-io') as Mmap;

export const mapped: MapFile = (fd, sizeBytes) => {
  const { PROT_READ, PROT_WRITE, MAP_SHARED } = mmap;
  return mmap.map(sizeBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
};
