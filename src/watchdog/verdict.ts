/**
 * What is said of a process that writes, or of an engine.
 *
 *   ok       it counts, as it did
 *   idle     it counts nothing, and nothing says that it should
 *   silent   it counts nothing for longer than --watchdog.silence, and that is improbable
 *   stalled  likewise, for four times as long
 *   slow     it counts, and much slower than others of its kind, or much less than before
 *   unknown  what there is to see does not tell; the evidence says why
 */
export const VERDICTS = ['ok', 'idle', 'silent', 'stalled', 'slow', 'unknown'] as const;
export type VerdictName = (typeof VERDICTS)[number];

export interface Verdict {
  /** Of a process: as in the names of its files. */
  readonly processId?: string;
  /** Of an engine: its label; with the name of its model, where it has one. */
  readonly engine?: string;
  readonly modelName?: string;
  readonly verdict: VerdictName;
  /** Since 1970: when it last counted something, for those that stand still; else since when the verdict holds. */
  readonly sinceSeconds: number;
  /** Sentences without their full stops. */
  readonly evidence: readonly string[];
}

export interface EngineStalled {
  readonly engine: string;
  readonly modelName: string | undefined;
  readonly isStalled: boolean;
}

/** Told once. */
export interface VerdictChange extends Verdict {
  readonly before: VerdictName | undefined;
}

/** Verdicts that someone should look at. */
export function isTrouble({ verdict }: Pick<Verdict, 'verdict'>): boolean {
  return verdict === 'silent' || verdict === 'stalled' || verdict === 'slow';
}
