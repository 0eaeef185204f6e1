/**
 * A directory that is held open: stat and unlink act on its entries, wherever its path leads meanwhile.
 *
 * Node has no fstatat and no unlinkat. `/proc/self/fd/N/NAME` is the same: the kernel starts at the directory of
 * descriptor N, and follows no path to it. Source: proc(5); open(2), "Rationale for openat()".
 */
import { closeSync, constants, fstatSync, openSync, readlinkSync } from 'node:fs';
import { identityOf } from './namespace-path.js';

export class HeldDirectory {
  readonly #descriptor: number;
  /** `device:inode` */
  readonly identity: string;
  /** Without links, as in its mount namespace. */
  readonly path: string;

  private constructor(descriptor: number) {
    this.#descriptor = descriptor;
    this.identity = identityOf(fstatSync(descriptor, { bigint: true }));
    this.path = readlinkSync(`/proc/self/fd/${descriptor}`);
  }

  /** Undefined if it cannot be opened, or is not a directory. The path may be a link. */
  static open(path: string): HeldDirectory | undefined {
    const { O_RDONLY, O_DIRECTORY } = constants;
    let descriptor: number;
    try {
      descriptor = openSync(path, O_RDONLY | O_DIRECTORY);
    } catch {
      return undefined;
    }
    try {
      return new HeldDirectory(descriptor);
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  }

  /** A path for stat, lstat and unlink. REQUIRES: a base name, and that it is not closed. */
  entry(name: string): string {
    return `/proc/self/fd/${this.#descriptor}/${name}`;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
