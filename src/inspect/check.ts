/**
 * The view of `check`: the findings on a directory or a snapshot, worst first.
 *
 * Plain data, and in this shape the JSON of `check --json`.
 */
import { type Limits, UNLIMITED } from '../plan/budget.js';
import type { Rule } from './findings/finding.js';
import { type Finding, SEVERITIES, type Severity } from './findings/finding.js';
import { RULES } from './findings/rules.js';
import { type HostFacts, Subject } from './findings/subject.js';
import type { Reading } from './reading.js';

export interface CheckView {
  readonly path: string;
  readonly takenAtSeconds: number;
  /** Findings of each severity. */
  readonly count: Readonly<Record<Severity, number>>;
  readonly findings: readonly Finding[];
}

/**
 * @param hostFacts undefined for a snapshot: rules that look at the machine then find nothing
 * @param limits of the daemon that serves it
 */
export function check(
  reading: Reading,
  hostFacts?: HostFacts,
  rules: readonly Rule[] = RULES,
  limits: Limits = UNLIMITED,
): CheckView {
  const subject = new Subject(reading, hostFacts, limits);
  const findings: Finding[] = [];
  for (const { find, ...rule } of rules) {
    const evidence = [...find(subject)];
    if (evidence.length > 0) findings.push({ ...rule, evidence });
  }
  const rank = ({ severity }: Finding) => SEVERITIES.indexOf(severity);
  findings.sort((a, b) => rank(a) - rank(b));
  const count = { error: 0, warning: 0, info: 0 };
  for (const { severity } of findings) count[severity]++;
  return { path: reading.path, takenAtSeconds: reading.takenAtSeconds, count, findings };
}
