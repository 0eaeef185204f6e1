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

/** A daemon that ran this long has not failed to start. */
const SETTLED_MILLISECONDS = 60_000;

/** A daemon gets this long to stop; after that, the exit code of the command is not delayed any more. */
const STOP_MILLISECONDS = 1000;

/** Long enough for a busy machine; a daemon that takes longer hangs. */
const ANSWER_MILLISECONDS = 3000;

/** When memory is short, the kernel kills the daemon before the command: half of the scale of proc(5). */
const OOM_SCORE = '500';

/** The log of the daemon goes to the stderr of this process. */
function passOn(chunk: Buffer): void {
  try {
    writeSync(2, chunk);
  } catch {
    // stderr is closed.
  }
}

export class DaemonProcess {
  readonly #args: readonly string[];
  readonly #environment: NodeJS.ProcessEnv;
  readonly #log: Log;
  #child: ChildProcess | undefined;
  /** Whether it has reported that it handles signals. */
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
   * Whether a signal that this process has just received was sent to the whole process group; undefined if the daemon
   * does not answer.
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
    // A daemon that does not serve yet does not react to the end of the connection.
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
      // Not shared with the command: Node opens its stderr as a stream, which makes it non-blocking for all processes
      // that share it.
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
    this.#log.warn('the daemon ended; the command keeps running', { ...how, restartSeconds });
    this.#pauseSeconds = Math.min(restartSeconds * 2, LONGEST_PAUSE_SECONDS);
    this.#restart = setTimeout(() => this.#start(), restartSeconds * 1000);
  }
}
