/**
 * Whether scrapes get done: since when the oldest one is waited for, and which directories are being read meanwhile.
 *
 * A directory on a mount that hangs may hold up a scrape for ever. Probes ask here, and so wait for nothing. Touched a
 * few times per scrape.
 */

/** Prometheus gives a scrape as long, unless it is told otherwise. */
const OVERDUE_MS = 10_000;

/** More directories than that are a number in a message. */
const MAX_NAMED = 3;

export class PendingScrapes {
  readonly #nowMs: () => number;
  /** When each was asked for, oldest first. */
  readonly #askedMs = new Set<{ readonly ms: number }>();
  /** Directories that are being read, as often as they are. */
  readonly #reading: string[] = [];
  #runMs: number | undefined;

  /** @param nowMs a clock that is never set */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** A scrape is asked for and waited for until `answer` settles. */
  async asked<T>(answer: Promise<T>): Promise<T> {
    const asked = { ms: this.#nowMs() };
    this.#askedMs.add(asked);
    try {
      return await answer;
    } finally {
      this.#askedMs.delete(asked);
    }
  }

  /** A run is under way until `work` settles. One at a time. */
  async running<T>(work: Promise<T>): Promise<T> {
    this.#runMs = this.#nowMs();
    try {
      return await work;
    } finally {
      this.#runMs = undefined;
    }
  }

  /** A directory is being read until `work` settles. */
  async reading<T>(directory: string, work: Promise<T>): Promise<T> {
    this.#reading.push(directory);
    try {
      return await work;
    } finally {
      this.#reading.splice(this.#reading.indexOf(directory), 1);
    }
  }

  /** How long the run under way has been so; 0 where there is none. */
  get runMs(): number {
    return this.#runMs === undefined ? 0 : this.#nowMs() - this.#runMs;
  }

  /**
   * What is waited for, where that is a scrape that should have been answered long ago:
   * `a scrape that was asked for at 2026-01-31T12:00:00Z and reads /run/prom`; undefined where there is none.
   */
  overdue(): string | undefined {
    const [oldest] = this.#askedMs;
    if (oldest === undefined || this.#nowMs() - oldest.ms < OVERDUE_MS) return undefined;
    return `a scrape that was asked for at ${this.#timeOf(oldest.ms)}${this.#directories()}`;
  }

  /** What is waited for while a run is under way: `a run that began at 2026-01-31T12:00:00Z and reads /run/prom`. */
  run(): string | undefined {
    if (this.#runMs === undefined) return undefined;
    return `a run that began at ${this.#timeOf(this.#runMs)}${this.#directories()}`;
  }

  #directories(): string {
    const names = [...new Set(this.#reading)];
    const more = names.length - MAX_NAMED;
    const named = names.slice(0, MAX_NAMED).join(', ');
    if (names.length === 0) return '';
    return ` and reads ${named}${more > 0 ? ` and ${more} more` : ''}`;
  }

  #timeOf(ms: number): string {
    const atMs = Date.now() - (this.#nowMs() - ms);
    return new Date(atMs).toISOString().replace(/\.\d+/, '');
  }
}
