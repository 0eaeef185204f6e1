/**
 * The daemon's side of `run` (daemon-process.ts is the other): it stays until the command has ended, whatever signals
 * the process group gets, and tells which it got.
 */

/** Holds the pid of the `run` that started this daemon. */
export const WRAPPER_VARIABLE = 'PROMFOLD_RUN_PID';

/** Handed on to the command, so what reaches the whole group must be told apart. */
export const FORWARDED_SIGNALS = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGTERM',
  'SIGUSR1',
  'SIGUSR2',
] as const satisfies readonly NodeJS.Signals[];

export interface WrapperQuestion {
  /** Of the question: that of its answer too. */
  readonly id: number;
  readonly signal: NodeJS.Signals;
}

export interface WrapperAnswer {
  readonly id: number;
  readonly isReceived: boolean;
}

/** The kernel signals the members of a group one by one, and a loop sees its signals a little later. */
const SETTLE_MILLISECONDS = 50;

/** An older signal is not the one that is asked about. */
const RECENT_MILLISECONDS = 5000;

export function isWrapped(): boolean {
  return process.connected && process.env[WRAPPER_VARIABLE] === String(process.ppid);
}

/** @returns aborted once `run` lets go of this daemon, or is gone */
export function followWrapper(): AbortSignal {
  const stop = new AbortController();
  const receivedAt = new Map<NodeJS.Signals, number[]>();
  for (const signal of FORWARDED_SIGNALS) {
    receivedAt.set(signal, []);
    process.on(signal, () => receivedAt.get(signal)!.push(performance.now()));
  }
  // Ctrl-Z stops the command; what it counted can still be scraped.
  process.on('SIGTSTP', () => {});

  process.on('message', ({ id, signal }: WrapperQuestion) => {
    setTimeout(() => {
      const since = performance.now() - RECENT_MILLISECONDS;
      const recent = receivedAt.get(signal)!.filter((at) => at > since);
      // Each counts once: the next may be for `run` alone.
      receivedAt.set(signal, recent.slice(1));
      const answer: WrapperAnswer = { id, isReceived: recent.length > 0 };
      process.send?.(answer, () => {});
    }, SETTLE_MILLISECONDS);
  });
  process.once('disconnect', () => stop.abort('the command ended'));
  process.send?.('ready', () => {});
  return stop.signal;
}
