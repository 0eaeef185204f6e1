/**
 * The families of other endpoints (`--append-url`): fetched while the directory is read, and served where
 * the directory and promfold itself do not have them. An endpoint that is dead, slow or talks nonsense
 * costs only its families.
 */
import { MetricFileError } from '../errors.js';
import { familyName } from '../expose/family-name.js';
import { parseForeignPage } from '../expose/foreign-page.js';
import type { ValuedFamily } from '../expose/valued-family.js';
import { EVERYTHING, type Prefixes, selectsName } from '../plan/selection.js';
import { fetchPage, shownUrl } from './fetch-page.js';

/** Prometheus gives a scrape 10 seconds unless it is told otherwise. */
const TIMEOUT_MS = 2_000;

/** Of the time a client gives the whole scrape; the rest is for what is served in any case. */
const SHARE_OF_DEADLINE = 0.6;

interface Endpoint {
  readonly url: URL;
  /** Without anything secret; no two are called the same. */
  readonly shown: string;
  failure: MetricFileError | undefined;
  /** The fetch under way, or the last one. */
  page: Promise<readonly ValuedFamily[]>;
}

export class AppendedPages {
  readonly #endpoints: readonly Endpoint[];
  readonly #prefixes: Prefixes;
  readonly #closing = new AbortController();

  constructor(urls: readonly URL[], prefixes: Prefixes = EVERYTHING) {
    this.#prefixes = prefixes;
    const times = new Map<string, number>();
    this.#endpoints = urls.map((url) => {
      const plain = shownUrl(url);
      const before = times.get(plain) ?? 0;
      times.set(plain, before + 1);
      const shown = before === 0 ? plain : `${plain} (${before + 1})`;
      return { url, shown, failure: undefined, page: Promise.resolve([]) };
    });
  }

  /** @param withinSeconds what the client gives the whole scrape; undefined when it does not say */
  begin(withinSeconds: number | undefined): void {
    const timeoutMs = Math.min(TIMEOUT_MS, (withinSeconds ?? Infinity) * 1000 * SHARE_OF_DEADLINE);
    for (const endpoint of this.#endpoints) endpoint.page = this.#fetch(endpoint, timeoutMs);
  }

  /** All that the endpoints have, in their order; a name may be there several times. */
  async families(): Promise<ValuedFamily[]> {
    return (await Promise.all(this.#endpoints.map(({ page }) => page))).flat();
  }

  /** Whether each endpoint gave its page, as of the last fetch. */
  up(): ReadonlyMap<string, boolean> {
    return new Map(this.#endpoints.map(({ shown, failure }) => [shown, failure === undefined]));
  }

  problems(): readonly MetricFileError[] {
    return this.#endpoints.flatMap(({ failure }) => failure ?? []);
  }

  close(): void {
    this.#closing.abort(new Error('promfold stops'));
  }

  /** Never rejects. */
  async #fetch(endpoint: Endpoint, timeoutMs: number): Promise<readonly ValuedFamily[]> {
    const { url, shown } = endpoint;
    const over = new AbortController();
    const late = new Error(`no answer within ${timeoutMs / 1000} s`);
    const timer = setTimeout(() => over.abort(late), timeoutMs);
    try {
      const signal = AbortSignal.any([over.signal, this.#closing.signal]);
      const families = parseForeignPage(await fetchPage(url, signal));
      endpoint.failure = undefined;
      return families.filter((one) => selectsName(this.#prefixes, familyName('text', one)));
    } catch (error) {
      const { message } = error as Error;
      endpoint.failure = new MetricFileError('APPEND_FAILED', shown, message);
      return [];
    } finally {
      clearTimeout(timer);
    }
  }
}
