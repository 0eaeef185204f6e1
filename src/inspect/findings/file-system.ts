/** Where the directory lies. vllm#49983: a directory on a network volume. */
import type { Rule } from './finding.js';

/** Types as /proc/self/mountinfo names them. A FUSE file system may be anything: its type says `fuse.` and what. */
const NETWORK =
  /^(?:nfs\d?|cifs|smb3?|smbfs|9p|ceph|glusterfs|lustre|gpfs|beegfs|afs|virtiofs|fuse(?:\..*)?)$/;

export const networkFileSystem: Rule = {
  code: 'NETWORK_FILE_SYSTEM',
  severity: 'error',
  title: 'the directory is on a network file system',
  effect:
    'A store into a mapping need not reach other hosts, nor keep its order; some such systems cannot map at all, and the application then answers 500.',
  cure: 'Use a local directory, best a tmpfs (/run, /dev/shm, emptyDir with medium Memory).',
  *find({ hostFacts }) {
    const type = hostFacts?.fileSystem;
    if (type !== undefined && NETWORK.test(type)) yield { text: `file system type ${type}` };
  },
};

export const overlayFileSystem: Rule = {
  code: 'OVERLAY_FILE_SYSTEM',
  severity: 'info',
  title: 'the directory is in the writable layer of a container',
  effect:
    'It works inside this container; another one does not see it, and it counts against the disk of the container.',
  cure: 'Mount a volume there: emptyDir with medium Memory, shared with whoever reads.',
  *find({ hostFacts }) {
    const type = hostFacts?.fileSystem;
    if (type === 'overlay' || type === 'aufs') yield { text: `file system type ${type}` };
  },
};
