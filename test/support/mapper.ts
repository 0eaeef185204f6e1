/** Processes that map files as a writer or a reader does, whatever is in them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

// Maps each file given, to write ('w') or to read ('r'), forks where told, and waits for the end of stdin.
const MAPPER = `
import mmap, os, sys
held = []
for path in sys.argv[2:]:
    own = path.replace('{pid}', str(os.getpid()))
    if own != path: open(own, 'wb').write(bytes(4096))
    f = open(own, 'r+b')
    held.append(mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ if sys.argv[1] == 'r' else mmap.ACCESS_DEFAULT))
if sys.argv[1] == 'fork' and os.fork() == 0:
    os.read(0, 1)
    os._exit(0)
print('ready', flush=True)
sys.stdin.read()
`;

export class Mappers {
  readonly #children: ChildProcess[] = [];

  /** Resolves once they are mapped. A path with `{pid}` is made. */
  async start(how: 'w' | 'r' | 'fork', ...paths: string[]): Promise<ChildProcess> {
    const child = spawn('python3', ['-c', MAPPER, how, ...paths], {
      stdio: ['pipe', 'pipe', 'inherit'],
      detached: true,
    });
    this.#children.push(child);
    await once(child.stdout!, 'data');
    return child;
  }

  async end(child: ChildProcess): Promise<void> {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** All of them, and what they forked. */
  close(): void {
    for (const child of this.#children) {
      child.stdin?.end();
      try {
        process.kill(-child.pid!);
      } catch {}
    }
  }
}
