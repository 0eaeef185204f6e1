/** What is known of an incident, next to its recording. No command line and no environment is part of it. */
import {
  type Ends,
  firstSeconds,
  INCIDENT_REASONS,
  type IncidentReason,
  judgeEnds,
  type SeenWriter,
} from './ends.js';

/** `alive` was there and stayed, `began` came. */
export const INCIDENT_STATES = [...INCIDENT_REASONS, 'alive', 'began'] as const;

export interface IncidentProcess {
  readonly processId: string;
  readonly pid: number;
  readonly state: (typeof INCIDENT_STATES)[number];
  readonly role?: string;
  readonly program?: string;
  readonly startSeconds: number;
  /** Of one that ended: the last time at which it was alive. */
  readonly lastSeenSeconds?: number;
}

export interface Incident {
  /** The name of its file, without the suffix. */
  readonly id: string;
  /** When the first one of these processes was seen last. */
  readonly timeSeconds: number;
  /** Of all of it: what is unexplained counts most. */
  readonly reason: IncidentReason;
  /** Of an engine that stalled: its label, with the name of its model. */
  readonly engine?: string;
  readonly modelName?: string;
  /** Where there are several directories. */
  readonly source?: string;
  readonly path: string;
  /** Those that ended come first. */
  readonly processes: readonly IncidentProcess[];
  /** Of the recording. */
  readonly bytes: number;
}

/** More are left out: the recording has all of them. */
const MAX_PROCESSES = 1000;

/** @returns all of an incident but what it is of */
export function describeEnds(ends: Ends): Pick<Incident, 'timeSeconds' | 'reason' | 'processes'> {
  const reasons = judgeEnds(ends);
  const found = new Set(reasons.values());
  const others = [
    ...ends.before.map((writer) => ({ writer, state: 'alive' as const })),
    ...ends.began.map((writer) => ({ writer, state: 'began' as const })),
  ].filter(({ writer }) => !reasons.has(writer.pid));
  return {
    timeSeconds: firstSeconds(ends.ended),
    reason: ['vanished' as const, 'rollout' as const].find((each) => found.has(each)) ?? 'replaced',
    processes: [
      ...ends.ended.map((writer) => ({
        ...about(writer, reasons.get(writer.pid)!),
        lastSeenSeconds: writer.lastSeenSeconds,
      })),
      ...others.map(({ writer, state }) => about(writer, state)),
    ].slice(0, MAX_PROCESSES),
  };
}

/** What stalled, as the watchdog says. */
export interface Stall {
  /** When it last counted something. */
  readonly sinceSeconds: number;
  readonly processId?: string;
  readonly engine?: string;
  readonly modelName?: string;
}

/** @param writers that are known to be alive */
export function describeStall(
  { sinceSeconds, processId, engine, modelName }: Stall,
  writers: readonly SeenWriter[],
): Omit<Incident, 'id' | 'source' | 'path' | 'bytes'> {
  const isStalled = (writer: SeenWriter) => writer.processId === processId;
  return {
    timeSeconds: sinceSeconds,
    reason: 'stalled',
    ...(engine !== undefined && { engine }),
    ...(modelName !== undefined && { modelName }),
    processes: [
      ...writers.filter(isStalled).map((writer) => about(writer, 'stalled')),
      ...writers.filter((writer) => !isStalled(writer)).map((writer) => about(writer, 'alive')),
    ].slice(0, MAX_PROCESSES),
  };
}

function about(
  { processId, pid, role, program, startSeconds }: SeenWriter,
  state: IncidentProcess['state'],
): IncidentProcess {
  return {
    processId,
    pid,
    state,
    ...(role !== undefined && { role }),
    ...(program !== undefined && { program }),
    startSeconds,
  };
}

/** @returns undefined where it is none, as where a disk was damaged */
export function parseIncident(text: string): Incident | undefined {
  let found: Partial<Incident> | null;
  try {
    found = JSON.parse(text) as Partial<Incident> | null;
  } catch {
    return undefined;
  }
  const { id, timeSeconds, reason, source, path, processes, bytes, engine, modelName } =
    found ?? {};
  if (typeof id !== 'string' || typeof path !== 'string' || typeof bytes !== 'number') {
    return undefined;
  }
  if (typeof timeSeconds !== 'number' || !INCIDENT_REASONS.includes(reason!)) return undefined;
  if (!Array.isArray(processes) || !processes.every(isProcess)) return undefined;
  const of = {
    ...(typeof engine === 'string' && { engine }),
    ...(typeof modelName === 'string' && { modelName }),
    ...(typeof source === 'string' && { source }),
  };
  return { id, timeSeconds, reason: reason!, ...of, path, processes, bytes };
}

function isProcess(found: unknown): found is IncidentProcess {
  const { processId, pid, state, role, program, startSeconds, lastSeenSeconds } = (found ??
    {}) as Partial<IncidentProcess>;
  return (
    typeof processId === 'string' &&
    typeof pid === 'number' &&
    INCIDENT_STATES.includes(state!) &&
    typeof startSeconds === 'number' &&
    ['string', 'undefined'].includes(typeof role) &&
    ['string', 'undefined'].includes(typeof program) &&
    ['number', 'undefined'].includes(typeof lastSeenSeconds)
  );
}
