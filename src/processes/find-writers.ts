/**
 * Finds the processes that write the files of a directory, in one pass over the maps of all processes.
 *
 * The cost is that of reading the maps, whatever the number of files: each writable mapping takes one lookup.
 *
 * A process that was forked and has not touched a metric yet still maps the files of its parent. So if several
 * processes map a file, the one with its id is its writer, and a child of the writer is not a second writer
 * (`src/reference.md` C6).
 */
import { type Mount, mountOf, readMounts } from '../files/mounts.js';
import { isArchiveId } from '../format/filename.js';
import { bootSeconds } from './boot.js';
import { forEachConcurrently } from './concurrently.js';
import { writableMappings } from './maps.js';
import { DENIED, Proc, type ProcessStat } from './proc.js';
import { archiveWriter, type Writer } from './writer.js';

/** The facts needed to find the writer of a metric file. */
export interface WrittenFile {
  readonly processId: string;
  /** `device:inode`, as /proc/PID/maps prints them; empty where unknown. */
  readonly identity: string;
  /** Needed on file systems for which the maps have another device than stat. */
  readonly path?: string;
}

/** File systems for which the device in the maps is not that of stat: only inode and base name are compared. */
const OTHER_DEVICE_IN_MAPS = new Set(['overlay', 'btrfs', 'bcachefs']);

/** What the scans of one directory remember: facts that outlive the process they were learnt from. */
export interface WriterMemory {
  /** Identities of files that a visible process has mapped, or that no process was found to map. */
  readonly settled: Set<string>;
  /** Whether the ids of this directory are pids, as far as known. */
  isNamedByPid: boolean;
}

export const newMemory = (): WriterMemory => ({ settled: new Set(), isNamedByPid: false });

interface Mapper {
  readonly pid: number;
  readonly stat: ProcessStat;
}

/** The result of reading the maps. */
interface Sightings {
  /** The processes that map a file, by the index of the file. */
  readonly mappers: ReadonlyMap<number, readonly Mapper[]>;
  /** Pids, in all visible namespaces, of the processes whose maps cannot be read. */
  readonly unreadPids: ReadonlySet<string>;
  /** Whether some processes may not even be listed. */
  readonly isPartial: boolean;
}

/**
 * @param memory of earlier scans, updated; without it a directory whose last process ended becomes unknown from one
 *   scan to the next
 * @returns what is known of each process id of the files
 */
export async function findWriters(
  files: readonly WrittenFile[],
  proc = new Proc(),
  memory = newMemory(),
): Promise<ReadonlyMap<string, Writer>> {
  const sightings = await readAllMaps(files, proc);
  const { mappers } = sightings;
  const boot = bootSeconds();

  const filesOf = new Map<string, number[]>();
  for (const [i, { processId }] of files.entries()) {
    const own = filesOf.get(processId);
    if (own === undefined) filesOf.set(processId, [i]);
    else own.push(i);
  }

  const writers = new Map<string, Writer>();
  // Ids that are not numbers belong to another scheme, and say nothing about numeric ones.
  const numbered: boolean[] = [];
  for (const [processId, own] of filesOf) {
    if (isArchiveId(processId)) {
      writers.set(processId, archiveWriter(processId));
      continue;
    }
    const found = own.flatMap((i) => mappers.get(i) ?? []);
    // In the order of the files, whatever is found first.
    writers.set(processId, unseen(processId, 'unknown'));
    if (found.length === 0) continue;
    const { writer, bearsId } = await describe(processId, found, boot, proc);
    writers.set(processId, writer);
    if (/^\d+$/.test(processId)) numbered.push(bearsId);
  }

  if (numbered.length > 0) memory.isNamedByPid = numbered.every(Boolean);
  const { settled } = memory;
  for (const [processId, own] of filesOf) {
    if (isArchiveId(processId)) continue;
    const isVisible = mappers.size > 0 || own.every((i) => settled.has(files[i]!.identity));
    if (!isVisible || !isRuledOut(processId, sightings, memory.isNamedByPid)) continue;
    const writer = writers.get(processId)!;
    const left = own.filter((i) => !mappers.has(i) && files[i]!.identity !== '');
    for (const i of left) settled.add(files[i]!.identity);
    if (writer.liveness !== 'alive') writers.set(processId, unseen(processId, 'dead'));
    else if (left.length > 0) {
      writers.set(processId, { ...writer, abandoned: left.map((i) => files[i]!.identity) });
    }
  }
  for (const i of mappers.keys()) settled.add(files[i]!.identity);
  if (settled.size > 0) forgetOthers(settled, files);
  return writers;
}

/** Forgets removed files: other files may have their identities by now. */
function forgetOthers(settled: Set<string>, files: readonly WrittenFile[]): void {
  const present = new Set(files.map(({ identity }) => identity));
  for (const identity of settled) if (!present.has(identity)) settled.delete(identity);
}

/**
 * Whether a file of this id that no visible process maps is mapped by no process at all.
 *
 * If the ids of this directory are pids, the pid rules out a process whose maps cannot be read. Otherwise no process
 * would ever be dead for a user who cannot read the processes of others.
 */
function isRuledOut(
  processId: string,
  { unreadPids, isPartial }: Sightings,
  isNamedByPid: boolean,
): boolean {
  if (isPartial) return false;
  if (unreadPids.size === 0) return true;
  return isNamedByPid && /^\d+$/.test(processId) && !unreadPids.has(processId);
}

/** A writer that is not visible. */
function unseen(processId: string, liveness: 'dead' | 'unknown'): Writer {
  return {
    processId,
    liveness,
    pid: undefined,
    role: undefined,
    program: undefined,
    startSeconds: undefined,
  };
}

async function readAllMaps(files: readonly WrittenFile[], proc: Proc): Promise<Sightings> {
  const byIdentity = new Map<string, number>();
  for (const [i, { identity }] of files.entries()) if (identity !== '') byIdentity.set(identity, i);
  const mounts = readMounts();
  const byName = namesOnOddFileSystems(files, mounts);

  const mappers = new Map<number, Mapper[]>();
  const unreadPids = new Set<string>();
  await forEachConcurrently(await proc.pids().catch(() => []), async (pid) => {
    const maps = await proc.read(pid, 'maps');
    if (maps === undefined) return;
    if (maps === DENIED) {
      const stat = await proc.stat(pid);
      // A process that is ending has no maps any more, and a kernel thread has none.
      if (stat === undefined || stat.isKernelThread || stat.isZombie) return;
      for (const other of await proc.namespacePids(pid)) unreadPids.add(String(other));
      return;
    }
    const mapped = new Set<number>();
    for (const { identity, path } of writableMappings(maps)) {
      const i = byIdentity.get(identity) ?? byName?.get(nameKey(identity, path));
      if (i !== undefined) mapped.add(i);
    }
    if (mapped.size === 0) return;
    const stat = await proc.stat(pid);
    if (stat === undefined || stat.isZombie) return;
    for (const i of mapped) {
      const known = mappers.get(i);
      if (known === undefined) mappers.set(i, [{ pid, stat }]);
      else known.push({ pid, stat });
    }
  });
  return { mappers, unreadPids, isPartial: hidesProcesses(mounts) };
}

/** The writer of files is the process with their id, else the oldest one. */
async function describe(
  processId: string,
  found: readonly Mapper[],
  boot: number | undefined,
  proc: Proc,
): Promise<{ writer: Writer; bearsId: boolean }> {
  const distinct = [...new Map(found.map((mapper) => [mapper.pid, mapper])).values()];
  distinct.sort((a, b) => a.stat.startAfterBoot - b.stat.startAfterBoot || a.pid - b.pid);
  const pidsOf = new Map<number, readonly number[]>();
  for (const { pid } of distinct) pidsOf.set(pid, await proc.namespacePids(pid));
  const bears = ({ pid }: Mapper) => pidsOf.get(pid)!.some((other) => String(other) === processId);

  const chosen = distinct.find(bears) ?? distinct[0]!;
  const claims = (mapper: Mapper) =>
    bears(mapper) || !/^\d+$/.test(processId) || String(mapper.stat.parentPid) === processId;
  const parents = new Map(distinct.map(({ pid, stat }) => [pid, stat.parentPid]));
  const others = distinct.filter(
    (mapper) => mapper !== chosen && claims(mapper) && !isBelow(mapper.pid, parents),
  );

  const { pid, stat } = chosen;
  const pidNamespace = await proc.pidNamespace(pid);
  const otherPids = claims(chosen) ? others.map((other) => other.pid) : [];
  const writer: Writer = {
    processId,
    liveness: 'alive',
    pid,
    role: await proc.role(pid),
    program: await proc.program(pid),
    startSeconds: boot === undefined ? undefined : boot + stat.startAfterBoot,
    ...(pidNamespace !== undefined && { pidNamespace }),
    ...(otherPids.length > 0 && { otherPids }),
  };
  return { writer, bearsId: bears(chosen) };
}

/** Whether a process is the child of another that maps the file too. */
function isBelow(pid: number, parents: ReadonlyMap<number, number>): boolean {
  const parent = parents.get(pid);
  return parent !== undefined && parents.has(parent);
}

/** Inode and base name → file, if the device cannot be compared; undefined if it can. */
function namesOnOddFileSystems(
  files: readonly WrittenFile[],
  mounts: readonly Mount[],
): ReadonlyMap<string, number> | undefined {
  const first = files.find(({ path }) => path?.startsWith('/'));
  const type = first === undefined ? undefined : mountOf(first.path!, mounts)?.type;
  if (type === undefined || !OTHER_DEVICE_IN_MAPS.has(type)) return undefined;
  const byName = new Map<string, number>();
  for (const [i, { identity, path }] of files.entries()) {
    if (identity !== '' && path !== undefined) byName.set(nameKey(identity, path), i);
  }
  return byName;
}

function nameKey(identity: string, path: string): string {
  return `${identity.slice(identity.lastIndexOf(':') + 1)} ${path.slice(path.lastIndexOf('/') + 1)}`;
}

/** With hidepid the processes of other users are not even listed. */
export function hidesProcesses(mounts: readonly Mount[]): boolean {
  const options = mountOf('/proc/1', mounts)?.options ?? '';
  return process.getuid?.() !== 0 && /(?:^|,)hidepid=(?!0|off)/.test(options);
}
