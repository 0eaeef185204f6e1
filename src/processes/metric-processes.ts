/**
 * Processes that should write to a directory but do not: their metric files are elsewhere, or they have none.
 *
 * The variable must be set, in upper case, not empty, before Python imports prometheus_client; otherwise a process
 * keeps its values in memory, or writes into its working directory (`src/reference.md` A9).
 *
 * Only these two variables are read from an environment: the rest contains secrets.
 */
import { resolve } from 'node:path';
import { boundedIo } from '../bounded-io.js';
import { writableMappings } from './maps.js';
import { DENIED, Proc } from './proc.js';

export interface Elsewhere {
  readonly pid: number;
  readonly role: string | undefined;
  readonly program: string | undefined;
  /** PROMETHEUS_MULTIPROC_DIR when the process started: '' if set but empty, undefined if unset. */
  readonly variable: string | undefined;
  /** The same of the old lower-case name. */
  readonly oldVariable: string | undefined;
  /** Directories in which it maps metric files, sorted. */
  readonly writesTo: readonly string[];
}

export const VARIABLE = 'PROMETHEUS_MULTIPROC_DIR';
export const OLD_VARIABLE = 'prometheus_multiproc_dir';

/** A file of the client: no other files with such names are mapped for writing. */
export const METRIC_FILE = /^(?:counter|gauge_[a-z]+|histogram|summary)_.+\.db$/;

/**
 * Finds processes that write metric files, name a directory for them, or are vLLM's API servers.
 *
 * @returns by pid; unreadable ones are left out. `elsewhere` finds those that write to another directory
 */
export async function findMetricProcesses(proc = new Proc()): Promise<Elsewhere[]> {
  const found: Elsewhere[] = [];
  for (const pid of await proc.pids().catch(() => [])) {
    const [maps, environ, commandLine] = await Promise.all([
      proc.read(pid, 'maps'),
      proc.read(pid, 'environ'),
      proc.role(pid),
    ]);
    if (maps === undefined || maps === DENIED || maps === '') continue;
    const writesTo = directoriesIn(maps);
    const variables = environ === undefined || environ === DENIED ? '' : environ;
    const variable = variableOf(VARIABLE, variables);
    const oldVariable = variableOf(OLD_VARIABLE, variables);
    const isServer = isApiServer(commandLine);
    if (writesTo.length === 0 && variable === undefined && oldVariable === undefined && !isServer) {
      continue;
    }
    const program = await proc.program(pid);
    found.push({ pid, role: commandLine, program, variable, oldVariable, writesTo });
  }
  return found;
}

/** vLLM's title of the processes that write metrics. */
export function isApiServer(role: string | undefined): boolean {
  return role !== undefined && /^VLLM::APIServer/i.test(role);
}

export function directoriesIn(maps: string): string[] {
  const directories = new Set<string>();
  for (const { path } of writableMappings(maps)) {
    const end = path.lastIndexOf('/');
    if (end >= 0 && METRIC_FILE.test(path.slice(end + 1).replace(/ \(deleted\)$/, ''))) {
      directories.add(path.slice(0, end) || '/');
    }
  }
  return [...directories].sort();
}

/** @param environ content of /proc/PID/environ: NAME=VALUE, each ended by a NUL */
export function variableOf(name: string, environ: string): string | undefined {
  const start = `${name}=`;
  const line = environ.split('\0').find((variable) => variable.startsWith(start));
  return line === undefined
    ? undefined
    : Buffer.from(line.slice(start.length), 'latin1').toString();
}

/** Whether two paths are one directory; links are followed if possible. */
export async function isSameDirectory(a: string, b: string): Promise<boolean> {
  const real = (path: string) => boundedIo.realPath(path).catch(() => resolve(path));
  return (await real(a)) === (await real(b));
}
