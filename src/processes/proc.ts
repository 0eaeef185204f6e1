/**
 * Reads one process from /proc. Processes end while they are read, and others cannot be read at all: both are
 * results, not errors.
 */
import { basename } from 'node:path';
import { boundedIo } from '../bounded-io.js';
import { isMultiprocessingChild, roleOf } from './role.js';

/** Clock ticks of /proc are a hundredth of a second on every Linux (USER_HZ). */
export const TICKS_PER_SECOND = 100;

/** Of a kernel thread, which has no maps and never writes metrics: PF_KTHREAD of the kernel's sched.h. */
const KERNEL_THREAD = 0x0020_0000;

/** A worker, the fork server that forked it, and the parent of that. */
const MAX_GENERATIONS = 4;

/** A part of /proc/PID; undefined if the process is gone, `denied` if it cannot be read. */
export type Answer = string | 'denied' | undefined;

export const DENIED = 'denied';

export interface ProcessStat {
  readonly parentPid: number;
  readonly processGroup: number;
  /** Of its terminal: the process group that receives the keys; -1 without one. */
  readonly foregroundGroup: number;
  readonly isKernelThread: boolean;
  readonly isZombie: boolean;
  /** Seconds after boot. */
  readonly startAfterBoot: number;
}

/**
 * How /proc is read: with a timeout, since the kernel may not answer for a process that hangs; or blocking, in a
 * thread that does nothing else.
 */
export interface ProcIo {
  readdir(path: string): Promise<string[]> | string[];
  readFile(path: string, encoding: 'latin1'): Promise<string> | string;
  readlink(path: string): Promise<string> | string;
}

const BOUNDED: ProcIo = {
  readdir: boundedIo.readNames,
  readFile: async (path, encoding) => textOf(await boundedIo.readFile(path), encoding),
  readlink: boundedIo.readLink,
};

function textOf({ buffer, byteOffset, length }: Uint8Array, encoding?: 'latin1'): string {
  return Buffer.from(buffer, byteOffset, length).toString(encoding);
}

export class Proc {
  readonly #directory: string;
  readonly #io: ProcIo;

  /** @param directory replaced only in tests */
  constructor(directory = '/proc', io: ProcIo = BOUNDED) {
    this.#directory = directory;
    this.#io = io;
  }

  async pids(): Promise<number[]> {
    const names = await this.#io.readdir(this.#directory);
    return names.filter((name) => /^\d+$/.test(name)).map(Number);
  }

  /** `maps`, `environ`, `cmdline`, `status`: one character for each byte. */
  async read(pid: number, file: string): Promise<Answer> {
    try {
      return await this.#io.readFile(`${this.#directory}/${pid}/${file}`, 'latin1');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return code === 'EACCES' || code === 'EPERM' ? DENIED : undefined;
    }
  }

  async stat(pid: number): Promise<ProcessStat | undefined> {
    const text = await this.read(pid, 'stat');
    return text === undefined || text === DENIED ? undefined : parseStat(text);
  }

  /** Its pids in its own and all visible outer namespaces, outermost first. */
  async namespacePids(pid: number): Promise<number[]> {
    const status = (await this.read(pid, 'status')) ?? '';
    const found = /^NSpid:\s*(.*)$/m.exec(status);
    return found ? found[1]!.split(/\s+/).map(Number) : [pid];
  }

  /** `pid:[4026531836]`; undefined if not visible. */
  async pidNamespace(pid: number): Promise<string | undefined> {
    return this.#link(pid, 'ns/pid');
  }

  /** The user it runs as; undefined when it is gone. */
  async owner(pid: number): Promise<number | undefined> {
    const about = await boundedIo.stat(`${this.#directory}/${pid}`).catch(() => undefined);
    return about?.uid;
  }

  /**
   * Its user. Not the owner of /proc/PID, which can be root (PR_SET_DUMPABLE), and not the effective user, which a
   * set-user-ID program changes. Source: credentials(7), proc(5).
   */
  async realUser(pid: number): Promise<number | undefined> {
    const status = (await this.read(pid, 'status')) ?? '';
    const [, real] = /^Uid:\t(\d+)\t/m.exec(status) ?? [];
    return real === undefined ? undefined : Number(real);
  }

  /** Undefined where it may not be seen. */
  async workingDirectory(pid: number): Promise<string | undefined> {
    return this.#link(pid, 'cwd');
  }

  /** For a child of multiprocessing, the role of the process that started it. */
  async role(pid: number): Promise<string | undefined> {
    let asked = pid;
    for (let generation = 0; generation < MAX_GENERATIONS; generation++) {
      const commandLine = await this.read(asked, 'cmdline');
      if (commandLine === undefined || commandLine === DENIED) return undefined;
      const role = roleOf(commandLine);
      if (role !== undefined || !isMultiprocessingChild(commandLine)) return role;
      const about = await this.stat(asked);
      if (about === undefined || about.parentPid <= 1) return undefined;
      asked = about.parentPid;
    }
    return undefined;
  }

  /** Base name of the executable; if that is not visible, the name of the process. */
  async program(pid: number): Promise<string | undefined> {
    const path = await this.#link(pid, 'exe');
    if (path !== undefined) return basename(path.replace(/ \(deleted\)$/, ''));
    const name = await this.read(pid, 'comm');
    return name === undefined || name === DENIED ? undefined : name.trimEnd();
  }

  async #link(pid: number, name: string): Promise<string | undefined> {
    try {
      return await this.#io.readlink(`${this.#directory}/${pid}/${name}`);
    } catch {
      return undefined;
    }
  }

  /** The whole command line. It may contain secrets: only for a terminal, on request. */
  async commandLine(pid: number): Promise<string | undefined> {
    const text = await this.read(pid, 'cmdline');
    if (text === undefined || text === DENIED) return undefined;
    const bytes = Buffer.from(text, 'latin1');
    return bytes.toString('utf8').replace(/\0+$/, '').replaceAll('\0', ' ');
  }
}

/**
 * The fields of /proc/PID/stat from the third on, by the numbers of proc(5). The name before them is in brackets, and
 * may contain brackets and blanks.
 */
export function statFields(text: string): (number: number) => string | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (number) => fields[number - 3];
}

/** By the state in /proc/PID/stat: it has ended, and its parent has not waited for it yet. */
export function hasEnded(state: string | undefined): boolean {
  return state === 'Z' || state === 'X';
}

/** Reads /proc/PID/stat. */
export function parseStat(text: string): ProcessStat | undefined {
  const field = statFields(text);
  const parentPid = Number(field(4));
  const startAfterBoot = Number(field(22)) / TICKS_PER_SECOND;
  if (!Number.isInteger(parentPid) || Number.isNaN(startAfterBoot)) return undefined;
  return {
    parentPid,
    processGroup: Number(field(5)),
    foregroundGroup: Number(field(8)),
    isKernelThread: (Number(field(9)) & KERNEL_THREAD) !== 0,
    isZombie: hasEnded(field(3)),
    startAfterBoot,
  };
}
