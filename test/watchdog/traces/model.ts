import type { Process } from './world.js';

/** What processes do with requests. */
export interface Model {
  /** All that happens in one second. */
  second(atSeconds: number, requests: number, wallSeconds: number): void;
  /** Requests that a process has not answered. */
  inFlight(process: Process): number;
  /** It was killed, and its requests with it. */
  drop(process: Process): void;
}
