/** A file system that can be made to hang, as one over a network whose server is gone: FUSE, whose daemon is stopped. */
import { type ChildProcess, execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fusePython } from './parts.js';
import { ROOT } from './paths.js';
import { start } from './process.js';
import { tempDirectory } from './temp.js';

export class HangingFileSystem {
  /** What is in it; never hangs. */
  readonly source: string;
  /** Where it is mounted, next to the source. */
  readonly root: string;
  readonly #daemon: ChildProcess;

  private constructor(source: string, root: string, daemon: ChildProcess) {
    this.source = source;
    this.root = root;
    this.#daemon = daemon;
  }

  /** Mounts it during `work`. At first it answers. */
  static async use(work: (fileSystem: HangingFileSystem) => Promise<void>): Promise<void> {
    const parent = tempDirectory();
    // Other users must have access.
    chmodSync(parent, 0o755);
    const source = join(parent, 'source');
    const root = join(parent, 'mounted');
    for (const directory of [source, root]) mkdirSync(directory);
    const daemon = start(fusePython().path, [`${ROOT}/test/support/hanging_fs.py`, source, root]);
    let said = '';
    daemon.stderr!.on('data', (chunk: Buffer) => {
      said += chunk;
    });
    const fileSystem = new HangingFileSystem(source, root, daemon);
    try {
      for (let i = 0; !isMounted(root); i += 1) {
        if (i > 1_000 || daemon.exitCode !== null) throw new Error(`not mounted: ${said}`);
        await sleep(10);
      }
      await work(fileSystem);
    } finally {
      fileSystem.answer();
      if (isMounted(root)) execFileSync('umount', ['-l', root], { stdio: 'pipe' });
      daemon.kill('SIGKILL');
    }
  }

  /** From now on every access hangs. */
  async hang(): Promise<void> {
    this.#daemon.kill('SIGSTOP');
    // The signal takes effect a moment later.
    while (stateOf(this.#daemon.pid!) !== 'T') await sleep(1);
  }

  answer(): void {
    this.#daemon.kill('SIGCONT');
  }
}

function isMounted(path: string): boolean {
  return readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${path} `);
}

function stateOf(pid: number): string | undefined {
  return /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1];
}
