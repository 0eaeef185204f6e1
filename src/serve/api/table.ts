/** The table of the API: every endpoint, in the order of the manual and of the landing page. */

import { ACTIVITY } from './activity.js';
import type { ApiEndpoint, ViewEndpoint } from './api-endpoint.js';
import { BY_PROCESS } from './endpoints/by-process.js';
import { DIFF } from './endpoints/diff.js';
import { EXPLAIN } from './endpoints/explain.js';
import { FAMILIES } from './endpoints/families.js';
import { FILE, FILES } from './endpoints/files.js';
import { FINDINGS } from './endpoints/findings.js';
import { LABEL_VALUES, LABELS } from './endpoints/labels.js';
import { PROCESS, PROCESS_SERIES, PROCESSES } from './endpoints/processes.js';
import { SERIES } from './endpoints/series.js';
import { TOP } from './endpoints/top.js';
import { INCIDENT, INCIDENTS } from './incidents.js';
import { LIVE } from './live.js';
import { OPENAPI } from './openapi.js';
import { RECORDING } from './recording.js';
import { SNAPSHOT } from './snapshot.js';
import { STATUS } from './status.js';
import { TICKS } from './ticks.js';
import { VERDICTS_ENDPOINT } from './verdicts.js';

/** Those that are answered from an instant. */
export const VIEWS: readonly ViewEndpoint[] = [
  PROCESSES,
  PROCESS,
  PROCESS_SERIES,
  FILES,
  FILE,
  FAMILIES,
  LABELS,
  LABEL_VALUES,
  SERIES,
  BY_PROCESS,
  EXPLAIN,
  FINDINGS,
  TOP,
  DIFF,
];

export const API: readonly ApiEndpoint[] = [
  STATUS,
  ...VIEWS,
  VERDICTS_ENDPOINT,
  ACTIVITY,
  LIVE,
  TICKS,
  SNAPSHOT,
  RECORDING,
  INCIDENTS,
  INCIDENT,
  OPENAPI,
];
