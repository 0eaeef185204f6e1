/** What the figures were measured on. */
import { cpus, loadavg, release, totalmem } from 'node:os';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGB: number;
  readonly node: string;
  readonly kernel: string;
  /** One minute, at the start: above 1 something else was running. */
  readonly load: number;
}

export function machine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown CPU',
    cores: cpus().length,
    memoryGB: Math.round(totalmem() / 1e9),
    node: process.version,
    kernel: release(),
    load: Math.round(loadavg()[0]! * 100) / 100,
  };
}

export function machineLine(on: Machine): string {
  return `${on.cpu}, ${on.cores} cores, ${on.memoryGB} GB, node ${on.node}, Linux ${on.kernel}, load ${on.load}`;
}
