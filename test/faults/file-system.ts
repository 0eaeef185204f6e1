/** File systems of our own to break things on; gone when the work is done. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempDirectory } from '../support/temp.js';
import { VICTIM, victimBytes, writeRest } from './place.js';

export type FileSystem =
  | 'tmpfs'
  | 'small-tmpfs'
  | 'few-inodes'
  | 'ext4'
  | 'small-ext4'
  | 'overlay'
  | 'read-only';

const MEBIBYTE = 2 ** 20;

const TMPFS_OPTIONS: Partial<Record<FileSystem, string>> = {
  tmpfs: 'size=64m',
  'small-tmpfs': 'size=512k',
  'few-inodes': 'nr_inodes=20',
};

/**
 * Mounts one and unmounts it in the end.
 *
 * `overlay` has a directory `image` with the files of a Place in its lower layer; `read-only` shows
 * `source`.
 */
export async function onFileSystem(
  type: FileSystem,
  work: (root: string, told: string) => Promise<void>,
  source = '',
): Promise<void> {
  const parent = tempDirectory();
  // Other users are to get there.
  chmodSync(parent, 0o755);
  const root = join(parent, 'mounted');
  mkdirSync(root);
  const mounted: string[] = [];
  const mount = (at: string, ...args: string[]) => {
    execFileSync('mount', [...args, at], { stdio: 'pipe' });
    mounted.push(at);
  };
  try {
    switch (type) {
      case 'tmpfs':
      case 'small-tmpfs':
      case 'few-inodes':
        mount(root, '-t', 'tmpfs', '-o', TMPFS_OPTIONS[type]!, 'promfold-test');
        break;
      case 'ext4':
      case 'small-ext4': {
        const image = join(parent, 'image');
        writeFileSync(image, '');
        execFileSync('truncate', ['-s', String((type === 'ext4' ? 8 : 1) * MEBIBYTE), image]);
        try {
          execFileSync('mkfs.ext4', ['-q', '-F', '-m', '0', image], { stdio: 'pipe' });
          mount(root, '-o', 'loop', image);
        } catch (error) {
          // A container without loop devices: told, and the next best is taken.
          process.stderr.write(`no ext4 of our own: ${String(error)}\n`);
          if (type === 'small-ext4') {
            mount(root, '-t', 'tmpfs', '-o', TMPFS_OPTIONS['small-tmpfs']!, 'promfold-test');
          }
        }
        break;
      }
      case 'overlay': {
        // Layers on a tmpfs: an overlay on an overlay, as in a container, is refused.
        const layers = join(parent, 'layers');
        mkdirSync(layers);
        mount(layers, '-t', 'tmpfs', 'promfold-test');
        const [lower, upper, workdir] = ['lower', 'upper', 'work'].map((n) => join(layers, n));
        mkdirSync(join(lower!, 'image'), { recursive: true });
        mkdirSync(upper!);
        mkdirSync(workdir!);
        writeRest(join(lower!, 'image'));
        writeFileSync(join(lower!, 'image', VICTIM), victimBytes());
        const options = `lowerdir=${lower},upperdir=${upper},workdir=${workdir}`;
        mount(root, '-t', 'overlay', '-o', options, 'promfold-test');
        break;
      }
      default:
        mount(root, '--bind', source);
        execFileSync('mount', ['-o', 'remount,ro,bind', root], { stdio: 'pipe' });
    }
    await work(root, type);
  } finally {
    for (const at of mounted.reverse()) execFileSync('umount', ['-l', at], { stdio: 'pipe' });
  }
}
