/**
 * The daemon of `run`: `promfold serve` as a child process, restarted whenever it ends.
 *
 * It is in the process group of the command, so a signal for the group reaches it too; it reports the signal
 * (wrapped.ts), and so `run` knows that the command received it too.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { MAIN } from '../program.js';
import type { Log } from './log.js';
import { WRAPPER_VARIABLE, type WrapperAnswer, type WrapperQuestion } from './wrapped.js';

const FIRST_PAUSE_SECONDS = 1;
const LONGEST_PAUSE_SECONDS = 60;

/** One that ran this long was not a failed start. */
const SETTLED_MILLISECONDS = 60_000;

/** A daemon that is told to stop has this long; then the command's exit code waits no more. */
const STOP_MILLISECONDS = 1000;

/** A busy machine is waited for, a daemon that hangs is not. */
const ANSWER_MILLISECONDS = 3000;

/** When memory is short the kernel ends this one first, not the command: half of the scale of proc(5). */
const OOM_SCORE = '500';

/** Its log is ours. */
function passOn(chunk: Buffer): void {
  try {
    writeSync(2, chunk);
  } catch {
    // Nobody reads it.
  }
}

export class DaemonProcess {
  readonly #args: readonly string[];
  readonly #environment: NodeJS.ProcessEnv;
  readonly #log: Log;
  #child: ChildProcess | undefined;
  /** Whether it has said that it minds signals. */
  #isReady = false;
  #isStopping = false;
  #pauseSeconds = FIRST_PAUSE_SECONDS;
  #restart: NodeJS.Timeout | undefined;
  #questions = 0;

  /** @param args of `serve` */
  constructor(args: readonly string[], environment: NodeJS.ProcessEnv, log: Log) {
    this.#args = args;
    this.#environment = environment;
    this.#log = log;
    this.#start();
  }

  /**
   * Whether a signal that has just reached us was meant for the whole process group; undefined where the daemon
   * does not say.
   */
  async hasReceived(signal: NodeJS.Signals): Promise<boolean | undefined> {
    const child = this.#child;
    if (child === undefined || !this.#isReady || !child.connected) return undefined;
    this.#questions++;
    const question: WrapperQuestion = { id: this.#questions, signal };
    return new Promise((resolve) => {
      const finish = (answer: boolean | undefined) => {
        clearTimeout(timer);
        child.off('message', onMessage);
        child.off('exit', onExit);
        resolve(answer);
      };
      const onMessage = (message: WrapperAnswer) => {
        if (message.id === question.id) finish(message.isReceived);
      };
      const onExit = () => finish(undefined);
      const timer = setTimeout(onExit, ANSWER_MILLISECONDS);
      child.on('message', onMessage);
      child.once('exit', onExit);
      child.send(question, () => {});
    });
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#restart);
    const child = this.#child;
    if (child === undefined) return;
    const ended = once(child, 'exit');
    // One that has not begun to serve does not know yet what the end of the connection means.
    if (!this.#isReady) child.kill('SIGKILL');
    else if (child.connected) child.disconnect();
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_MILLISECONDS);
    await ended;
    clearTimeout(late);
  }

  #start(): void {
    const startedAt = Date.now();
    const child = spawn(process.execPath, [...process.execArgv, MAIN, 'serve', ...this.#args], {
      env: { ...this.#environment, [WRAPPER_VARIABLE]: String(process.pid) },
      // None of the command's: Node opens its stderr as a stream, which makes it non-blocking for all who share it.
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    child.stderr?.on('data', passOn);
    this.#child = child;
    this.#isReady = false;
    child.once('message', () => {
      this.#isReady = true;
    });
    child.once('error', (error) => {
      if (child.pid === undefined) this.#ended({ cause: error.message }, startedAt);
    });
    child.once('exit', (exitCode, signal) => this.#ended({ exitCode, signal }, startedAt));
    if (child.pid !== undefined) {
      writeFile(`/proc/${child.pid}/oom_score_adj`, OOM_SCORE).catch(() => {});
    }
  }

  #ended(how: Record<string, unknown>, startedAt: number): void {
    this.#child = undefined;
    if (this.#isStopping) return;
    if (Date.now() - startedAt > SETTLED_MILLISECONDS) this.#pauseSeconds = FIRST_PAUSE_SECONDS;
    const restartSeconds = this.#pauseSeconds;
    this.#log.warn('the daemon ended; the command runs on', { ...how, restartSeconds });
    this.#pauseSeconds = Math.min(restartSeconds * 2, LONGEST_PAUSE_SECONDS);
    this.#restart = setTimeout(() => this.#start(), restartSeconds * 1000);
  }
}
