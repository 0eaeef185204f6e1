/**
 * How many files may be mapped: half of what the kernel allows a process. V8 aborts when it finds no
 * mapping left, so files beyond are read instead.
 */
import { readFileSync } from 'node:fs';

/** The kernel's own default, for where /proc cannot be read. */
const DEFAULT_MAX_MAP_COUNT = 65_530;

export function mapLimit(): number {
  return Math.floor(maxMapCount() / 2);
}

function maxMapCount(): number {
  try {
    const count = Number(readFileSync('/proc/sys/vm/max_map_count', 'utf8'));
    return Number.isInteger(count) && count > 0 ? count : DEFAULT_MAX_MAP_COUNT;
  } catch {
    return DEFAULT_MAX_MAP_COUNT;
  }
}
