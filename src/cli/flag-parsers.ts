/** Parsers of values that are longer than a line, or shared by several flags. Each throws ExpectedError. */
import { UsageError } from '../errors.js';
import { compareCodePoints } from '../format/code-point.js';
import type { Label, Labels } from '../format/key.js';
import { A_MOMENT, type Moment, parseMoment } from '../inspect/moment.js';
import { Selector } from '../inspect/selector.js';
import { LOAD_OPERATIONS, type LoadOperation } from '../load/operation.js';
import { NOT_JOINED } from '../load/wanted.js';
import { type ChosenLimit, QUANTITIES, SCOPES } from '../plan/budget.js';
import { GAUGE_MODES } from '../plan/series-rules.js';
import type { NamedDirectory } from '../scrape/directory/source.js';
import { LOAD, OWN_PREFIX } from '../serve/endpoint.js';
import { parseAllowedHost } from '../serve/host-check.js';
import { type ListenAddress, parseListenAddress } from '../serve/listen-address.js';
import { parseRoutePrefix } from '../serve/route-prefix.js';
import { ExpectedError, listed } from './flag.js';
import { findOwner, type SocketOwner } from './socket-owner.js';

const SECONDS_OF: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600 };
const LONG_SECONDS_OF: Readonly<Record<string, number>> = { ...SECONDS_OF, d: 86_400 };

/** A comma or a blank before `NAME=` separates; any other is part of a value. */
export const BEFORE_NAME = /[\s,]+(?=[^\s,=]+=)/;

/** A line each: a selector has commas and blanks of its own. */
export const LINES = /\n/;

const A_LIMIT = /^(?:(\w+)\.)?([\w-]+)=(\d{1,15})$/;

/** `series=100000`, `file.entries=5000`. */
export function parseLimit(text: string): ChosenLimit {
  const [, scope, quantity, amount] = A_LIMIT.exec(text) ?? [];
  const isKnown =
    QUANTITIES.some((known) => known === quantity) &&
    (scope === undefined || SCOPES.some((known) => known === scope));
  if (isKnown) return { scope, quantity, amount: Number(amount) } as ChosenLimit;
  throw new ExpectedError(
    `one of ${listed(QUANTITIES)}, optionally after ${listed(SCOPES)} and a dot, then = and a whole number`,
    text,
  );
}

const LABEL_NAME = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;
const A_LABEL_NAME = 'a name of A-Z a-z 0-9 _ that does not begin with __ or a digit';

/** Label names that histograms and summaries use themselves. */
const NO_LABEL = new Set(['le', 'quantile']);

export function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new ExpectedError('a port from 0 to 65535', text);
}

export function parseCount(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new ExpectedError('a whole number, 0 or more', text);
}

const MAX_CONTEXT_BYTES = 4096;

export function parseContextBytes(text: string): number {
  if (/^\d{1,4}$/.test(text) && Number(text) <= MAX_CONTEXT_BYTES) return Number(text);
  throw new ExpectedError(`a whole number from 0 to ${MAX_CONTEXT_BYTES}`, text);
}

export function parseLabelName(text: string): string {
  if (LABEL_NAME.test(text) && !NO_LABEL.has(text)) return text;
  throw new ExpectedError(`${A_LABEL_NAME} and is neither ${listed([...NO_LABEL])}`, text);
}

/** @param flag whose selector it is, for the error */
export function parseSelector(flag: string): (text: string) => Selector {
  return (text) => {
    try {
      return new Selector(text);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      throw new UsageError(`--${flag}: ${error.message}`);
    }
  };
}

/** Labels without which samples of histograms and summaries say something else, and how to lose `pid`. */
const NOT_DROPPED: Readonly<Record<string, string>> = {
  le: 'another label than le: buckets of other bounds do not add up',
  quantile: 'another label than quantile: quantiles of parts are none of the whole',
  pid: 'another label than pid, which --gauge-mode takes away',
};

/** `http_requests:path`, by family. */
export function parseDropLabels(
  texts: readonly string[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const labels = new Map<string, Set<string>>();
  for (const text of texts) {
    // A name may have colons, and a label none.
    const at = text.lastIndexOf(':');
    const [family, label] = [text.slice(0, Math.max(0, at)), text.slice(at + 1)];
    if (family === '' || label === '') throw new ExpectedError('FAMILY:LABEL', text);
    const expected = NOT_DROPPED[label];
    if (expected !== undefined) throw new ExpectedError(expected, text);
    labels.set(family, (labels.get(family) ?? new Set()).add(label));
  }
  return labels;
}

/** `connections=max`, by family. */
export function parseGaugeModes(texts: readonly string[]): ReadonlyMap<string, string> {
  const modes = new Map<string, string>();
  for (const text of texts) {
    const [, family, mode] = /^(.+)=([^=]*)$/.exec(text) ?? [];
    if (family === undefined) throw new ExpectedError('NAME=MODE', text);
    if (mode === 'mostrecent') {
      throw new ExpectedError(
        `a mode of ${listed(GAUGE_MODES)}: without mostrecent, the client does not store when a value was set`,
        text,
      );
    }
    if (!(GAUGE_MODES as readonly string[]).includes(mode!)) {
      throw new ExpectedError(`a mode of ${listed(GAUGE_MODES)}`, text);
    }
    modes.set(family, mode!);
  }
  return modes;
}

/** A switch on the command line is `true`; its environment variable may be true or false. */
export function parseSwitch(text: string): boolean {
  if (['true', '1', 'yes', 'on'].includes(text.toLowerCase())) return true;
  if (['false', '0', 'no', 'off'].includes(text.toLowerCase())) return false;
  throw new ExpectedError('true or false', text);
}

/** Any text that is not empty. */
export function notEmpty(what: string): (text: string) => string {
  return (text) => {
    if (text !== '') return text;
    throw new ExpectedError(what, text);
  };
}

export const parsePrefix = notEmpty('the beginning of a name');

/** Seconds. */
export function parseDuration(text: string): number {
  const [, number, unit] = /^(\d{1,6}(?:\.\d{1,3})?)(ms|s|m|h)$/.exec(text) ?? [];
  const seconds = Number(number) * (SECONDS_OF[unit ?? ''] ?? Number.NaN);
  if (seconds > 0 && seconds <= 86_400) return seconds;
  throw new ExpectedError('a duration from 1ms to 24h, such as 30s', text);
}

/** How long a process has been dead: days are common. */
export function parseLongDuration(text: string): number {
  const [, number, unit] = /^(\d{1,6}(?:\.\d{1,3})?)(s|m|h|d)$/.exec(text) ?? [];
  const seconds = Number(number) * (LONG_SECONDS_OF[unit ?? ''] ?? Number.NaN);
  if (seconds >= 1 && seconds <= 365 * 86_400) return seconds;
  throw new ExpectedError('a duration from 1s to 365d, such as 10m', text);
}

/** Shorter than some ticks, it would say nothing. */
const SHORTEST_SILENCE_SECONDS = 2;

/** @returns seconds; 0 turns the watchdog off */
export function parseSilence(text: string): number {
  if (text === '0') return 0;
  const seconds = parseDuration(text);
  if (seconds >= SHORTEST_SILENCE_SECONDS) return seconds;
  throw new ExpectedError('0, or a duration from 2s to 24h, such as 30s', text);
}

export function parseSpeed(text: string): number {
  const factor = /^\d{1,5}(?:\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (factor >= 0.1) return factor;
  throw new ExpectedError('a number, 0.1 or more', text);
}

export function parseTime(text: string): Moment {
  const moment = parseMoment(text);
  if (moment !== undefined) return moment;
  throw new ExpectedError(A_MOMENT, text);
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};

/** Bytes. */
export function parseBytes(text: string): number {
  const [, number, unit = ''] = /^(\d{1,15}(?:\.\d{1,3})?) ?([KMG]i?B|B)?$/.exec(text) ?? [];
  const bytes = Math.floor(Number(number) * UNITS[unit]!);
  if (Number.isSafeInteger(bytes)) return bytes;
  throw new ExpectedError('bytes such as 64MiB, 500MB or 1GiB', text);
}

/** As many ticks as the page of live values has at most. */
const SHORTEST_TICK_SECONDS = 0.1;

/** Seconds. */
export function parseTickInterval(text: string): number {
  const seconds = parseDuration(text);
  if (seconds >= SHORTEST_TICK_SECONDS && seconds <= 3600) return seconds;
  throw new ExpectedError('a duration from 100ms to 1h, such as 1s', text);
}

/** Seconds. */
export function parseInterval(text: string): number {
  const seconds = /^\d{1,5}(?:\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (seconds >= 0.1) return seconds;
  throw new ExpectedError('seconds, 0.1 or more', text);
}

export function parseAddress(text: string): ListenAddress {
  const address = parseListenAddress(text);
  if (address) return address;
  throw new ExpectedError('host:port, :port, [ipv6]:port or unix:/path', text);
}

/** An address at which only the load is served. */
export interface LoadAddress {
  readonly address: ListenAddress;
  /** Undefined for all of them. */
  readonly engine: string | undefined;
}

export function parseLoadAddress(text: string): LoadAddress {
  const [, where = '', engine] = /^([^=]*)(?:=engine\/([\w./-]+))?$/.exec(text) ?? [];
  const address = parseListenAddress(where);
  if (address) return { address, engine };
  throw new ExpectedError(
    'host:port, :port, [ipv6]:port or unix:/path, optionally with =engine/N',
    text,
  );
}

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/** `vllm:num_requests_waiting=max`, by family. */
export function parseLoads(texts: readonly string[]): ReadonlyMap<string, LoadOperation> {
  const loads = new Map<string, LoadOperation>();
  for (const text of texts) {
    const [, family = '', how] = /^([^=]*)=([^=]*)$/.exec(text) ?? [];
    if (
      !METRIC_NAME.test(family) ||
      !(LOAD_OPERATIONS as readonly (string | undefined)[]).includes(how)
    ) {
      throw new ExpectedError(`FAMILY=HOW, with ${listed(LOAD_OPERATIONS)}`, text);
    }
    if (NOT_JOINED.has(family)) {
      throw new ExpectedError('a family whose value is a number of requests or the like', text);
    }
    loads.set(family, how as LoadOperation);
  }
  return loads;
}

/** @returns seconds; 0 for no limit */
export function parseMaxAge(text: string): number {
  return text === '0' ? 0 : parseDuration(text);
}

export function parseRoutes(text: string): string {
  const prefix = parseRoutePrefix(text);
  if (prefix !== undefined) return prefix;
  throw new ExpectedError('a path such as /promfold', text);
}

/** As typed into a browser: its path comes before the paths of promfold. */
export function parseExternalUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url !== undefined && url.search === '' && url.hash === '' && url.username === '';
  if (isPlain && ['http:', 'https:'].includes(url.protocol)) {
    if (parseRoutePrefix(url.pathname) !== undefined) return url;
  }
  throw new ExpectedError('an http or https URL such as https://host/promfold/', text);
}

/** Permission bits, octal. */
export function parseMode(text: string): number {
  if (/^0?[0-7]{3}$/.test(text)) return Number.parseInt(text, 8);
  throw new ExpectedError('a mode such as 0660', text);
}

export function parseOwner(text: string): SocketOwner {
  const owner = findOwner(text);
  if (owner !== undefined) return owner;
  throw new ExpectedError('a user, user:group or :group of this machine', text);
}

export function parseHost(text: string): string {
  const host = parseAllowedHost(text);
  if (host !== undefined) return host;
  throw new ExpectedError('a host name without a port, or .name for its subdomains too', text);
}

export function parseTelemetryPath(text: string): string {
  if (!/^\/[\w.~/-]*$/.test(text)) {
    throw new ExpectedError('a path that begins with / and has only A-Z a-z 0-9 . _ ~ - /', text);
  }
  if (text.startsWith(OWN_PREFIX)) throw new ExpectedError(`a path outside ${OWN_PREFIX}`, text);
  if (`${text}/`.startsWith(`${LOAD.path}/`))
    throw new ExpectedError(`a path outside ${LOAD.path}`, text);
  return text;
}

export function parseEndpoint(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && ['http:', 'https:'].includes(url.protocol)) return url;
  // Even a text that is not a URL may contain a password.
  throw new ExpectedError('an http or https URL', text.replace(/\/\/[^@]*@/, '//…@'));
}

export function parseSources(texts: readonly string[]): readonly NamedDirectory[] {
  const sources: NamedDirectory[] = [];
  for (const text of texts) {
    const [, name, directory] = /^([^\s,=]+)=(.+)$/s.exec(text) ?? [];
    if (name === undefined || directory === undefined) {
      throw new ExpectedError('NAME=DIR, with a name without blanks and commas', text);
    }
    if (sources.some((other) => other.name === name))
      throw new ExpectedError('each name once', text);
    sources.push({ name, directory });
  }
  return sources;
}

export function parseLabels(texts: readonly string[]): Labels {
  const labels = new Map<string, Label>();
  for (const text of texts) {
    const [, name = '', value = ''] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
    if (!LABEL_NAME.test(name)) {
      throw new ExpectedError(`NAME=VALUE, with ${A_LABEL_NAME}`, text);
    }
    if (NO_LABEL.has(name))
      throw new ExpectedError(`a label other than ${listed([...NO_LABEL])}`, text);
    if (labels.has(name)) throw new ExpectedError(`each label once`, text);
    labels.set(name, [name, value]);
  }
  return [...labels.values()].sort(([a], [b]) => compareCodePoints(a, b));
}
