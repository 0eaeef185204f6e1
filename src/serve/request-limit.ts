/**
 * How many requests for the exposition may run at once, over all listen addresses.
 *
 * Source: client_golang promhttp/http.go, MaxRequestsInFlight. There a request counts until it is
 * answered; here until its answer is handed over or the client is gone, since that is what holds
 * memory.
 */
export class RequestLimit {
  /** 0 for no limit; may change. */
  max: number;
  #running = 0;

  /** @param max 0 for no limit */
  constructor(max: number) {
    this.max = max;
  }

  /** False when the limit is reached; otherwise each enter needs one leave. */
  enter(): boolean {
    if (this.max > 0 && this.#running >= this.max) return false;
    this.#running += 1;
    return true;
  }

  leave(): void {
    this.#running -= 1;
  }
}
