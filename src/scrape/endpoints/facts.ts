/** What the self-metrics report of an endpoint of --append-url. */
export interface EndpointFacts {
  /** Its page is part of the scrape. */
  readonly up: boolean;
  /** Series of the page that are not served, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
}
