/**
 * Files that pile up, and the space they take.
 * `src/reference.md` C10; client_python#367, client_python#426, client_python#443.
 */
import { counted, formatBytes, formatCount } from '../quantity.js';
import type { Rule } from './finding.js';
import type { Subject } from './subject.js';

/** A host with 64 workers has some 400 files; from here on a scrape by prometheus_client takes seconds. */
const MANY_FILES = 1_000;

/** Of files of dead processes: worth reporting on a tmpfs of 512 MB. */
const MUCH_DEAD_DISK = 100 * 2 ** 20;

const DAY_SECONDS = 86_400;

/** Below this there may be no space for a new file, a file that doubles, or a burst of workers. */
const LITTLE_FREE_BYTES = 64 * 2 ** 20;
const FEW_FREE_INODES = 1_000;

export const manyFiles: Rule = {
  code: 'MANY_FILES',
  severity: 'warning',
  title: 'very many files',
  effect:
    'prometheus_client reads every file at each scrape: 6,800 files took 40 s. Files are never removed while the application runs.',
  cure: 'Fold the files of dead processes (promfold compact, or serve --compact-dead-after), replace workers less often, and wipe the directory at each start.',
  *find(subject) {
    const { files } = subject.reading;
    if (files.length <= MANY_FILES) return;
    const processes = new Set(files.map(({ fileName }) => fileName?.processId));
    const dead = files.filter((file) => subject.livenessOf(file) === 'dead').length;
    const ofDead = dead === 0 ? '' : `, ${formatCount(dead)} of dead processes`;
    yield {
      text: `${counted(files.length, 'file')} of ${counted(processes.size, 'process', 'processes')}${ofDead}`,
    };
  },
};

export const diskGrowth: Rule = {
  code: 'DISK_GROWTH',
  severity: 'warning',
  title: 'disk space taken by processes that are gone',
  effect:
    'It grows with every replaced worker until the disk or tmpfs is full; then the kernel kills the writers (SIGBUS).',
  cure: 'Fold their files: promfold compact, or serve --compact-dead-after. Wipe the directory at each start; replace workers less often (max_requests).',
  *find(subject) {
    const { files, takenAtSeconds } = subject.reading;
    let bytes = 0;
    let count = 0;
    let lastDay = 0;
    for (const file of files) {
      if (subject.livenessOf(file) !== 'dead') continue;
      count++;
      bytes += file.diskBytes;
      if (takenAtSeconds - (file.modifiedSeconds ?? 0) < DAY_SECONDS) lastDay += file.diskBytes;
    }
    if (bytes <= MUCH_DEAD_DISK) return;
    yield {
      text: `${counted(count, 'file')} of dead processes take ${formatBytes(bytes)}, ${formatBytes(lastDay)} of it written in the last 24 h`,
    };
  },
};

export const diskFull: Rule = {
  code: 'DISK_FULL',
  severity: 'error',
  title: 'the file system is nearly full',
  effect:
    'The kernel kills a worker whose file gets no more space (SIGBUS), and files are left empty or damaged.',
  cure: 'Fold the files of dead processes (promfold compact), or give the file system more space or inodes.',
  *find({ hostFacts }: Subject) {
    const { freeBytes, freeInodes } = hostFacts ?? {};
    if (freeBytes !== undefined && freeBytes < LITTLE_FREE_BYTES) {
      yield { text: `${formatBytes(freeBytes)} free` };
    }
    if (freeInodes !== undefined && freeInodes < FEW_FREE_INODES) {
      yield { text: `${counted(freeInodes, 'free inode')}` };
    }
  },
};
