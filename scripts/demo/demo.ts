/**
 * The demo behind `scripts/start` without a directory: simulated workers write a fresh temporary
 * directory and the built promfold serves it, until Ctrl-C; then nothing of it is left.
 *
 *     node demo.js [flags of serve]
 *
 * scripts/start bundles it into dist/demo/, beside the program in dist/bundle/.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const WORKERS = 4;
const WORKER = fileURLToPath(new URL('worker.js', import.meta.url));
const MAIN = fileURLToPath(new URL('../bundle/promfold.js', import.meta.url));

const flags = process.argv.slice(2);
const directory = mkdtempSync(join(tmpdir(), 'promfold-demo-'));
const children: ChildProcess[] = [];
let stopping = false;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => void stop(0));
}
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));

await startWorkers();
if (!stopping) serve();

/** Resolves when every worker has written its files. */
async function startWorkers(): Promise<void> {
  await Promise.all(
    Array.from({ length: WORKERS }, async (_, index) => {
      const worker = fork(WORKER, [directory, String(index)]);
      children.push(worker);
      worker.once('exit', (code, signal) => {
        if (stopping) return;
        console.error(`demo: worker ${index} ended with ${signal ?? code}`);
        void stop(1);
      });
      await Promise.race([once(worker, 'message'), once(worker, 'exit')]);
    }),
  );
}

function serve(): void {
  const daemon = spawn(process.execPath, [MAIN, 'serve', directory, ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(daemon);
  daemon.once('exit', (code) => {
    if (!stopping) void stop(code ?? 1);
  });
  let told = false;
  for (const [from, to] of [
    [daemon.stdout, process.stdout],
    [daemon.stderr, process.stderr],
  ] as const) {
    from.on('data', (chunk: Buffer) => {
      to.write(chunk);
      const address = /listening.*[ ="]([0-9a-f.:[\]]+:[1-9][0-9]*)/.exec(String(chunk))?.[1];
      if (told || address === undefined) return;
      told = true;
      tell(`http://${address.replace(/^0\.0\.0\.0|^\[::\]/, '127.0.0.1')}`);
    });
  }
}

function tell(url: string): void {
  console.log(`
${WORKERS} simulated workers write ${directory}
promfold serves it at ${url}/

    curl ${url}/metrics

Ctrl-C stops all of it.
`);
}

async function stop(exitCode: number): Promise<void> {
  if (stopping) return;
  stopping = true;
  await Promise.all(
    children.map(async (child) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      // Workers end when their channel closes, the daemon when it is asked to.
      if (child.connected) child.disconnect();
      else child.kill('SIGTERM');
      await ended;
    }),
  );
  process.exit(exitCode);
}
