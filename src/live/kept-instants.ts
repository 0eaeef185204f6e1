/** The last instants of each source, so that several views, and /metrics, can be of the same one. */

const KEPT = 3;
const KEPT_MS = 5_000;

interface Kept {
  readonly snapshotId: string;
  readonly source: string | undefined;
  /** Called when it is not kept any more. */
  release(): void;
}

export class KeptInstants<T extends Kept> {
  /** Oldest first. */
  readonly #instants: T[] = [];

  /** Keeps it for five seconds, or until there are three later ones of its source. */
  add(instant: T): void {
    const sameSource = this.#instants.filter(({ source }) => source === instant.source);
    if (sameSource.length >= KEPT) this.#drop(sameSource[0]!);
    this.#instants.push(instant);
    setTimeout(() => this.#drop(instant), KEPT_MS).unref();
  }

  find(snapshotId: string): T | undefined {
    return this.#instants.find((instant) => instant.snapshotId === snapshotId);
  }

  #drop(instant: T): void {
    const at = this.#instants.indexOf(instant);
    if (at < 0) return;
    this.#instants.splice(at, 1);
    instant.release();
  }
}
