/** A control group with a limit of memory, as containers have one: version 2, or version 1 where that is mounted. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Files {
  readonly root: string;
  readonly limit: string;
  readonly failures: () => number;
}

export class ControlGroup {
  readonly #files: Files;

  /** @throws Error where this user may make none */
  constructor(name: string, memoryBytes: number) {
    this.#files = filesOf(`promfold-test-${process.pid}-${name}`);
    mkdirSync(this.#files.root);
    writeFileSync(join(this.#files.root, this.#files.limit), String(memoryBytes));
  }

  /** Goes before a command: it becomes the command, inside the group. */
  get wrapper(): readonly string[] {
    const script = `echo $$ > ${this.#files.root}/cgroup.procs && exec "$@"`;
    return ['sh', '-c', script, 'sh'];
  }

  /** How often the group ran into its limit. */
  get failures(): number {
    return this.#files.failures();
  }

  remove(): void {
    rmdirSync(this.#files.root);
  }
}

function filesOf(name: string): Files {
  const root = '/sys/fs/cgroup';
  if (existsSync(`${root}/memory`)) {
    const own = `${root}/memory/${name}`;
    const failures = () => Number(readFileSync(`${own}/memory.failcnt`, 'utf8'));
    return { root: own, limit: 'memory.limit_in_bytes', failures };
  }
  // Groups below get the memory controller only where it is handed down.
  writeFileSync(`${root}/cgroup.subtree_control`, '+memory');
  const own = `${root}/${name}`;
  const failures = () =>
    Number(/^oom (\d+)/m.exec(readFileSync(`${own}/memory.events`, 'utf8'))?.[1] ?? 0);
  return { root: own, limit: 'memory.max', failures };
}
