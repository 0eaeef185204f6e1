/** The table of the API: every endpoint, in the order of the manual and of the landing page. */
import type { ApiEndpoint, ViewEndpoint } from './api-endpoint.js';
import { EXPLAIN } from './endpoints/explain.js';
import { FAMILIES } from './endpoints/families.js';
import { FILE, FILES } from './endpoints/files.js';
import { FINDINGS } from './endpoints/findings.js';
import { LABEL_VALUES, LABELS } from './endpoints/labels.js';
import { PROCESS, PROCESSES } from './endpoints/processes.js';
import { SERIES } from './endpoints/series.js';
import { TOP } from './endpoints/top.js';
import { INCIDENT, INCIDENTS } from './incidents.js';
import { LIVE } from './live.js';
import { OPENAPI } from './openapi.js';
import { RECORDING } from './recording.js';
import { SNAPSHOT } from './snapshot.js';
import { STATUS } from './status.js';
import { VERDICTS_ENDPOINT } from './verdicts.js';

/** Those that are answered from an instant. */
export const VIEWS: readonly ViewEndpoint[] = [
  PROCESSES,
  PROCESS,
  FILES,
  FILE,
  FAMILIES,
  LABELS,
  LABEL_VALUES,
  SERIES,
  EXPLAIN,
  FINDINGS,
  TOP,
];

export const API: readonly ApiEndpoint[] = [
  STATUS,
  ...VIEWS,
  VERDICTS_ENDPOINT,
  LIVE,
  SNAPSHOT,
  RECORDING,
  INCIDENTS,
  INCIDENT,
  OPENAPI,
];
