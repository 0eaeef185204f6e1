/**
 * Every flag, once: name, help, default, environment variable, and which values are valid.
 *
 * --help, the parser and the topic `flags` are generated from it.
 */
import { PROFILE_CHOICES, type ProfileChoice } from '../engines/profiles.js';
import { ESCAPINGS, type Escaping, FORMATS, type Format } from '../expose/dialect.js';
import { ESCAPABLE } from '../expose/formats.js';
import type { Labels } from '../format/key.js';
import type { Moment } from '../inspect/moment.js';
import { Selector } from '../inspect/selector.js';
import { LOAD_OPERATIONS, type LoadOperation } from '../load/operation.js';
import { DEFAULT_SOURCE_LABEL } from '../plan/added-labels.js';
import { type ChosenLimit, QUANTITIES } from '../plan/budget.js';
import { INCIDENT_POLICIES, type IncidentPolicy } from '../record/incident-policy.js';
import { DEAD_PROCESSES, type DeadProcesses } from '../scrape/directory/dead-processes.js';
import type { NamedDirectory } from '../scrape/directory/source.js';
import { GAUGE_AGE } from '../scrape/families/gauge-age.js';
import type { ListenAddress } from '../serve/listen-address.js';
import { CHECK_FORMATS, type CheckFormat, FAIL_ON, type FailOn } from './check/choices.js';
import { ExpectedError, type Flag, listed, oneOf, optional, repeatable, single } from './flag.js';
import {
  BEFORE_NAME,
  LINES,
  type LoadAddress,
  notEmpty,
  parseAddress,
  parseBytes,
  parseContextBytes,
  parseCount,
  parseDropLabels,
  parseDuration,
  parseEndpoint,
  parseExternalUrl,
  parseGaugeModes,
  parseHost,
  parseInterval,
  parseLabelName,
  parseLabels,
  parseLimit,
  parseLoadAddress,
  parseLoads,
  parseLongDuration,
  parseMaxAge,
  parseMode,
  parseOwner,
  parsePort,
  parsePrefix,
  parseRoutes,
  parseSelector,
  parseSilence,
  parseSources,
  parseSpeed,
  parseSwitch,
  parseTelemetryPath,
  parseTickInterval,
  parseTime,
} from './flag-parsers.js';
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from './log-choices.js';
import type { SocketOwner } from './socket-owner.js';
import { COLOR_CHOICES, type ColorChoice } from './terminal.js';

export const LS_SORTS = ['state', 'id', 'files', 'entries', 'used', 'disk', 'age'] as const;

export const TOP_SORTS = ['rate', 'id', 'entries', 'used'] as const;

export const FLAGS = {
  listenAddress: repeatable<ListenAddress>(
    {
      name: 'web.listen-address',
      value: 'address',
      help: 'where to serve, as host:port; :port for all interfaces, unix:/path for a socket in the file system',
      fallback: '127.0.0.1:19925',
    },
    parseAddress,
  ),
  telemetryPath: single(
    {
      name: 'web.telemetry-path',
      value: 'path',
      help: 'path of the exposition',
      fallback: '/metrics',
    },
    parseTelemetryPath,
  ),
  maxRequests: single(
    {
      name: 'web.max-requests',
      value: 'count',
      help: 'concurrent scrapes, 503 beyond it; 0 for no limit',
      fallback: '40',
    },
    parseCount,
  ),
  maxConnections: optional<number>(
    {
      name: 'web.max-connections',
      value: 'count',
      help: 'open connections over all addresses; beyond it a new one closes the longest idle one, or is refused if none is idle; 0 for no limit (default: 512, or half of the limit of open files if that is less)',
    },
    parseCount,
  ),
  systemdSocket: single(
    {
      name: 'web.systemd-socket',
      help: 'serve on the sockets that systemd passes, instead of --web.listen-address',
      fallback: 'false',
    },
    parseSwitch,
  ),
  socketMode: single(
    {
      name: 'web.socket-mode',
      value: 'mode',
      help: 'permissions of a unix: socket, octal; users who can write to it can connect',
      fallback: '0660',
    },
    parseMode,
  ),
  socketOwner: optional<SocketOwner>(
    {
      name: 'web.socket-owner',
      value: 'user:group',
      help: 'owner of a unix: socket: user, user:group or :group',
    },
    parseOwner,
  ),
  externalUrl: optional<URL>(
    {
      name: 'web.external-url',
      value: 'url',
      help: 'the URL by which others reach promfold, such as that of a proxy; shown in the log, and its host is allowed',
    },
    parseExternalUrl,
  ),
  routePrefix: optional<string>(
    {
      name: 'web.route-prefix',
      value: 'path',
      help: 'prefix of all paths (default: the path of --web.external-url)',
    },
    parseRoutes,
  ),
  debugAddress: repeatable<ListenAddress>(
    {
      name: 'web.debug-address',
      value: 'address',
      help: 'further addresses for debug surfaces, which are otherwise served on loopback and on unix: sockets; as --web.listen-address',
    },
    parseAddress,
  ),
  enableDebug: single(
    {
      name: 'web.enable-debug',
      help: 'serve debug surfaces on every address',
      fallback: 'false',
    },
    parseSwitch,
  ),
  enableLifecycle: single(
    {
      name: 'web.enable-lifecycle',
      help: 'answer PUT and POST requests to /-/reload and /-/quit',
      fallback: 'false',
    },
    parseSwitch,
  ),
  configFile: optional<string>(
    {
      name: 'config.file',
      value: 'file',
      help: 'YAML file of flags, by name; the command line and the environment take precedence',
    },
    notEmpty('a file'),
  ),
  webConfigFile: optional<string>(
    {
      name: 'web.config.file',
      value: 'file',
      help: 'TLS, users and headers, in the format of all exporters (see promfold check-config); reloaded when it changes',
    },
    notEmpty('a file'),
  ),
  allowedHost: repeatable<string>(
    {
      name: 'web.allowed-host',
      value: 'name',
      help: 'host name by which pages may be requested, .name with its subdomains; always allowed: IP addresses, localhost, the names of this machine and of listen addresses',
    },
    parseHost,
  ),
  disableExporterMetrics: single(
    {
      name: 'web.disable-exporter-metrics',
      help: "leave out promfold's own metrics",
      fallback: 'false',
    },
    parseSwitch,
  ),
  strict: single(
    {
      name: 'strict',
      help: 'fail the whole scrape when a file or an entry cannot be used',
      fallback: 'false',
    },
    parseSwitch,
  ),
  deadProcesses: single<DeadProcesses>(
    {
      name: 'dead-processes',
      value: 'action',
      help: `${listed(DEAD_PROCESSES)}: serve what dead processes left, hide their live or all their gauges, or remove their live gauges as mark_process_dead does`,
      choices: DEAD_PROCESSES,
      fallback: 'keep',
    },
    oneOf(DEAD_PROCESSES),
  ),
  include: repeatable<string>(
    {
      name: 'metrics.include',
      value: 'prefix',
      help: 'serve only families whose name, as in HELP and TYPE of the text format, begins with it',
    },
    parsePrefix,
  ),
  exclude: repeatable<string>(
    {
      name: 'metrics.exclude',
      value: 'prefix',
      help: 'leave out families whose name begins with it, also among those included',
    },
    parsePrefix,
  ),
  keepSeries: repeatable<Selector>(
    {
      name: 'metrics.keep',
      value: 'selector',
      help: 'of the families that are served, only the series that this selects, as in PromQL; several add up',
      separator: LINES,
    },
    parseSelector('metrics.keep'),
  ),
  dropSeries: repeatable<Selector>(
    {
      name: 'metrics.drop',
      value: 'selector',
      help: 'leave out series that this selects, also among those kept',
      separator: LINES,
    },
    parseSelector('metrics.drop'),
  ),
  dropLabels: {
    name: 'metrics.drop-label',
    value: 'family:label',
    help: "take this label from a family's series; those that become equal are joined as its processes are",
    repeatable: true,
    parse: parseDropLabels,
  } as Flag<ReadonlyMap<string, ReadonlySet<string>>>,
  gaugeModes: {
    name: 'gauge-mode',
    value: 'name=mode',
    help: 'join the processes of a gauge of mode all by min, max or sum: its label pid goes',
    repeatable: true,
    parse: parseGaugeModes,
  } as Flag<ReadonlyMap<string, string>>,
  label: {
    name: 'label',
    value: 'name=value',
    help: 'add this label to every series that has no label of this name',
    repeatable: true,
    separator: BEFORE_NAME,
    parse: parseLabels,
  } as Flag<Labels>,
  appendUrl: {
    name: 'append-url',
    value: 'url',
    help: 'also serve those series of this endpoint that the directory does not have',
    repeatable: true,
    separator: /\s+/,
    parse: (texts) => texts.map(parseEndpoint),
  } as Flag<readonly URL[]>,
  source: {
    name: 'source',
    value: 'name=dir',
    help: 'serve this directory as one of several, with its name as a label; instead of DIR',
    repeatable: true,
    separator: BEFORE_NAME,
    parse: parseSources,
  } as Flag<readonly NamedDirectory[]>,
  discover: single(
    {
      name: 'discover',
      help: 'serve every directory that running processes use, each as a source',
      fallback: 'false',
    },
    parseSwitch,
  ),
  sourceLabel: single(
    {
      name: 'source-label',
      value: 'name',
      help: 'the label that names the source of a series',
      fallback: DEFAULT_SOURCE_LABEL,
    },
    parseLabelName,
  ),
  limit: repeatable<ChosenLimit>(
    {
      name: 'limit',
      value: 'what=number',
      help: `leave out files beyond it: ${listed(QUANTITIES)}, for a file (file.series=…), a source or all together; the defaults depend on the memory`,
    },
    parseLimit,
  ),
  retainRemoved: single(
    {
      name: 'retain-removed',
      help: 'keep counting, in memory, the values of removed files of counters, histograms and summaries; with --recorder.dir also after a restart',
      fallback: 'false',
    },
    parseSwitch,
  ),
  processMetrics: single(
    {
      name: 'process-metrics',
      help: 'add CPU, memory, descriptors, start and threads of each living writer, as process_…{pid,role}',
      fallback: 'false',
    },
    parseSwitch,
  ),
  gaugeAge: repeatable<string>(
    {
      name: 'gauge-age',
      value: 'prefix',
      help: `add ${GAUGE_AGE}, how long ago a gauge was set, for mostrecent families whose name begins with it`,
    },
    parsePrefix,
  ),
  recorderSize: optional<number>(
    {
      name: 'recorder.size',
      value: 'bytes',
      help: 'memory of the flight recorder, in which the values of all processes are kept for looking back, such as 64MiB; 0 turns it off (default: 32MiB, or a tenth of the memory if that is less)',
    },
    parseBytes,
  ),
  recorderInterval: single(
    {
      name: 'recorder.interval',
      value: 'duration',
      help: 'between two moments that are recorded; grows where they would take more than 1% of a core',
      fallback: '1s',
    },
    parseTickInterval,
  ),
  recorderExclude: repeatable<Selector>(
    {
      name: 'recorder.exclude',
      value: 'selector',
      help: 'do not record these series, as in PromQL: \'http_requests{user!=""}\'',
      separator: LINES,
    },
    parseSelector('recorder.exclude'),
  ),
  recorderDir: optional<string>(
    {
      name: 'recorder.dir',
      value: 'directory',
      help: 'record to files in this directory, too: they outlive promfold; created if missing',
    },
    notEmpty('a directory'),
  ),
  recorderDiskSize: single(
    {
      name: 'recorder.disk-size',
      value: 'bytes',
      help: 'of all files in --recorder.dir; the oldest are removed beyond it',
      fallback: '256MiB',
    },
    parseBytes,
  ),
  recorderIncidents: single<IncidentPolicy>(
    {
      name: 'recorder.incidents',
      value: 'which',
      help: `when a process that writes ended, or stalled, save what was recorded of the last 15 minutes: ${listed(INCIDENT_POLICIES)}`,
      choices: INCIDENT_POLICIES,
      fallback: 'unexplained',
    },
    oneOf(INCIDENT_POLICIES),
  ),
  compactDeadAfter: optional<number>(
    {
      name: 'compact-dead-after',
      value: 'duration',
      help: 'fold the files of processes that have been dead for so long into a few archives, as promfold compact --apply does (default: never)',
    },
    parseLongDuration,
  ),
  watchdogSilence: single<number>(
    {
      name: 'watchdog.silence',
      value: 'duration',
      help: 'a process or engine that counts nothing for so long, though it should, is silent, and after four times that it has stalled; 0 turns the watchdog off',
      fallback: '30s',
    },
    parseSilence,
  ),
  watchdogProfile: single<ProfileChoice>(
    {
      name: 'watchdog.profile',
      value: 'profile',
      help: `whose engines are known by the names of their families: ${listed(PROFILE_CHOICES)}`,
      choices: PROFILE_CHOICES,
      fallback: 'all',
    },
    oneOf(PROFILE_CHOICES),
  ),
  engineProbe: single(
    {
      name: 'web.enable-engine-probe',
      help: 'serve /-/engines: 503 while an engine has stalled, for a readiness probe',
      fallback: 'false',
    },
    parseSwitch,
  ),
  load: {
    name: 'load',
    value: 'family=how',
    help: `how the engines of a model become one number of /load: ${listed(LOAD_OPERATIONS)}; a family that is not there is added`,
    repeatable: true,
    parse: parseLoads,
  } as Flag<ReadonlyMap<string, LoadOperation>>,
  loadMaxAge: single<number>(
    {
      name: 'load.max-age',
      value: 'duration',
      help: 'answer 503 to /load while a model claims requests and has set none of its gauges for so long; 0 for never',
      fallback: '0',
    },
    parseMaxAge,
  ),
  loadFailStalled: single(
    {
      name: 'load.fail-stalled',
      help: 'answer 503 to /load while the watchdog says that an engine has stalled',
      fallback: 'false',
    },
    parseSwitch,
  ),
  loadAddress: repeatable<LoadAddress>(
    {
      name: 'web.load-address',
      value: 'address[=engine/n]',
      help: 'further addresses that serve /load alone, of all engines or of one: :19930=engine/0; as --web.listen-address',
    },
    parseLoadAddress,
  ),
  logLevel: single<LogLevel>(
    {
      name: 'log.level',
      value: 'level',
      help: listed(LOG_LEVELS),
      choices: LOG_LEVELS,
      fallback: 'info',
    },
    oneOf(LOG_LEVELS),
  ),
  logFormat: single<LogFormat>(
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
      help: 'use this directory instead of a fresh one: created if missing, never wiped or removed',
    },
    notEmpty('a directory'),
  ),
  keep: single(
    {
      name: 'keep',
      help: 'keep the directory at the end, and log its path',
      fallback: 'false',
    },
    parseSwitch,
  ),
  format: single<Format>(
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
  name: repeatable<string>(
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
  lsSort: single<(typeof LS_SORTS)[number]>(
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
  alive: single(
    {
      name: 'alive',
      help: 'only running processes',
      fallback: 'false',
      environment: false,
    },
    parseSwitch,
  ),
  dead: single(
    {
      name: 'dead',
      help: 'only dead processes',
      fallback: 'false',
      environment: false,
    },
    parseSwitch,
  ),
  unknown: single(
    {
      name: 'unknown',
      help: 'only processes of unknown state',
      fallback: 'false',
      environment: false,
    },
    parseSwitch,
  ),
  files: single(
    {
      name: 'files',
      help: 'a row for each file',
      fallback: 'false',
      environment: false,
    },
    parseSwitch,
  ),
  all: single(
    {
      name: 'all',
      help: 'all rows',
      fallback: 'false',
      environment: false,
    },
    parseSwitch,
  ),
  commandLine: single(
    {
      name: 'command',
      help: 'show whole command lines, which may contain secrets; never in JSON',
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
  bytes: single(
    {
      name: 'bytes',
      value: 'count',
      help: 'bytes to show around the damage, up to 4096',
      fallback: '64',
      environment: false,
    },
    parseContextBytes,
  ),
  window: optional<number>(
    {
      name: 'window',
      value: 'duration',
      help: 'read twice, with this interval, and show what happened in between: 30s, 5m',
      environment: false,
    },
    parseDuration,
  ),
  explain: optional<string>(
    {
      name: 'explain',
      value: 'code',
      help: 'print what a finding or an error code means, and the cure, without reading a directory',
      environment: false,
    },
    (text) => text,
  ),
  at: optional<Moment>(
    {
      name: 'at',
      value: 'time',
      help: 'the moment of a recording: 02:20 (the last such time of day), -15m (before its end), RFC 3339 or seconds since 1970 (default: its last moment)',
      environment: false,
    },
    parseTime,
  ),
  since: optional<Moment>(
    {
      name: 'since',
      value: 'time',
      help: 'from this moment of a recording on: 02:20, -15m (before its end), RFC 3339 or seconds since 1970',
      environment: false,
    },
    parseTime,
  ),
  until: optional<Moment>(
    {
      name: 'until',
      value: 'time',
      help: 'up to this moment of a recording, written as that of --since (default: its end)',
      environment: false,
    },
    parseTime,
  ),
  apply: single(
    {
      name: 'apply',
      help: 'do it; without, nothing is changed',
      fallback: 'false',
      environment: false,
    },
    parseSwitch,
  ),
  olderThan: optional<number>(
    {
      name: 'older-than',
      value: 'duration',
      help: 'keep files of dead processes that were seen to write less long ago: 10m, 24h',
      environment: false,
    },
    parseLongDuration,
  ),
  readersStopped: single(
    {
      name: 'readers-stopped',
      help: 'all that reads or writes the directory has been stopped: compact it even where no other can take its place, such as a mount point',
      fallback: 'false',
      environment: false,
    },
    parseSwitch,
  ),
  redact: repeatable<string>(
    {
      name: 'redact',
      value: 'label',
      help: 'replace the values of this label by hashes with a random salt: equal values stay equal within the file; repeatable',
      environment: false,
    },
    notEmpty('the name of a label'),
  ),
  speed: single(
    {
      name: 'speed',
      value: 'factor',
      help: 'of a recording: seconds of it that are played in one second',
      fallback: '10',
      environment: false,
    },
    parseSpeed,
  ),
  step: single(
    {
      name: 'step',
      value: 'duration',
      help: 'between two points of a series',
      fallback: '10s',
      environment: false,
    },
    parseDuration,
  ),
  by: optional<'process'>(
    {
      name: 'by',
      value: 'what',
      help: 'process: the values of each process, not the merged ones',
      environment: false,
    },
    (text) => {
      if (text === 'process') return text;
      throw new ExpectedError('process', text);
    },
  ),
  json: single(
    {
      name: 'json',
      help: 'print JSON, one document per line',
      fallback: 'false',
      environment: false,
    },
    parseSwitch,
  ),
  failOn: single<FailOn>(
    {
      name: 'fail-on',
      value: 'severity',
      help: 'exit with 1 for findings of this severity or worse: error, warning or never',
      choices: FAIL_ON,
      fallback: 'error',
    },
    oneOf(FAIL_ON),
  ),
  checkFormat: optional<CheckFormat>(
    {
      name: 'format',
      value: 'format',
      help: 'print text, json, sarif (2.1.0, for code scanning) or junit (a test case for each rule) (default: text)',
      choices: CHECK_FORMATS,
      environment: false,
    },
    oneOf(CHECK_FORMATS),
  ),
  color: single<ColorChoice>(
    {
      name: 'color',
      value: 'when',
      help: `${listed(COLOR_CHOICES)}; auto means in a terminal, unless NO_COLOR or CLICOLOR_FORCE says otherwise`,
      choices: COLOR_CHOICES,
      fallback: 'auto',
      environment: false,
    },
    oneOf(COLOR_CHOICES),
  ),
  topSort: single<(typeof TOP_SORTS)[number]>(
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
  interval: single(
    {
      name: 'interval',
      value: 'seconds',
      help: 'seconds between two refreshes',
      fallback: '2',
      environment: false,
    },
    parseInterval,
  ),
  recordInterval: single(
    {
      name: 'interval',
      value: 'duration',
      help: 'between two moments that are recorded; grows where they would take more than half of a core',
      fallback: '1s',
      environment: false,
    },
    parseTickInterval,
  ),
  port: single(
    {
      name: 'port',
      value: 'port',
      help: 'port on 127.0.0.1; 0 for any that is free',
      fallback: '0',
      environment: false,
    },
    parsePort,
  ),
  recordFor: optional<number>(
    {
      name: 'for',
      value: 'duration',
      help: 'end after this time: 30s, 10m (default: at Ctrl-C)',
      environment: false,
    },
    parseDuration,
  ),
  count: single(
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
      help: 'only processes and series that contain this text',
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
