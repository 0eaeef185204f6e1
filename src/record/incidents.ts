/**
 * The black box: when a writer ended, or stalled, what was recorded of the time before is saved, with what is known of why. Decides what
 * is saved, how much, how often, and where: in the folder of the recorder, or else the last one in memory.
 */
import type { ScrapeLog } from '../log.js';
import type { Ends, IncidentReason, SeenWriter } from './ends.js';
import { describeEnds, describeStall, type Incident, type Stall } from './incident.js';
import { IncidentFolder } from './incident-folder.js';
import { type IncidentPolicy, REASONS_OF_POLICY } from './incident-policy.js';
import { segmentName, textOf } from './recorder-folder.js';

/** Before the first end. */
export const INCIDENT_SECONDS = 900;

/** Of a recording. What is oldest is left out. */
export const MAX_INCIDENT_BYTES = 16 * 2 ** 20;

/** Between two that are saved: a crash loop tells nothing new. */
const PAUSE_MS = 60_000;

export interface IncidentsOptions {
  readonly policy: IncidentPolicy;
  /** Of a recording. */
  readonly maxBytes: number;
  readonly folder: { readonly path: string; readonly maxBytes: number } | undefined;
  readonly log: ScrapeLog;
  readonly nowMs: () => number;
}

export interface IncidentSource {
  readonly source: string | undefined;
  readonly path: string;
  /** As SourceRecorder.save. */
  save(fromSeconds: number, maxBytes: number): Promise<Uint8Array[]>;
}

interface KeptIncident {
  readonly incident: Incident;
  readonly recording: Uint8Array;
}

export class Incidents {
  readonly #options: IncidentsOptions;
  readonly #reasons: readonly IncidentReason[];
  readonly #folder: IncidentFolder | undefined;
  /** By source; a new map where a count changes. */
  readonly #counts = new Map<string | undefined, ReadonlyMap<IncidentReason, number>>();
  /** The last one, where it is not in the folder. */
  #kept: KeptIncident | undefined;
  #savedMs = Number.NEGATIVE_INFINITY;
  #saving: Promise<void> | undefined;

  constructor(options: IncidentsOptions) {
    const { policy, folder } = options;
    this.#options = options;
    this.#reasons = REASONS_OF_POLICY[policy];
    this.#folder = folder && new IncidentFolder(folder.path, folder.maxBytes);
  }

  /** By reason, since the start; undefined where none is saved. */
  countsOf(source: string | undefined): ReadonlyMap<IncidentReason, number> | undefined {
    if (this.#reasons.length === 0) return undefined;
    let counts = this.#counts.get(source);
    if (counts === undefined) {
      counts = new Map(this.#reasons.map((reason) => [reason, 0]));
      this.#counts.set(source, counts);
    }
    return counts;
  }

  /** Those that can be had, also of earlier runs; oldest first. */
  async list(): Promise<Incident[]> {
    const listed = (await this.#folder?.list()) ?? [];
    return this.#kept === undefined ? listed : [...listed, this.#kept.incident];
  }

  /** @returns undefined where there is no such incident */
  async read(id: string): Promise<Uint8Array | undefined> {
    if (this.#kept?.incident.id === id) return this.#kept.recording;
    return this.#folder?.read(id);
  }

  /** Returns at once. */
  add(ends: Ends, of: IncidentSource): void {
    this.#add(describeEnds(ends), of);
  }

  /** Returns at once. @param writers that are known to be alive */
  addStall(stall: Stall, writers: readonly SeenWriter[], of: IncidentSource): void {
    this.#add(describeStall(stall, writers), of);
  }

  #add(described: Described, of: IncidentSource): void {
    const { reason } = described;
    if (!this.#reasons.includes(reason)) return;
    const counts = this.countsOf(of.source)!;
    this.#counts.set(of.source, new Map([...counts, [reason, counts.get(reason)! + 1]]));
    const now = this.#options.nowMs();
    if (this.#saving !== undefined || now - this.#savedMs < PAUSE_MS) {
      this.#tell(described, of, { cause: 'not saved: another one was within a minute' });
      return;
    }
    this.#savedMs = now;
    this.#saving = this.#save(described, of)
      .then((fields) => this.#tell(described, of, fields))
      .finally(() => {
        this.#saving = undefined;
      });
  }

  /** Resolves when all is saved. */
  async close(): Promise<void> {
    await this.#saving;
  }

  /** @returns what the log says of it */
  async #save(
    described: Described,
    { source, path, save }: IncidentSource,
  ): Promise<Record<string, string | number>> {
    const { timeSeconds } = described;
    let recording: Uint8Array;
    try {
      const { maxBytes } = this.#options;
      recording = Buffer.concat(await save(timeSeconds - INCIDENT_SECONDS, maxBytes));
    } catch (error) {
      return { cause: `not saved: ${textOf(error)}` };
    }
    const id = `incident-${segmentName(source, timeSeconds)}`;
    const { length: bytes } = recording;
    const of = source === undefined ? {} : { source };
    const incident: Incident = { id, ...described, ...of, path, bytes };
    this.#kept = { incident, recording };
    if (this.#folder === undefined) return { id, bytes };
    try {
      const file = await this.#folder.add(incident, recording);
      this.#kept = undefined;
      return { file, bytes };
    } catch (error) {
      return { id, bytes, cause: `in memory only: ${textOf(error)}` };
    }
  }

  #tell(
    { reason, processes, engine, modelName }: Described,
    { source, path }: IncidentSource,
    fields: Record<string, string | number>,
  ): void {
    const ended = processes.filter(({ state }) => state !== 'alive' && state !== 'began');
    const [{ role } = { role: undefined }] = ended;
    const ids = ended.slice(0, MAX_TOLD).map(({ processId }) => processId);
    this.#options.log.warn('incident', {
      ...(source === undefined ? { path } : { source }),
      reason,
      ...(engine === undefined && { processes: ids.join(',') }),
      ...(engine !== undefined && { engine }),
      ...(modelName !== undefined && { model: modelName }),
      ...(ended.length > MAX_TOLD && { ended: ended.length }),
      ...(role !== undefined && { role }),
      ...fields,
    });
  }
}

type Described = Omit<Incident, 'id' | 'source' | 'path' | 'bytes'>;

/** Process ids of a line. */
const MAX_TOLD = 20;
