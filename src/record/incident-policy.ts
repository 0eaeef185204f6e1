/** Which ends of writers are saved as incidents. Apart from what saves them, which only a daemon has to load. */
import type { EndReason } from './ends.js';

export const INCIDENT_POLICIES = ['all', 'unexplained', 'none'] as const;
export type IncidentPolicy = (typeof INCIDENT_POLICIES)[number];

export const REASONS_OF_POLICY: Readonly<Record<IncidentPolicy, readonly EndReason[]>> = {
  all: ['vanished', 'replaced', 'rollout'],
  unexplained: ['vanished'],
  none: [],
};
