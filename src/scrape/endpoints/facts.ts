/** What an endpoint of --append-url says of itself to those who count: the self-metrics. */
export interface EndpointFacts {
  /** It gave its page. */
  readonly up: boolean;
  /** Series of the page that are not served, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
}
