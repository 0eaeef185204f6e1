/**
 * The value of a gauge that several processes set in turn: that of the process that was seen to set it last. The latest time stamp
 * is not asked, but for the first one: after the clock was set back, it would be that of an earlier value for long.
 */
export class LatestGauge {
  #rows: Uint32Array = new Uint32Array(0);
  #stamp = new Float64Array(0);
  #value = new Float64Array(0);
  #at = -1;
  #latest = Number.NaN;

  /** NaN where it was never set. */
  get value(): number {
    return this.#latest;
  }

  get hasValue(): boolean {
    return !Number.isNaN(this.#latest);
  }

  setRows(rows: Uint32Array): void {
    this.#rows = rows;
    this.#stamp = new Float64Array(rows.length).fill(Number.NaN);
    this.#value = new Float64Array(rows.length);
    this.#at = -1;
  }

  /** @returns whether it was set since the last time */
  read(value: Float64Array, timestampSeconds: Float64Array): boolean {
    const rows = this.#rows;
    const hasTimes = timestampSeconds.length > 0;
    let changed = -1;
    let changedStamp = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!;
      const stamp = hasTimes ? timestampSeconds[row]! : 0;
      const now = value[row]!;
      if (stamp === this.#stamp[i] && now === this.#value[i]) continue;
      this.#stamp[i] = stamp;
      this.#value[i] = now;
      // Stored with time 0, a mostrecent gauge was never set.
      if (hasTimes && stamp === 0) continue;
      if (stamp >= changedStamp) [changed, changedStamp] = [i, stamp];
    }
    if (changed >= 0) this.#at = changed;
    this.#latest = this.#at < 0 ? Number.NaN : this.#value[this.#at]!;
    return changed >= 0;
  }
}
