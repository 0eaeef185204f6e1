/** The clock of what a daemon does by itself from time to time: when it is due, and what it takes. Tests have one of their own. */

/** Monotonic. */
export interface TickClock {
  nowMs(): number;
  /** CPU time of this process, seconds. */
  cpuSeconds(): number;
  /** Calls back once. @returns how to cancel it */
  after(milliseconds: number, callback: () => void): () => void;
}

/** Its timers do not keep the process alive. */
export const PROCESS_CLOCK: TickClock = {
  nowMs: () => performance.now(),
  cpuSeconds: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  },
  after: (milliseconds, callback) => {
    const timer = setTimeout(callback, milliseconds).unref();
    return () => clearTimeout(timer);
  },
};
