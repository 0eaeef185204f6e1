/** `serve`: the daemon. Reads the directory at each GET of the telemetry path, until a signal stops it. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { UsageError } from '../errors.js';
import { exitWithin } from '../last-resort.js';
import { ApiCounts } from '../live/api-counts.js';
import { Compactions } from '../live/compactions.js';
import { FindingsWatch } from '../live/findings-watch.js';
import { Instants } from '../live/instants.js';
import type { Loads } from '../live/load/loads.js';
import type { SourcesWatch } from '../live/watch/sources-watch.js';
import { withChosen } from '../plan/budget.js';
import type { FlightRecorder } from '../record/flight-recorder.js';
import { defaultLimits } from '../scrape/default-limits.js';
import { DiscoveredSources } from '../scrape/discovered-sources.js';
import { SelfMetrics, type ServerCounts } from '../scrape/families/self-metrics.js';
import { Scraper } from '../scrape/scraper.js';
import { debugSurfaces } from '../serve/api/debug-surfaces.js';
import { Connections, defaultMaxConnections } from '../serve/connections.js';
import { isLocal } from '../serve/debug-surface.js';
import { LOAD } from '../serve/endpoint.js';
import type { Lifecycle } from '../serve/lifecycle-routes.js';
import type { Listener } from '../serve/listen.js';
import { RequestLimit } from '../serve/request-limit.js';
import type { ServerOptions } from '../serve/server.js';
import type { Web } from '../serve/web/guard-requests.js';
import { TokenBucket } from '../serve/web/token-bucket.js';
import { Users } from '../serve/web/users.js';
import type { Command } from './command.js';
import type { FlagKey, FlagValues } from './flags.js';
import { isHostNetwork } from './host-network.js';
import { LimitedLog } from './limited-log.js';
import { openListeners, openLoadListeners, routePrefix, urlOf } from './listening.js';
import { LOAD_FLAGS, openLoads } from './load-options.js';
import { MARK, openLog } from './log.js';
import { openRecorder, RECORDER_FLAGS, recordedBefore } from './recorder-options.js';
import { Reload } from './reload.js';
import { appendedPages, planRules, SELECT_AND_LABEL } from './select-and-label.js';
import { chooseSources, refuseLabelInUse, SOURCES } from './sources.js';
import { REVISION, VERSION } from './version.js';
import { openWatch, WATCHDOG_FLAGS } from './watchdog-options.js';
import { WRITER_FLAGS, writerOptions } from './writer-options.js';

/** A running scrape gets this long after SIGTERM; Kubernetes and systemd wait longer. */
const GRACE_MILLISECONDS = 4_400;

/** For everything else: what has not ended by then hangs. */
const CLOSE_MILLISECONDS = 4_700;

/** Then the process ends, even if Node's exit hangs. */
const EXIT_MILLISECONDS = 4_900;

/** Without those that name the directories. */
export const SERVE_FLAGS = [
  'listenAddress',
  'telemetryPath',
  'maxRequests',
  'maxConnections',
  'webConfigFile',
  'debugAddress',
  'enableDebug',
  'enableLifecycle',
  'engineProbe',
  'configFile',
  'systemdSocket',
  'socketMode',
  'socketOwner',
  'externalUrl',
  'routePrefix',
  'allowedHost',
  'disableExporterMetrics',
  'strict',
  ...SELECT_AND_LABEL,
  'appendUrl',
  'limit',
  'retainRemoved',
  'compactDeadAfter',
  ...WRITER_FLAGS,
  ...RECORDER_FLAGS,
  ...WATCHDOG_FLAGS,
  ...LOAD_FLAGS,
  'logLevel',
  'logFormat',
] as const satisfies readonly FlagKey[];

export const serve: Command<(typeof SERVE_FLAGS | typeof SOURCES)[number] | 'discover'> = {
  name: 'serve',
  summary: 'Serve the metrics of a directory over HTTP.',
  flags: [...SOURCES, 'discover', ...SERVE_FLAGS],
  exitCodes: [['0', 'SIGTERM or SIGINT stopped it']],
  topic: 'endpoints',
  examples: [
    'serve /run/prom',
    'serve --web.listen-address=:19925 /run/prom',
    'serve --source api=/run/api --source worker=/run/worker',
    'serve --discover',
  ],

  async run({ directory: given, flags, given: typed }, terminal) {
    const output = openLog(flags.logLevel, flags.logFormat, terminal.isWrapped ? MARK : {});
    const log = new LimitedLog(output);
    const directory = chooseSources(given, flags, terminal.environment, log.warn);
    const stop = terminal.stopSignal();
    const quit = new AbortController();
    const ending = AbortSignal.any([stop, quit.signal]);
    const stopped = ending.aborted ? Promise.resolve() : once(ending, 'abort');
    void stopped.then(() => exitWithin(EXIT_MILLISECONDS, 0));

    log.info('starting promfold', {
      version: VERSION,
      ...(REVISION !== '' && { revision: REVISION }),
      node: process.version,
      ...(typeof directory === 'string' && { directory }),
    });
    if (typeof directory !== 'string') {
      for (const { name, directory: path } of directory) {
        log.info('source', { source: name, directory: path });
      }
    }
    warnOfPlace(flags, terminal.environment, log);

    const web = await openWeb(flags.webConfigFile, log);
    const connections = new Connections(flags.maxConnections ?? defaultMaxConnections(), log);
    const writers = writerOptions(flags);
    const counts = new ApiCounts();
    const parts: ServerCounts & {
      recorder?: FlightRecorder | undefined;
      watch?: SourcesWatch | undefined;
      findings?: FindingsWatch;
      load?: Loads;
      compactions?: Compactions;
    } = {
      connections,
      api: counts,
    };
    const limits = withChosen(defaultLimits(typeof directory !== 'string'), flags.limit);
    const scraper = new Scraper(directory, {
      ...writers.scraper,
      strict: flags.strict,
      rules: planRules(flags),
      sourceLabel: flags.sourceLabel,
      appended: appendedPages(flags),
      limits,
      retainRemoved: flags.retainRemoved,
      lastRecorded: recordedBefore(flags),
      selfMetrics: flags.disableExporterMetrics
        ? undefined
        : new SelfMetrics({ version: VERSION, revision: REVISION }, flags.sourceLabel, parts),
      log,
      watch: true,
    });
    const limit = new RequestLimit(flags.maxRequests);
    const reload = await Reload.begin({
      path: flags.configFile,
      keys: SERVE_FLAGS,
      given: typed,
      environment: terminal.environment,
      log,
      setLiveFlags: ({ logLevel, maxRequests, maxConnections }) => {
        output.setLevel(logLevel);
        limit.max = maxRequests;
        connections.max = maxConnections ?? defaultMaxConnections();
      },
    });
    const lifecycle: Lifecycle = {
      reload: async () => {
        await web?.file.reload();
        return web?.file.broken?.message ?? (await reload.run());
      },
      quit: () => quit.abort('/-/quit'),
    };
    terminal.onHangUp(() => void lifecycle.reload());
    const { procThread } = writers;
    const watch = openWatch(scraper, flags, {
      procThread,
      log,
      onStalled: (source, stall) => parts.recorder?.stalled(source, stall),
    });
    const recorder = await openRecorder(scraper, flags, {
      procThread,
      log,
      onInstant: watch && ((instant) => watch.offer(instant)),
    });
    parts.recorder = recorder;
    parts.watch = watch;
    const verdictsOf = watch && ((source: string | undefined) => watch.verdictsOf(source));
    const instants = new Instants(scraper, procThread, { ...(verdictsOf && { verdictsOf }) });
    const findings = new FindingsWatch(scraper, { procThread, verdictsOf, limits });
    parts.findings = findings;
    const loads = openLoads(scraper, flags, { watch, procThread });
    parts.load = loads;
    const { compactDeadAfter: deadAfterSeconds } = flags;
    if (deadAfterSeconds !== undefined) {
      const options = { deadAfterSeconds, limits, procThread, log };
      parts.compactions = new Compactions(scraper, options);
    }
    const surfaces = debugSurfaces(scraper, instants, { limits, counts, recorder, watch });
    const options: ServerOptions = {
      telemetryPath: flags.telemetryPath,
      limit,
      lifecycle: flags.enableLifecycle ? lifecycle : undefined,
      engineProbe: flags.engineProbe ? watch : undefined,
      loads,
      connections,
      version: VERSION,
      web,
      routePrefix: routePrefix(flags),
      allowedHosts: allowedHosts(flags),
      log,
    };
    const discovered =
      flags.discover && typeof directory !== 'string'
        ? new DiscoveredSources(scraper, {
            except: directory.map(({ directory: path }) => path),
            log,
          })
        : undefined;
    const listeners: Listener[] = [];
    // Before the first scrape and the first readiness probe. It runs while the server is loaded, which takes as long.
    const prepared = scraper.prepare();
    void prepared.then(() => {
      watch?.start();
      findings.start();
      recorder?.start();
      parts.compactions?.start();
    });
    const begin = async () => {
      if (scraper.sourceNames().length > 0) {
        await prepared;
        refuseLabelInUse(scraper, flags);
      }
      await discovered?.start();
      await stopped;
    };
    const close = async () => {
      // It waits a while for readers of the old directory, and nothing else waits for it.
      const compacted = parts.compactions?.close();
      await Promise.all([
        discovered?.close(),
        ...listeners.map((listener) => listener.stop(GRACE_MILLISECONDS)),
      ]);
      loads.close();
      await surfaces.close();
      await findings.close();
      await recorder?.close();
      await watch?.close();
      await scraper.close();
      await compacted;
      await writers.close();
      web?.file.close();
      await web?.users.close();
    };
    try {
      // Half of the code to load, and no other command needs it.
      const { buildLoadServer, buildServer } = await import('../serve/server.js');
      for await (const listener of openListeners(flags, (debug) =>
        buildServer(scraper, { ...options, debug: debug ? surfaces : undefined }),
      )) {
        listeners.push(listener);
        for (const address of listener.addresses) {
          log.info('listening', {
            address,
            url: urlOf(address, flags, web?.file.tls !== undefined),
          });
        }
      }
      for await (const { listener, engine } of openLoadListeners(flags, (asked) =>
        buildLoadServer(scraper, { ...options, loads, engine: asked }),
      )) {
        listeners.push(listener);
        for (const address of listener.addresses) {
          log.info('listening', {
            address,
            serves: LOAD.path,
            ...(engine !== undefined && { engine }),
          });
        }
      }
      // The first reading may hang: a stop signal does not wait for it.
      await Promise.race([begin(), stopped]);
      log.info('stopping', { signal: String(ending.reason) });
    } finally {
      // What still hangs then ends with the process.
      const closed = new AbortController();
      const late = sleep(CLOSE_MILLISECONDS, undefined, { signal: closed.signal });
      late.catch(() => {});
      await Promise.race([close(), late]);
      closed.abort();
    }
    log.flush();
    log.info('stopped');
    return 0;
  },
};

/** Warns about settings that are rarely intended. */
function warnOfPlace(
  flags: FlagValues<RootFlag | 'listenAddress' | 'debugAddress' | 'loadAddress'>,
  environment: Readonly<Record<string, string | undefined>>,
  log: LimitedLog,
): void {
  if (process.getuid?.() === 0 && !needsRoot(flags)) {
    log.warn('running as root; a user who can read the directory is enough');
  }
  const loadAddresses = flags.loadAddress.map(({ address }) => address);
  const isOnLoopback = [...flags.listenAddress, ...flags.debugAddress, ...loadAddresses].some(
    (address) => 'host' in address && isLocal(address),
  );
  if (isOnLoopback && isHostNetwork(environment)) {
    log.warn('the pod uses hostNetwork: every process on the node reaches its loopback addresses');
  }
}

/** Host names by which pages may be requested. */
function allowedHosts({
  allowedHost,
  listenAddress,
  debugAddress,
  externalUrl,
}: FlagValues<'allowedHost' | 'listenAddress' | 'debugAddress' | 'externalUrl'>): string[] {
  const listenedOn = [...listenAddress, ...debugAddress].flatMap((address) =>
    'host' in address ? (address.host ?? []) : [],
  );
  return [
    ...allowedHost,
    ...listenedOn,
    ...(externalUrl === undefined ? [] : [externalUrl.hostname]),
  ];
}

type RootFlag = 'discover' | 'processMetrics' | 'deadProcesses' | 'socketOwner';

/** To read the processes of other users, to remove their files, or to change the owner of a socket. */
function needsRoot({
  discover,
  processMetrics,
  deadProcesses,
  socketOwner,
}: FlagValues<RootFlag>): boolean {
  return discover || processMetrics || deadProcesses !== 'keep' || socketOwner !== undefined;
}

/** @throws UsageError for a file that cannot be used */
async function openWeb(path: string | undefined, log: LimitedLog): Promise<Web | undefined> {
  if (path === undefined) return undefined;
  // Loading YAML takes as long as loading the rest of the daemon.
  const { WebConfigFile } = await import('../config/web-config-file.js');
  const { ConfigError } = await import('../config/yaml-node.js');
  try {
    const file = await WebConfigFile.open(path, log);
    return { file, users: new Users(), bucket: new TokenBucket() };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new UsageError(error.message);
  }
}
