/**
 * Whether scrapes are answered: how long the oldest one has been waiting, and which directories are being read.
 *
 * A directory on a mount that hangs may delay a scrape for ever. Probes ask this class, and so never wait. Updated a few
 * times per scrape.
 */

/** Prometheus' default scrape timeout. */
const OVERDUE_MS = 10_000;

/** Directories that a message names; further ones are counted. */
const MAX_NAMED = 3;

export class PendingScrapes {
  readonly #nowMs: () => number;
  /** When each was asked for, oldest first. */
  readonly #askedMs = new Set<{ readonly ms: number }>();
  /** Directories that are being read, once for each read. */
  readonly #reading: string[] = [];
  #runMs: number | undefined;

  /** @param nowMs a monotonic clock */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** Records a scrape that waits until `answer` settles. */
  async asked<T>(answer: Promise<T>): Promise<T> {
    const asked = { ms: this.#nowMs() };
    this.#askedMs.add(asked);
    try {
      return await answer;
    } finally {
      this.#askedMs.delete(asked);
    }
  }

  /** Records a run that is under way until `work` settles. One at a time. */
  async running<T>(work: Promise<T>): Promise<T> {
    this.#runMs = this.#nowMs();
    try {
      return await work;
    } finally {
      this.#runMs = undefined;
    }
  }

  /** Records that a directory is being read until `work` settles. */
  async reading<T>(directory: string, work: Promise<T>): Promise<T> {
    this.#reading.push(directory);
    try {
      return await work;
    } finally {
      this.#reading.splice(this.#reading.indexOf(directory), 1);
    }
  }

  /** How long the current run has taken so far; 0 where there is none. */
  get runMs(): number {
    return this.#runMs === undefined ? 0 : this.#nowMs() - this.#runMs;
  }

  /**
   * The scrape that should have been answered long ago, in words:
   * `a scrape that was asked for at 2026-01-31T12:00:00Z and reads /run/prom`; undefined where there is none.
   */
  overdue(): string | undefined {
    const [oldest] = this.#askedMs;
    if (oldest === undefined || this.#nowMs() - oldest.ms < OVERDUE_MS) return undefined;
    return `a scrape that was asked for at ${this.#timeOf(oldest.ms)}${this.#directories()}`;
  }

  /** The current run, in words: `a run that began at 2026-01-31T12:00:00Z and reads /run/prom`; undefined for none. */
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
