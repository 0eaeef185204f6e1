/** A rate limit: one request per interval on average, and a burst at once. Source: Go, golang.org/x/time/rate. */
import type { RateLimit } from '../../config/web-config.js';

export class TokenBucket {
  readonly #nowMs: () => number;
  #tokens: number | undefined;
  #lastMs = 0;

  constructor(nowMs = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** Takes a token, if there is one. The limit may differ each time. */
  take({ intervalSeconds, burst }: RateLimit): boolean {
    const now = this.#nowMs();
    const since =
      this.#tokens === undefined ? burst : (now - this.#lastMs) / 1000 / intervalSeconds;
    this.#tokens = Math.min(burst, (this.#tokens ?? 0) + since);
    this.#lastMs = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
