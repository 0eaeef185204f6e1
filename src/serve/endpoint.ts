/**
 * What is served where. The landing page links to these, and the topic `endpoints` is generated from them.
 */
import { API_ROOT, type ApiEndpoint } from './api/api-endpoint.js';
import { API } from './api/table.js';

export interface Endpoint {
  readonly path: string;
  readonly answers: string;
  /** What the landing page links to, where that is not the path; none for a path with a parameter. */
  readonly link?: string | undefined;
}

/** Paths below it are the daemon's own. */
export const OWN_PREFIX = '/-/';

export const LANDING: Endpoint = {
  path: '/',
  answers:
    'The page for a browser where debug surfaces are served (`promfold help page`), else links. 421 for a `Host` that is not allowed.',
};

export const HEALTHY: Endpoint = {
  path: `${OWN_PREFIX}healthy`,
  answers: '200 as long as the daemon runs; says so when a scrape hangs.',
};

export const READY: Endpoint = {
  path: `${OWN_PREFIX}ready`,
  answers:
    '200 once the directory has been read; 503 until then, and while a scrape waits for more than 10 s, with what it waits for.',
};

export const ENGINES: Endpoint = {
  path: `${OWN_PREFIX}engines`,
  answers:
    'With `--web.enable-engine-probe`: 503 while an engine has stalled (`when=any`), or all of them (`when=all`), and which.',
};

export const LOAD: Endpoint = {
  path: '/load',
  answers:
    'What a router reads, one series per model: requests that wait and run, usage and size of the cache (`promfold help routing`). 503 where no living engine writes.',
};

/** A path with a parameter, and how the server is told of it. */
export const LOAD_ENGINE = {
  path: '/load/engine/{engine}',
  route: '/load/engine/:engine',
  answers: 'The same of one engine alone, such as a data-parallel rank; 404 where there is none.',
  link: undefined,
} as const satisfies Endpoint & { readonly route: string };

/** Debug surfaces. */
const API_ENDPOINTS: readonly Endpoint[] = API.map(apiEndpointOf);

export function apiEndpointOf({ path, answers, example, parameters }: ApiEndpoint): Endpoint {
  const whole = `${API_ROOT}${path}`;
  const isLink = !Object.values(parameters).some(({ isInPath }) => isInPath);
  return { path: whole, answers, link: isLink ? `${whole}${example}` : undefined };
}

function metricsEndpoint(path: string): Endpoint {
  return {
    path,
    answers:
      'The merged metrics of all processes; `name[]` selects families, `source` one of several directories. ' +
      '503 while no directory can be read, if one could be before.',
  };
}

/**
 * In the order of the manual and of the landing page.
 *
 * @param served those of debug surfaces, too, the probe of engines and the load
 */
export function endpoints(
  telemetryPath: string,
  served: { readonly debug: boolean; readonly engines: boolean; readonly load: boolean },
): readonly Endpoint[] {
  const own = [
    metricsEndpoint(telemetryPath),
    ...(served.load ? [LOAD, LOAD_ENGINE] : []),
    HEALTHY,
    READY,
    ...(served.engines ? [ENGINES] : []),
    ...(served.debug ? API_ENDPOINTS : []),
  ];
  return telemetryPath === LANDING.path ? own : [LANDING, ...own];
}

/** The table of the topic `endpoints`, as Markdown. */
export function endpointsTable(telemetryPath: string): string {
  const rows = endpoints(telemetryPath, { debug: true, engines: true, load: true }).map(
    ({ path, answers }) => `| \`${path}\` | ${answers} |`,
  );
  return ['| GET or HEAD | answers |', '|---|---|', ...rows].join('\n');
}
