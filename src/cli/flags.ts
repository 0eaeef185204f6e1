/**
 * Every flag, once: name, help, default, environment variable, and what a good value is.
 *
 * --help, the parser and the topic `flags` are all made of this.
 */
import { ESCAPINGS, type Escaping, FORMATS, type Format } from '../expose/dialect.js';
import { ESCAPABLE } from '../expose/formats.js';
import type { Labels } from '../format/key.js';
import { Selector } from '../inspect/selector.js';
import { DEFAULT_SOURCE_LABEL } from '../plan/added-labels.js';
import { type ChosenLimit, QUANTITIES } from '../plan/budget.js';
import { DEAD_PROCESSES, type DeadProcesses } from '../scrape/directory/dead-processes.js';
import type { NamedDirectory } from '../scrape/directory/source.js';
import { GAUGE_AGE } from '../scrape/families/gauge-age.js';
import type { ListenAddress } from '../serve/listen-address.js';
import { ExpectedError, each, type Flag, listed, one, oneOf, optional } from './flag.js';
import {
  BEFORE_NAME,
  notEmpty,
  parseAddress,
  parseContextBytes,
  parseCount,
  parseDuration,
  parseEndpoint,
  parseExternalUrl,
  parseHost,
  parseInterval,
  parseLabelName,
  parseLabels,
  parseLimit,
  parseMode,
  parseOwner,
  parsePrefix,
  parseRoutes,
  parseSources,
  parseSwitch,
  parseTelemetryPath,
} from './flag-parsers.js';
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from './log-choices.js';
import type { SocketOwner } from './socket-owner.js';
import { COLOR_CHOICES, type ColorChoice } from './terminal.js';

export const LS_SORTS = ['state', 'id', 'files', 'entries', 'used', 'disk', 'age'] as const;

export const TOP_SORTS = ['rate', 'id', 'entries', 'used'] as const;

export const FLAGS = {
  listenAddress: each<ListenAddress>(
    {
      name: 'web.listen-address',
      value: 'address',
      help: 'where to serve, as host:port; :port for all interfaces, unix:/path for a socket in the file system',
      fallback: '127.0.0.1:19925',
    },
    parseAddress,
  ),
  telemetryPath: one(
    {
      name: 'web.telemetry-path',
      value: 'path',
      help: 'path of the exposition',
      fallback: '/metrics',
    },
    parseTelemetryPath,
  ),
  maxRequests: one(
    {
      name: 'web.max-requests',
      value: 'count',
      help: 'scrapes answered at once, 503 above it; 0 for no limit',
      fallback: '40',
    },
    parseCount,
  ),
  maxConnections: optional<number>(
    {
      name: 'web.max-connections',
      value: 'count',
      help: 'connections open at once, over all addresses; for a new one the longest idle is closed, and where none is idle the new one; 0 for no limit (default: 512, or half of the open files allowed where that is less)',
    },
    parseCount,
  ),
  systemdSocket: one(
    {
      name: 'web.systemd-socket',
      help: 'serve on the sockets that systemd hands over, in place of --web.listen-address',
      fallback: 'false',
    },
    parseSwitch,
  ),
  socketMode: one(
    {
      name: 'web.socket-mode',
      value: 'mode',
      help: 'permissions of a unix: socket, octal; who may write to it may connect',
      fallback: '0660',
    },
    parseMode,
  ),
  socketOwner: optional<SocketOwner>(
    {
      name: 'web.socket-owner',
      value: 'user:group',
      help: 'whose a unix: socket is to be; user, user:group or :group',
    },
    parseOwner,
  ),
  externalUrl: optional<URL>(
    {
      name: 'web.external-url',
      value: 'url',
      help: 'where others reach promfold, as through a proxy: for the log, and its host may ask for pages',
    },
    parseExternalUrl,
  ),
  routePrefix: optional<string>(
    {
      name: 'web.route-prefix',
      value: 'path',
      help: 'what all paths begin with (default: the path of --web.external-url)',
    },
    parseRoutes,
  ),
  debugAddress: each<ListenAddress>(
    {
      name: 'web.debug-address',
      value: 'address',
      help: 'where to serve debug surfaces as well, as --web.listen-address; they are served there, on loopback and on unix: sockets',
    },
    parseAddress,
  ),
  enableDebug: one(
    {
      name: 'web.enable-debug',
      help: 'serve debug surfaces on every address',
      fallback: 'false',
    },
    parseSwitch,
  ),
  enableLifecycle: one(
    {
      name: 'web.enable-lifecycle',
      help: 'answer PUT and POST of /-/reload and /-/quit',
      fallback: 'false',
    },
    parseSwitch,
  ),
  configFile: optional<string>(
    {
      name: 'config.file',
      value: 'file',
      help: 'YAML with flags by their names; those of the command line and the environment win',
    },
    notEmpty('a file'),
  ),
  webConfigFile: optional<string>(
    {
      name: 'web.config.file',
      value: 'file',
      help: 'TLS, users and headers, as every exporter reads them (see promfold check-config); read again when it changes',
    },
    notEmpty('a file'),
  ),
  allowedHost: each<string>(
    {
      name: 'web.allowed-host',
      value: 'name',
      help: 'host name that pages may be asked for by, .name with its subdomains; allowed already: IP addresses, localhost, the names of this machine and in listen addresses',
    },
    parseHost,
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
    parseLabelName,
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
    notEmpty('a directory'),
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
    notEmpty('a file'),
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
    parseContextBytes,
  ),
  window: optional<number>(
    {
      name: 'window',
      value: 'duration',
      help: 'read twice, this far apart, and show what happens now: 30s, 5m',
      environment: false,
    },
    parseDuration,
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
    parseInterval,
  ),
  count: one(
    {
      name: 'count',
      value: 'count',
      help: 'refreshes before it ends; 0 for no end',
      fallback: '0',
      environment: false,
    },
    parseCount,
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
