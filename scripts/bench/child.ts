/** Child processes of the benchmark that are asked over IPC, one question at a time. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { compiled } from './paths.js';

/** @param name of a compiled file of this folder */
export function startChild(name: string, args: readonly string[]): ChildProcess {
  return fork(compiled(name), args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
}

export async function ask<Q extends object, A>(child: ChildProcess, question: Q): Promise<A> {
  const gone = new AbortController();
  const whenGone = once(child, 'exit', { signal: gone.signal }).then(([code]) => {
    throw new Error(`${child.spawnargs[1]} ended with ${code}`);
  });
  child.send(question);
  try {
    const [answer] = await Promise.race([once(child, 'message'), whenGone]);
    return answer as A;
  } finally {
    whenGone.catch(() => undefined);
    gone.abort();
  }
}

export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}
