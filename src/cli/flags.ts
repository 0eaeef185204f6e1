/**
 * Every flag, once: name, help, default, environment variable, and what a good value is.
 *
 * --help, the parser and the topic `flags` are all made of this. A value is taken from the command
 * line, else from the environment variable (`PROMFOLD_WEB_LISTEN_ADDRESS`), else the default; an
 * empty variable counts as not set.
 */
import { UsageError } from '../errors.js';
import { ESCAPINGS, type Escaping, FORMATS, type Format } from '../expose/dialect.js';
import { ESCAPABLE } from '../expose/formats.js';
import { compareCodePoints } from '../format/code-point.js';
import type { Label, Labels } from '../format/key.js';
import { Selector } from '../inspect/selector.js';
import { type ChosenLimit, QUANTITIES, SCOPES } from '../plan/budget.js';
import { DEAD_PROCESSES, type DeadProcesses } from '../scrape/dead-processes.js';
import { GAUGE_AGE } from '../scrape/gauge-age.js';
import { DEFAULT_SOURCE_LABEL } from '../scrape/scraper.js';
import type { NamedDirectory } from '../scrape/source.js';
import { OWN_PREFIX } from '../serve/endpoint.js';
import { parseAllowedHost } from '../serve/host-check.js';
import { type ListenAddress, parseListenAddress } from '../serve/listen-address.js';
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from './log.js';
import { COLOR_CHOICES, type ColorChoice } from './terminal.js';

export interface FlagText {
  /** Without dashes. */
  readonly name: string;
  /** One letter, without its dash. */
  readonly short?: string;
  /** What stands for the value in --help; absent for a switch. */
  readonly value?: string;
  readonly help: string;
  /** All there are, for shell completion; absent where a value is free. */
  readonly choices?: readonly string[];
  /** As text, parsed like a given one; absent where nothing is a value too. */
  readonly fallback?: string;
  readonly repeatable?: true;
  /** Between the values of a repeatable flag in its environment variable; absent for commas and blanks. */
  readonly separator?: RegExp;
  /** False for flags that only make sense on a command line. */
  readonly environment?: false;
}

export interface Flag<T> extends FlagText {
  /** Texts in the order given; the last one counts where a flag is not repeatable. */
  readonly parse: (texts: readonly string[]) => T;
}

/** What is wrong with a value: `expected …, got …`. Whoever knows the flag says which. */
class ExpectedError extends Error {
  constructor(expected: string, got: string) {
    super(`expected ${expected}, got '${got}'`);
  }
}

function one<T>(text: FlagText, parse: (text: string) => T): Flag<T> {
  return { ...text, parse: (texts) => parse(texts.at(-1)!) };
}

function optional<T>(text: FlagText, parse: (text: string) => T): Flag<T | undefined> {
  return { ...text, parse: (texts) => (texts.length === 0 ? undefined : parse(texts.at(-1)!)) };
}

function each<T>(text: FlagText, parse: (text: string) => T): Flag<readonly T[]> {
  return { ...text, repeatable: true, parse: (texts) => texts.map(parse) };
}

function oneOf<T extends string>(choices: readonly T[]): (text: string) => T {
  return (text) => {
    if ((choices as readonly string[]).includes(text)) return text as T;
    throw new ExpectedError(`${listed(choices)}`, text);
  };
}

const SECONDS_OF: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600 };

const COMMA_OR_BLANK = /[\s,]+/;

/** A comma or a blank that `NAME=` follows: those in a value stand for themselves. */
const BEFORE_NAME = /[\s,]+(?=[^\s,=]+=)/;

const A_LIMIT = /^(?:(\w+)\.)?([\w-]+)=(\d{1,15})$/;

/** `series=100000`, `file.entries=5000`. */
function parseLimit(text: string): ChosenLimit {
  const [, scope, quantity, amount] = A_LIMIT.exec(text) ?? [];
  const isKnown =
    QUANTITIES.some((known) => known === quantity) &&
    (scope === undefined || SCOPES.some((known) => known === scope));
  if (isKnown) return { scope, quantity, amount: Number(amount) } as ChosenLimit;
  throw new ExpectedError(
    `one of ${listed(QUANTITIES)}, perhaps with ${listed(SCOPES)} and a dot before it, = and a whole number`,
    text,
  );
}

const LABEL_NAME = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;
const A_LABEL_NAME = 'a name of A-Z a-z 0-9 _ that does not begin with __ or a digit';

/** Label names that a histogram and a summary need for themselves. */
const NO_LABEL = new Set(['le', 'quantile']);

export const LS_SORTS = ['state', 'id', 'files', 'entries', 'used', 'disk', 'age'] as const;

export const TOP_SORTS = ['rate', 'id', 'entries', 'used'] as const;

export const FLAGS = {
  listenAddress: each<ListenAddress>(
    {
      name: 'web.listen-address',
      value: 'address',
      help: 'where to serve, as host:port; :port for all interfaces',
      fallback: '127.0.0.1:19925',
    },
    (text) => {
      const address = parseListenAddress(text);
      if (address) return address;
      throw new ExpectedError('host:port, :port or [ipv6]:port', text);
    },
  ),
  telemetryPath: one(
    {
      name: 'web.telemetry-path',
      value: 'path',
      help: 'path of the exposition',
      fallback: '/metrics',
    },
    (text) => {
      if (!/^\/[\w.~/-]*$/.test(text)) {
        throw new ExpectedError(
          'a path that begins with / and has only A-Z a-z 0-9 . _ ~ - /',
          text,
        );
      }
      if (text.startsWith(OWN_PREFIX))
        throw new ExpectedError(`a path outside ${OWN_PREFIX}`, text);
      return text;
    },
  ),
  maxRequests: one(
    {
      name: 'web.max-requests',
      value: 'count',
      help: 'scrapes answered at once, 503 above it; 0 for no limit',
      fallback: '40',
    },
    (text) => {
      if (/^\d{1,9}$/.test(text)) return Number(text);
      throw new ExpectedError('a whole number, 0 or more', text);
    },
  ),
  maxConnections: optional<number>(
    {
      name: 'web.max-connections',
      value: 'count',
      help: 'connections open at once, over all addresses; for a new one the longest idle is closed, and where none is idle the new one; 0 for no limit (default: 512, or half of the open files allowed where that is less)',
    },
    (text) => {
      if (/^\d{1,9}$/.test(text)) return Number(text);
      throw new ExpectedError('a whole number, 0 or more', text);
    },
  ),
  allowedHost: each<string>(
    {
      name: 'web.allowed-host',
      value: 'name',
      help: 'host name that pages may be asked for by, .name with its subdomains; allowed already: IP addresses, localhost, the names of this machine and in listen addresses',
    },
    (text) => {
      const host = parseAllowedHost(text);
      if (host !== undefined) return host;
      throw new ExpectedError('a host name without a port, or .name for its subdomains too', text);
    },
  ),
  disableExporterMetrics: one(
    {
      name: 'web.disable-exporter-metrics',
      help: "leave out promfold's own metrics",
      fallback: 'false',
    },
    parseSwitch,
  ),
  strict: one(
    {
      name: 'strict',
      help: 'fail the whole scrape when a file or an entry cannot be used',
      fallback: 'false',
    },
    parseSwitch,
  ),
  deadProcesses: one<DeadProcesses>(
    {
      name: 'dead-processes',
      value: 'action',
      help: `${listed(DEAD_PROCESSES)}: serve what dead processes left, hide their live or all their gauges, or remove their live gauges as mark_process_dead does`,
      choices: DEAD_PROCESSES,
      fallback: 'keep',
    },
    oneOf(DEAD_PROCESSES),
  ),
  include: each<string>(
    {
      name: 'metrics.include',
      value: 'prefix',
      help: 'serve only families whose name begins so, as HELP and TYPE of the text format have it',
    },
    parsePrefix,
  ),
  exclude: each<string>(
    {
      name: 'metrics.exclude',
      value: 'prefix',
      help: 'leave out families whose name begins so, also among those included',
    },
    parsePrefix,
  ),
  label: {
    name: 'label',
    value: 'name=value',
    help: 'add this label to every series that has none of the name',
    repeatable: true,
    separator: BEFORE_NAME,
    parse: parseLabels,
  } as Flag<Labels>,
  appendUrl: {
    name: 'append-url',
    value: 'url',
    help: 'serve the series of this endpoint, too, that the directory does not have',
    repeatable: true,
    separator: /\s+/,
    parse: (texts) => texts.map(parseEndpoint),
  } as Flag<readonly URL[]>,
  source: {
    name: 'source',
    value: 'name=dir',
    help: 'serve this directory as one of several, told apart by a label; in place of DIR',
    repeatable: true,
    separator: BEFORE_NAME,
    parse: parseSources,
  } as Flag<readonly NamedDirectory[]>,
  discover: one(
    {
      name: 'discover',
      help: 'serve every directory that running processes use, as sources that come and go',
      fallback: 'false',
    },
    parseSwitch,
  ),
  sourceLabel: one(
    {
      name: 'source-label',
      value: 'name',
      help: 'the label that names the source of a series',
      fallback: DEFAULT_SOURCE_LABEL,
    },
    (text) => {
      if (LABEL_NAME.test(text) && !NO_LABEL.has(text)) return text;
      throw new ExpectedError(`${A_LABEL_NAME} and is neither ${listed([...NO_LABEL])}`, text);
    },
  ),
  limit: each<ChosenLimit>(
    {
      name: 'limit',
      value: 'what=number',
      help: `leave out files beyond it: ${listed(QUANTITIES)}, for a file (file.series=…), a source or all together; the defaults follow the memory there is`,
    },
    parseLimit,
  ),
  retainRemoved: one(
    {
      name: 'retain-removed',
      help: 'what files of counters, histograms and summaries held when they were removed goes on counting, in memory',
      fallback: 'false',
    },
    parseSwitch,
  ),
  processMetrics: one(
    {
      name: 'process-metrics',
      help: 'add CPU, memory, descriptors, start and threads of each living writer, as process_…{pid,role}',
      fallback: 'false',
    },
    parseSwitch,
  ),
  gaugeAge: each<string>(
    {
      name: 'gauge-age',
      value: 'prefix',
      help: `add ${GAUGE_AGE}, how long ago a gauge was set, for mostrecent families whose name begins so`,
    },
    parsePrefix,
  ),
  logLevel: one<LogLevel>(
    {
      name: 'log.level',
      value: 'level',
      help: listed(LOG_LEVELS),
      choices: LOG_LEVELS,
      fallback: 'info',
    },
    oneOf(LOG_LEVELS),
  ),
  logFormat: one<LogFormat>(
    {
      name: 'log.format',
      value: 'format',
      help: listed(LOG_FORMATS),
      choices: LOG_FORMATS,
      fallback: 'logfmt',
    },
    oneOf(LOG_FORMATS),
  ),
  dir: optional<string>(
    {
      name: 'dir',
      value: 'directory',
      help: 'use this directory instead of a fresh one: made where missing, never wiped or removed',
    },
    (text) => {
      if (text !== '') return text;
      throw new ExpectedError('a directory', text);
    },
  ),
  keep: one(
    {
      name: 'keep',
      help: 'leave the directory there at the end, and log its path',
      fallback: 'false',
    },
    parseSwitch,
  ),
  format: one<Format>(
    {
      name: 'format',
      value: 'format',
      help: listed(FORMATS),
      choices: FORMATS,
      fallback: 'text',
      environment: false,
    },
    oneOf(FORMATS),
  ),
  escaping: optional<Escaping>(
    {
      name: 'escaping',
      value: 'scheme',
      choices: ESCAPINGS,
      help: `${listed(ESCAPINGS)}; for ${ESCAPABLE.join(' and ')} (default: underscores)`,
      environment: false,
    },
    oneOf(ESCAPINGS),
  ),
  name: each<string>(
    {
      name: 'name',
      value: 'name',
      help: 'print only this family, or the samples of this name',
      environment: false,
    },
    (text) => {
      if (text.trim() !== '') return text;
      throw new ExpectedError('a name', text);
    },
  ),
  output: optional<string>(
    {
      name: 'output',
      short: 'o',
      value: 'file',
      help: 'write to this file instead of stdout, in one step (atomic rename); a snapshot gets mode 0600',
      environment: false,
    },
    (text) => {
      if (text !== '') return text;
      throw new ExpectedError('a file', text);
    },
  ),
  lsSort: one<(typeof LS_SORTS)[number]>(
    {
      name: 'sort',
      value: 'column',
      help: listed(LS_SORTS),
      choices: LS_SORTS,
      fallback: 'state',
      environment: false,
    },
    oneOf(LS_SORTS),
  ),
  alive: one(
    {
      name: 'alive',
      help: 'only processes that run',
      fallback: 'false',
      environment: false,
    },
    parseSwitch,
  ),
  dead: one(
    {
      name: 'dead',
      help: 'only processes that are gone',
      fallback: 'false',
      environment: false,
    },
    parseSwitch,
  ),
  unknown: one(
    {
      name: 'unknown',
      help: 'only processes of which neither is known',
      fallback: 'false',
      environment: false,
    },
    parseSwitch,
  ),
  files: one(
    {
      name: 'files',
      help: 'a row for each file',
      fallback: 'false',
      environment: false,
    },
    parseSwitch,
  ),
  all: one(
    {
      name: 'all',
      help: 'every row, however many',
      fallback: 'false',
      environment: false,
    },
    parseSwitch,
  ),
  commandLine: one(
    {
      name: 'command',
      help: 'show whole command lines, which may hold secrets; never in JSON',
      fallback: 'false',
      environment: false,
    },
    parseSwitch,
  ),
  match: optional<Selector>(
    {
      name: 'match',
      value: 'selector',
      help: 'only entries of these series, as in PromQL: \'http_requests{code=~"5.."}\'',
      environment: false,
    },
    (text) => new Selector(text),
  ),
  bytes: one(
    {
      name: 'bytes',
      value: 'count',
      help: 'bytes to show round a damaged spot, up to 4096',
      fallback: '64',
      environment: false,
    },
    (text) => {
      if (/^\d{1,4}$/.test(text) && Number(text) <= 4096) return Number(text);
      throw new ExpectedError('a whole number from 0 to 4096', text);
    },
  ),
  window: optional<number>(
    {
      name: 'window',
      value: 'duration',
      help: 'read twice, this far apart, and show what happens now: 30s, 5m',
      environment: false,
    },
    (text) => {
      const [, number, unit] = /^(\d{1,6}(?:\.\d{1,3})?)(ms|s|m|h)$/.exec(text) ?? [];
      const seconds = Number(number) * (SECONDS_OF[unit ?? ''] ?? Number.NaN);
      if (seconds > 0 && seconds <= 86_400) return seconds;
      throw new ExpectedError('a duration from 1ms to 24h, such as 30s', text);
    },
  ),
  explain: optional<string>(
    {
      name: 'explain',
      value: 'code',
      help: 'print what a finding or an error code means, and the cure; no directory is read',
      environment: false,
    },
    (text) => text,
  ),
  by: optional<'process'>(
    {
      name: 'by',
      value: 'what',
      help: 'process: compare what each process holds, not the merged values',
      environment: false,
    },
    (text) => {
      if (text === 'process') return text;
      throw new ExpectedError('process', text);
    },
  ),
  json: one(
    {
      name: 'json',
      help: 'print JSON, one document a line',
      fallback: 'false',
      environment: false,
    },
    parseSwitch,
  ),
  color: one<ColorChoice>(
    {
      name: 'color',
      value: 'when',
      help: `${listed(COLOR_CHOICES)}; auto is in a terminal, where NO_COLOR or CLICOLOR_FORCE do not say otherwise`,
      choices: COLOR_CHOICES,
      fallback: 'auto',
      environment: false,
    },
    oneOf(COLOR_CHOICES),
  ),
  topSort: one<(typeof TOP_SORTS)[number]>(
    {
      name: 'sort',
      value: 'column',
      help: listed(TOP_SORTS),
      choices: TOP_SORTS,
      fallback: 'rate',
      environment: false,
    },
    oneOf(TOP_SORTS),
  ),
  interval: one(
    {
      name: 'interval',
      value: 'seconds',
      help: 'between two refreshes',
      fallback: '2',
      environment: false,
    },
    (text) => {
      const seconds = /^\d{1,5}(?:\.\d{1,3})?$/.test(text) ? Number(text) : 0;
      if (seconds >= 0.1) return seconds;
      throw new ExpectedError('seconds, 0.1 or more', text);
    },
  ),
  count: one(
    {
      name: 'count',
      value: 'count',
      help: 'refreshes before it ends; 0 for no end',
      fallback: '0',
      environment: false,
    },
    (text) => {
      if (/^\d{1,9}$/.test(text)) return Number(text);
      throw new ExpectedError('a whole number, 0 or more', text);
    },
  ),
  filter: optional<string>(
    {
      name: 'filter',
      value: 'text',
      help: 'only processes and series that have this text',
      environment: false,
    },
    (text) => text,
  ),
} as const;

export type FlagKey = keyof typeof FLAGS;

export type FlagValues<K extends FlagKey> = {
  readonly [P in K]: (typeof FLAGS)[P] extends Flag<infer T> ? T : never;
};

/** Defaults of one command, in place of `FlagText.fallback`. */
export type Fallbacks = Readonly<Partial<Record<FlagKey, string>>>;

/** The variable that stands in for a flag; undefined for flags without one. */
export function environmentVariable({ name, environment }: FlagText): string | undefined {
  return environment === false ? undefined : `PROMFOLD_${name.toUpperCase().replace(/[.-]/g, '_')}`;
}

/**
 * @param given texts from the command line by flag name; none or absent when the flag was not used
 * @throws UsageError `--web.max-requests: expected a whole number, 0 or more, got 'many'`
 */
export function flagValues<K extends FlagKey>(
  keys: readonly K[],
  given: Readonly<Record<string, readonly string[]>>,
  environment: Readonly<Record<string, string | undefined>>,
  fallbacks: Fallbacks = {},
): FlagValues<K> {
  const values: Partial<Record<FlagKey, unknown>> = {};
  for (const key of keys) {
    const flag = flagOf(key, fallbacks);
    const { texts, source } = textsOf(flag, given, environment);
    try {
      values[key] = flag.parse(texts);
    } catch (error) {
      if (!(error instanceof ExpectedError)) throw error;
      throw new UsageError(`${source}: ${error.message}`);
    }
  }
  return values as FlagValues<K>;
}

/** The flag as a command has it. */
export function flagOf(key: FlagKey, fallbacks: Fallbacks = {}): Flag<unknown> {
  const flag: Flag<unknown> = FLAGS[key];
  const fallback = fallbacks[key];
  return fallback === undefined ? flag : { ...flag, fallback };
}

function textsOf(
  flag: FlagText,
  given: Readonly<Record<string, readonly string[]>>,
  environment: Readonly<Record<string, string | undefined>>,
): { texts: readonly string[]; source: string } {
  const typed = given[flag.name];
  if (typed && typed.length > 0) return { texts: typed, source: `--${flag.name}` };

  const variable = environmentVariable(flag);
  const value = variable === undefined ? undefined : environment[variable];
  if (variable !== undefined && value) {
    const { separator = COMMA_OR_BLANK } = flag;
    const texts = flag.repeatable ? value.split(separator).filter(Boolean) : [value];
    return { texts, source: variable };
  }
  return { texts: flag.fallback === undefined ? [] : [flag.fallback], source: `--${flag.name}` };
}

/** What was given for some flags, as words of another command line. */
export function flagArguments(
  keys: readonly FlagKey[],
  given: Readonly<Record<string, readonly string[]>>,
): string[] {
  return keys.flatMap((key) => {
    const { name, value }: FlagText = FLAGS[key];
    const texts = given[name] ?? [];
    return texts.map((text) => (value === undefined ? `--${name}` : `--${name}=${text}`));
  });
}

/** A switch on the command line is `true`; its environment variable may say either. */
function parseSwitch(text: string): boolean {
  if (['true', '1', 'yes', 'on'].includes(text.toLowerCase())) return true;
  if (['false', '0', 'no', 'off'].includes(text.toLowerCase())) return false;
  throw new ExpectedError('true or false', text);
}

function parsePrefix(text: string): string {
  if (text !== '') return text;
  throw new ExpectedError('the beginning of a name', text);
}

function parseEndpoint(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && ['http:', 'https:'].includes(url.protocol)) return url;
  // What is no URL may hold a password all the same.
  throw new ExpectedError('an http or https URL', text.replace(/\/\/[^@]*@/, '//…@'));
}

function parseSources(texts: readonly string[]): readonly NamedDirectory[] {
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

function parseLabels(texts: readonly string[]): Labels {
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

/** For --help: the help, and in brackets the default and the environment variable. */
export function describeFlag(flag: FlagText): string {
  const facts = [];
  if (flag.repeatable) facts.push('repeatable');
  if (flag.value !== undefined && flag.fallback !== undefined) {
    facts.push(`default: ${flag.fallback}`);
  }
  const variable = environmentVariable(flag);
  if (variable !== undefined) facts.push(`env: ${variable}`);
  return facts.length === 0 ? flag.help : `${flag.help} (${facts.join(', ')})`;
}

/** `-o, --output <file>`, as commander reads it and --help shows it. */
export function flagSyntax({ name, short, value }: FlagText): string {
  const long = value === undefined ? `--${name}` : `--${name} <${value}>`;
  return short === undefined ? long : `-${short}, ${long}`;
}

function listed(choices: readonly string[]): string {
  return `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`;
}

/**
 * The table of the topic `flags`, as Markdown.
 *
 * @param commands which commands take which flags
 */
export function renderFlagsTable(
  commands: readonly {
    readonly name: string;
    readonly flags: readonly FlagKey[];
    readonly fallbacks?: Fallbacks;
  }[],
): string {
  const rows = Object.entries(FLAGS).map(([key, flag]: [string, FlagText]) => {
    const takenBy = commands.filter(({ flags }) => (flags as readonly string[]).includes(key));
    const variable = environmentVariable(flag);
    const cells = [
      `\`${flagSyntax(flag)}\`${flag.repeatable ? ', repeatable' : ''}`,
      takenBy.map(({ name }) => `\`${name}\``).join(', '),
      [
        ...(flag.value !== undefined && flag.fallback !== undefined
          ? [`\`${flag.fallback}\``]
          : []),
        ...takenBy.flatMap(({ name, fallbacks }) => {
          const fallback = fallbacks?.[key as FlagKey];
          return fallback === undefined ? [] : [`\`${fallback}\` of \`${name}\``];
        }),
      ].join(', '),
      flag.help,
      variable === undefined ? '' : `\`${variable}\``,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| flag | of | default | what it does | environment |',
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}
