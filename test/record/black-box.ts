/** Incidents whose ends, recordings and clock are made up. */
import { join } from 'node:path';
import type { Ends, SeenWriter } from '../../src/record/ends.js';
import type { IncidentPolicy } from '../../src/record/incident-policy.js';
import { type IncidentSource, Incidents } from '../../src/record/incidents.js';
import { tempDirectory } from '../support/temp.js';

export const T0 = Date.UTC(2026, 10, 30, 2, 20) / 1000;

function writer(pid: number, startSeconds = T0 - 100): SeenWriter {
  return {
    processId: String(pid),
    pid,
    role: 'worker',
    program: 'python3',
    startSeconds,
    lastSeenSeconds: T0,
  };
}

export const VANISHED: Ends = { before: [writer(1), writer(2)], ended: [writer(1)], began: [] };
export const REPLACED: Ends = { ...VANISHED, began: [writer(3, T0 + 1)] };
export const ROLLOUT: Ends = { ...VANISHED, ended: VANISHED.before };

export class BlackBox {
  ms = 0;
  readonly log: Record<string, unknown>[] = [];
  readonly asked: number[][] = [];
  readonly incidents: Incidents;
  bytes = Buffer.from('recording');
  fails = false;

  constructor(policy: IncidentPolicy, folder?: { path: string; maxBytes: number }) {
    const line = (message: string, fields: Record<string, unknown>) =>
      this.log.push({ message, ...fields });
    this.incidents = new Incidents({
      policy,
      maxBytes: 1000,
      folder,
      log: { info: line, warn: line },
      nowMs: () => this.ms,
    });
  }

  async add(ends: Ends, source?: string): Promise<void> {
    this.incidents.add(ends, this.#of(source));
    await this.incidents.close();
  }

  /** Of an engine. */
  async stall(): Promise<void> {
    const stall = { sinceSeconds: 1_000, engine: '0', modelName: 'm' };
    this.incidents.addStall(stall, VANISHED.ended, this.#of(undefined));
    await this.incidents.close();
  }

  #of(source: string | undefined): IncidentSource {
    return {
      source,
      path: '/run/prom',
      save: async (...asked) => {
        this.asked.push(asked);
        if (this.fails) throw new Error('out of memory');
        return [this.bytes];
      },
    };
  }

  counts(source?: string): Record<string, number> {
    return Object.fromEntries(this.incidents.countsOf(source) ?? []);
  }
}

export const folderOf = (maxBytes = 1_000_000) => ({
  path: join(tempDirectory(), 'recorded'),
  maxBytes,
});
