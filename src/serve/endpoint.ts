/**
 * What is served where. The landing page links to these and the topic `endpoints` is made of them.
 */

export interface Endpoint {
  readonly path: string;
  readonly answers: string;
}

/** Paths below it are the daemon's own. */
export const OWN_PREFIX = '/-/';

export const LANDING: Endpoint = {
  path: '/',
  answers: 'A plain page: what promfold is, and links. 421 for a `Host` that is not ours.',
};

export const HEALTHY: Endpoint = {
  path: `${OWN_PREFIX}healthy`,
  answers: '200 as long as the daemon runs; says so when a scrape hangs.',
};

export const READY: Endpoint = {
  path: `${OWN_PREFIX}ready`,
  answers:
    '200 once the directory has been read; 503 until then, and while a scrape waits for more than 10 s, saying what it waits for.',
};

export const STATUS: Endpoint = {
  path: '/api/v1/status',
  answers:
    'JSON: version, start, and of each directory whether it can be read and how much is in it. Served where debug surfaces are (`promfold help listening`).',
};

export const SNAPSHOT: Endpoint = {
  path: '/api/v1/snapshot',
  answers:
    'A snapshot (tar.gz), as `promfold snapshot` takes it; `source` chooses one of several directories. Served where debug surfaces are.',
};

function metricsEndpoint(path: string): Endpoint {
  return {
    path,
    answers:
      'The metrics of all processes, folded; `name[]` chooses families, `source` one of several directories. ' +
      '503 while no directory can be read though one was there.',
  };
}

/** @param debug those of debug surfaces, too. In the order of the manual and of the landing page. */
export function endpoints(telemetryPath: string, debug: boolean): readonly Endpoint[] {
  const own = [
    metricsEndpoint(telemetryPath),
    HEALTHY,
    READY,
    ...(debug ? [STATUS, SNAPSHOT] : []),
  ];
  return telemetryPath === LANDING.path ? own : [LANDING, ...own];
}

/** The table of the topic `endpoints`, as Markdown. */
export function endpointsTable(telemetryPath: string): string {
  const rows = endpoints(telemetryPath, true).map(
    ({ path, answers }) => `| \`${path}\` | ${answers} |`,
  );
  return ['| GET or HEAD | answers |', '|---|---|', ...rows].join('\n');
}
