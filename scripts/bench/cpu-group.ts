/** A control group with a limit of CPU, as containers have one: version 2, or version 1 where that is mounted. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';

const ROOT = '/sys/fs/cgroup';

/** In which the limit counts, as Kubernetes has it. */
const PERIOD_US = 100_000;

export class CpuGroup {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** @returns undefined where this user may make none, which is said */
  static make(cores: number, say: (text: string) => void): CpuGroup | undefined {
    const name = `promfold-bench-${process.pid}`;
    const isOld = existsSync(`${ROOT}/cpu`);
    const path = isOld ? `${ROOT}/cpu/${name}` : `${ROOT}/${name}`;
    const quota = String(Math.round(cores * PERIOD_US));
    try {
      if (!isOld) writeFileSync(`${ROOT}/cgroup.subtree_control`, '+cpu');
      mkdirSync(path);
      if (isOld) {
        writeFileSync(`${path}/cpu.cfs_period_us`, String(PERIOD_US));
        writeFileSync(`${path}/cpu.cfs_quota_us`, quota);
      } else writeFileSync(`${path}/cpu.max`, `${quota} ${PERIOD_US}`);
      return new CpuGroup(path);
    } catch (error) {
      say(`left out: a limit of CPU, since ${(error as Error).message}`);
      return undefined;
    }
  }

  add(pid: number): void {
    writeFileSync(`${this.#path}/cgroup.procs`, String(pid));
  }

  /** In how many periods it had to wait. */
  get throttled(): number {
    const text = readFileSync(`${this.#path}/cpu.stat`, 'utf8');
    return Number(/^nr_throttled (\d+)/m.exec(text)?.[1] ?? 0);
  }

  /** REQUIRES: its processes have ended. */
  remove(): void {
    rmdirSync(this.#path);
  }
}
