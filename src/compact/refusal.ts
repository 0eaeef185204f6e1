/**
 * Why a directory was not compacted: what the addon found, and what to do, in one line. The addon looks for most of it
 * before it writes anything, and undoes what it began: until the exchange the directory is as it was. After the exchange it
 * is compacted, and the next compaction clears away what is left.
 *
 * Source: fcntl(2) "Leases", link(2), rename(2), proc_sys_fs(5) protected_hardlinks.
 */
import { COMPACTION_STEP, type CompactionFault } from '../native.js';

/** A step keeps its name for good: reports in JSON, and a label of promfold_compaction_failures_total, have it. */
export type RefusalCode = Exclude<keyof typeof COMPACTION_STEP, 'none'>;

export interface Refusal {
  readonly code: RefusalCode;
  readonly found: string;
  readonly advice: string;
  /** The errno; absent where the system refused nothing. */
  readonly error?: string;
  /** Whether it cannot be done here at all; otherwise something failed. */
  readonly isFinal: boolean;
}

interface Words {
  readonly found: (fault: CompactionFault) => string;
  readonly advice: string | ((fault: CompactionFault) => string);
  readonly isFinal?: true;
}

const INSTEAD = 'or stop all that reads and writes it, and use --readers-stopped';

const AS_OWNER = 'run promfold as the user of the writers';

/** The kernel tells the path as it is there. */
const ELSEWHERE = 'where another mount namespace has it, as a container has, run promfold there';

const cannot = (what: string) => (fault: CompactionFault) => `cannot ${what}${because(fault)}`;

const because = ({ error }: CompactionFault) => (error === '' ? '' : ` (${error})`);

const STEPS: Readonly<Record<RefusalCode, Words>> = {
  open: {
    found: ({ path, error }) =>
      isNoDirectory(error)
        ? 'it is a symbolic link, or no directory'
        : `cannot open ${path} (${error})`,
    advice: ({ error }) => {
      if (isNoDirectory(error)) return 'name the directory itself';
      if (error === 'ENOENT') return ELSEWHERE;
      return error === 'EACCES'
        ? 'let promfold read the directory and the one above it'
        : 'look for errors of the disk';
    },
    isFinal: true,
  },
  lock: {
    found: () => 'another compaction of it is under way',
    advice: 'wait until it has ended',
    isFinal: true,
  },
  moved: {
    found: () => 'its path leads to another directory than a moment ago',
    advice: `try again; ${ELSEWHERE}`,
  },
  remote: {
    found: () => 'it is on a file system of another host, or on one that is not known to be local',
    advice: 'keep metric files on a local file system: ext4, xfs, tmpfs',
    isFinal: true,
  },
  owner: {
    found: () => `it belongs to another user than uid ${process.geteuid!()}`,
    advice: AS_OWNER,
    isFinal: true,
  },
  mounted: {
    found: ({ path, processId }) =>
      `it is mounted at ${path} for process ${processId}, and a mount stays with the old directory`,
    advice: `make it a sub-directory of the volume, ${INSTEAD}`,
    isFinal: true,
  },
  occupied: {
    found: ({ processId }) =>
      `it is the working directory or the root of process ${processId}, which would stay in the old one`,
    advice: `start that process elsewhere, ${INSTEAD}`,
    isFinal: true,
  },
  subDirectory: {
    found: ({ path }) => `there is a directory in it, ${path}, which cannot be linked`,
    advice: `move it out, ${INSTEAD}`,
    isFinal: true,
  },
  lease: {
    found: (fault) => `cannot find out whether a process writes ${fault.path}${because(fault)}`,
    advice: `${AS_OWNER}, or give it CAP_LEASE; on a file system without leases it is not possible`,
    isFinal: true,
  },
  sibling: {
    found: (fault) => `cannot make the new directory next to it, ${fault.path}${because(fault)}`,
    advice: `let promfold write the directory above it, ${INSTEAD}`,
    isFinal: true,
  },
  attributes: {
    found: cannot('give the new directory the owner and attributes of the old one'),
    advice: AS_OWNER,
    isFinal: true,
  },
  link: { found: cannot('link its files into the new directory'), advice: AS_OWNER },
  list: { found: cannot('list it'), advice: 'look for errors of the disk' },
  write: { found: cannot('write an archive'), advice: 'look for errors of the disk' },
  sync: {
    found: cannot('write the new directory to the disk'),
    advice: 'look for errors of the disk',
  },
  exchange: { found: cannot('exchange the two directories'), advice: `${AS_OWNER}, ${INSTEAD}` },
  carry: {
    found: cannot('move what was made meanwhile into the new directory'),
    advice: 'the next compaction does it',
  },
  remove: { found: cannot('remove the old files'), advice: 'the next compaction does it' },
  move: { found: cannot('move its files'), advice: AS_OWNER },
  tooLarge: {
    found: () => 'an archive would have more than 2 GiB',
    advice: 'a metric has too many series: promfold check shows which',
    isFinal: true,
  },
  busy: {
    found: () => 'processes opened its files again and again',
    advice: 'try again when fewer of them start',
  },
  unseenWriter: {
    found: ({ path }) =>
      `a process that cannot be seen has ${path} open for writing, and may have the directory mounted`,
    advice: `share the PID namespace of all containers that use it, ${INSTEAD}`,
    isFinal: true,
  },
};

function isNoDirectory(error: string): boolean {
  return error === 'ELOOP' || error === 'ENOTDIR';
}

/** Whatever the step. */
const ADVICE_ON: Readonly<Record<string, string>> = {
  ENOSPC: 'the archives need some space before files can go: free some',
  EDQUOT: 'the archives need some space before files can go: the quota is used up',
  EROFS: 'mount the volume writable for promfold',
  EXDEV: `it came with the image of the container and cannot be exchanged: make it anew when the container starts, ${INSTEAD}`,
  EMLINK: 'the file system allows no more links to a file: wipe the directory at the next start',
  EMFILE: 'raise the limit of open files (ulimit -n)',
  EPERM: `${AS_OWNER}: only they may link their files (fs.protected_hardlinks), and no file may be immutable`,
};

const CODE_OF = new Map(
  Object.entries(COMPACTION_STEP).map(([name, step]) => [step as number, name as RefusalCode]),
);

export function refusalOf(fault: CompactionFault): Refusal {
  const code = CODE_OF.get(fault.step)!;
  const { found, advice, isFinal } = STEPS[code];
  return {
    code,
    found: found(fault),
    advice: ADVICE_ON[fault.error] ?? (typeof advice === 'string' ? advice : advice(fault)),
    ...(fault.error !== '' && { error: fault.error }),
    isFinal: isFinal === true && !NOT_FINAL.has(fault.error),
  };
}

/** What a moment later may be otherwise. */
const NOT_FINAL: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EMFILE', 'ENFILE']);

/** For a terminal and a log. */
export function refusalText(path: string, { found, advice }: Refusal): string {
  return `${path}: ${found}; ${advice}`;
}
