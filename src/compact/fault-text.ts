/**
 * Why a compaction that was begun could not be done, in words: what the addon found, by step and errno, and what to do.
 * Whatever it is, the directory is as it was.
 *
 * Source: open(2), fcntl(2) "Leases", link(2), rename(2), write(2).
 */
import type { Failure } from './report.js';

/** Of the addon; native/core/compact/. */
export interface CompactionFault {
  /** What was tried, as a phrase: `lock the directory`. */
  readonly step: string;
  readonly path: string;
  /** `ENOSPC`; empty for none. */
  readonly error: string;
}

const STOPPED = 'stop what reads and writes the directory, and use --readers-stopped';

/** By errno, whatever the step. */
const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: 'the file system is full: the archives need some space before files can go',
  EDQUOT: 'the disk quota is used up: the archives need some space before files can go',
  EROFS: 'the file system is read-only: mount the volume writable for promfold',
  EXDEV: `the directory came with the image of the container, and cannot be swapped: make it anew when the container starts, or ${STOPPED}`,
  EMLINK: 'the file system allows no more links to a file; wipe the directory at the next start',
  EMFILE: 'raise the limit of open files (ulimit -n)',
  ENFILE: 'the system has no open files left',
  ENOENT: 'the directory was moved or removed meanwhile',
  EBUSY: `a process has something mounted there: make it a sub-directory of the volume, or ${STOPPED}`,
  EACCES: 'run promfold as the user of the writers',
  EPERM:
    'run promfold as the user of the writers: only they may link their files (fs.protected_hardlinks), and files must not be immutable',
};

/** Of the lease, which tells that no process writes a file. */
const LEASE_ADVICE: Readonly<Record<string, string>> = {
  EACCES: 'run promfold as the user of the writers, or give it CAP_LEASE',
  EPERM: 'run promfold as the user of the writers, or give it CAP_LEASE',
};
const NO_LEASES =
  'this file system cannot tell whether a process writes a file (fcntl F_SETLEASE): use a local one, such as ext4, xfs or tmpfs';

export function failureOf({ step, path, error }: CompactionFault): Failure {
  return {
    error,
    found: `${path}: cannot ${step}${error === '' ? '' : ` (${error})`}`,
    advice: adviceOn(step, error),
  };
}

function adviceOn(step: string, error: string): string {
  if (step.includes('lease')) return LEASE_ADVICE[error] ?? NO_LEASES;
  if (step.includes('lock') && (error === 'EAGAIN' || error === 'EWOULDBLOCK')) {
    return 'another compaction of this directory is under way';
  }
  return ADVICE[error] ?? 'nothing was changed';
}
