/**
 * Limits concurrent requests for the exposition, over all listen addresses.
 *
 * Source: client_golang promhttp/http.go, MaxRequestsInFlight. There a request counts until it is answered; here
 * until its answer is handed over or the client has disconnected, since until then it takes memory.
 */
export class RequestLimit {
  /** 0 for no limit; may change. */
  max: number;
  #running = 0;

  /** @param max 0 for no limit */
  constructor(max: number) {
    this.max = max;
  }

  /** False if the limit is reached; otherwise each enter needs one leave. */
  enter(): boolean {
    if (this.max > 0 && this.#running >= this.max) return false;
    this.#running += 1;
    return true;
  }

  leave(): void {
    this.#running -= 1;
  }
}
