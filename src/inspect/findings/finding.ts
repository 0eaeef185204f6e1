/**
 * What a rule of `check` is, and what it finds.
 *
 * A rule is a row of the table in rules.ts. Evidence says where it is broken, one piece for each file, family or
 * process; the effect and the cure belong to the rule.
 */
import type { Subject } from './subject.js';

/**
 * error: numbers are wrong or missing now. warning: they mislead, or will mislead. info: worth knowing.
 * `check` exits 1 for errors only.
 */
export const SEVERITIES = ['error', 'warning', 'info'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** One place where a rule is broken. */
export interface Evidence {
  /** A sentence without its full stop; it names the place. */
  readonly text: string;
  readonly file?: string;
  readonly family?: string;
  readonly processId?: string;
}

export interface Rule {
  /** Never changes its meaning. */
  readonly code: string;
  readonly severity: Severity;
  /** The finding in a few words. */
  readonly title: string;
  /** What it does to the numbers. */
  readonly effect: string;
  readonly cure: string;
  find(subject: Subject): Iterable<Found>;
}

/** Undefined for a step: nothing was found yet, and another task may run in between. */
export type Found = Evidence | undefined;

/** A part of a search, in such steps. */
export type Looking<T> = Generator<undefined, T, void>;

/** A broken rule, with all places where it is broken. */
export interface Finding extends Omit<Rule, 'find'> {
  readonly evidence: readonly Evidence[];
}

/** Shape of `check --json`. */
export interface CheckView {
  readonly path: string;
  readonly takenAtSeconds: number;
  /** Findings of each severity. */
  readonly count: Readonly<Record<Severity, number>>;
  readonly findings: readonly Finding[];
}

/** Worst first; within a severity in the order given. */
export function inOrderOfSeverity(
  path: string,
  takenAtSeconds: number,
  findings: readonly Finding[],
): CheckView {
  const rank = ({ severity }: Finding) => SEVERITIES.indexOf(severity);
  const count = { error: 0, warning: 0, info: 0 };
  for (const { severity } of findings) count[severity]++;
  return {
    path,
    takenAtSeconds,
    count,
    findings: findings.toSorted((a, b) => rank(a) - rank(b)),
  };
}
