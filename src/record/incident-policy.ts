/** Which ends of writers, and which stalls, are saved as incidents. Apart from what saves them, which only a daemon has to load. */
import type { IncidentReason } from './ends.js';

export const INCIDENT_POLICIES = ['all', 'unexplained', 'stalled', 'none'] as const;
export type IncidentPolicy = (typeof INCIDENT_POLICIES)[number];

export const REASONS_OF_POLICY: Readonly<Record<IncidentPolicy, readonly IncidentReason[]>> = {
  all: ['vanished', 'replaced', 'rollout', 'stalled'],
  unexplained: ['vanished'],
  stalled: ['vanished', 'stalled'],
  none: [],
};
