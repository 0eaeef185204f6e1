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
  readonly #control: string;
  readonly #daemon: ChildProcess;

  private constructor(source: string, root: string, control: string, daemon: ChildProcess) {
    this.source = source;
    this.root = root;
    this.#control = control;
    this.#daemon = daemon;
  }

  /** Mounts it during `work`. At first it answers. */
  static async use(work: (fileSystem: HangingFileSystem) => Promise<void>): Promise<void> {
    const parent = tempDirectory();
    // Other users must have access.
    chmodSync(parent, 0o755);
    const source = join(parent, 'source');
    const root = join(parent, 'mounted');
    const control = join(parent, 'control');
    for (const directory of [source, root, control]) mkdirSync(directory);
    execFileSync('mount', ['-t', 'fusectl', 'none', control], { stdio: 'pipe' });
    const daemon = start(fusePython().path, [`${ROOT}/test/support/hanging_fs.py`, source, root]);
    let said = '';
    daemon.stderr!.on('data', (chunk: Buffer) => {
      said += chunk;
    });
    const fileSystem = new HangingFileSystem(source, root, control, daemon);
    try {
      for (let i = 0; !isMounted(root); i += 1) {
        if (i > 1_000 || daemon.exitCode !== null) throw new Error(`not mounted: ${said}`);
        await sleep(10);
      }
      await work(fileSystem);
    } finally {
      fileSystem.answer();
      for (const directory of [root, control]) {
        if (isMounted(directory)) execFileSync('umount', ['-l', directory], { stdio: 'pipe' });
      }
      daemon.kill('SIGKILL');
    }
  }

  /**
   * From now on every access hangs. A process that waits for a request that the daemon has begun cannot even be killed, so
   * the daemon is stopped while it has none.
   */
  async hang(): Promise<void> {
    const waiting = join(this.#control, deviceMinor(this.root), 'waiting');
    for (;;) {
      this.#daemon.kill('SIGSTOP');
      // The signal takes effect a moment later.
      while (stateOf(this.#daemon.pid!) !== 'T') await sleep(1);
      if (readFileSync(waiting, 'latin1').trim() === '0') return;
      this.answer();
      await sleep(1);
    }
  }

  answer(): void {
    this.#daemon.kill('SIGCONT');
  }
}

/** Of the line that mountinfo has about a path; undefined where nothing is mounted there. proc_pid_mountinfo(5). */
function mountOf(path: string): string[] | undefined {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return lines.map((line) => line.split(' ')).find((fields) => fields[4] === path);
}

function isMounted(path: string): boolean {
  return mountOf(path) !== undefined;
}

/** Linux calls the connection of a FUSE file system so. */
function deviceMinor(path: string): string {
  return mountOf(path)![2]!.split(':')[1]!;
}

function stateOf(pid: number): string | undefined {
  return /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1];
}
