/** What promfold's own metrics say of its API: counted where it happens, read at each scrape. */
export class ApiCounts {
  /** Streams of live values that are open. */
  streams = 0;
  /** Since the start: streams that were cut because their client did not read. */
  streamsCut = 0;
  /** Ticks that were left out because the one before took too long. */
  ticksLeftOut = 0;
  /** Requests that were answered with an error. */
  requestsRefused = 0;
}
