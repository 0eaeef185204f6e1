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
    'Other hosts may see writes to a mapping late, out of order or never. Some network file systems cannot map files at all: the application then answers 500.',
  cure: 'Use a local directory, preferably a tmpfs (/run, /dev/shm, emptyDir with medium Memory).',
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
    'It works inside this container. Other containers cannot see it, and it uses up the disk space of this one.',
  cure: 'Mount a volume there: emptyDir with medium Memory, shared with the reader.',
  *find({ hostFacts }) {
    const type = hostFacts?.fileSystem;
    if (type === 'overlay' || type === 'aufs') yield { text: `file system type ${type}` };
  },
};
