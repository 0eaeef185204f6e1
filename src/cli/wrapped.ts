/**
 * The daemon's side of `run` (daemon-process.ts is the other): it runs until the command has ended, whatever signals
 * the process group receives, and reports those it received.
 */

/** Holds the pid of the `run` that started this daemon. */
export const WRAPPER_VARIABLE = 'PROMFOLD_RUN_PID';

/** Forwarded to the command, unless they were sent to the whole group. */
export const FORWARDED_SIGNALS = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGTERM',
  'SIGUSR1',
  'SIGUSR2',
] as const satisfies readonly NodeJS.Signals[];

export interface WrapperQuestion {
  /** The type of the question, and of its answer. */
  readonly id: number;
  readonly signal: NodeJS.Signals;
}

export interface WrapperAnswer {
  readonly id: number;
  readonly isReceived: boolean;
}

/** The kernel signals the members of a group one by one, and an event loop handles them a little later. */
const SETTLE_MILLISECONDS = 50;

/** An older signal is not the one in question. */
const RECENT_MILLISECONDS = 5000;

export function isWrapped(): boolean {
  return process.connected && process.env[WRAPPER_VARIABLE] === String(process.ppid);
}

/** @returns aborted once `run` stops this daemon, or has ended */
export function followWrapper(): AbortSignal {
  const stop = new AbortController();
  const receivedAt = new Map<NodeJS.Signals, number[]>();
  for (const signal of FORWARDED_SIGNALS) {
    receivedAt.set(signal, []);
    process.on(signal, () => receivedAt.get(signal)!.push(performance.now()));
  }
  // Ctrl-Z stops the command; its values can still be scraped.
  process.on('SIGTSTP', () => {});

  process.on('message', ({ id, signal }: WrapperQuestion) => {
    setTimeout(() => {
      const since = performance.now() - RECENT_MILLISECONDS;
      const recent = receivedAt.get(signal)!.filter((at) => at > since);
      // Each signal counts once: the next one may be sent to `run` alone.
      receivedAt.set(signal, recent.slice(1));
      const answer: WrapperAnswer = { id, isReceived: recent.length > 0 };
      process.send?.(answer, () => {});
    }, SETTLE_MILLISECONDS);
  });
  process.once('disconnect', () => stop.abort('the command ended'));
  process.send?.('ready', () => {});
  return stop.signal;
}
