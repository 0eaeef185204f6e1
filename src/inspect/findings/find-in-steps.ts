/** The findings on a reading, worst first; in steps, for a daemon that has other things to do. */
import type { Steps } from '../../steps.js';
import {
  type CheckView,
  type Evidence,
  type Finding,
  inOrderOfSeverity,
  type Rule,
} from './finding.js';
import { RULES } from './rules.js';
import type { Subject } from './subject.js';

export function* findInSteps(subject: Subject, rules: readonly Rule[] = RULES): Steps<CheckView> {
  const findings: Finding[] = [];
  for (const { find, ...rule } of rules) {
    const evidence: Evidence[] = [];
    for (const piece of find(subject)) {
      if (piece !== undefined) evidence.push(piece);
      yield;
    }
    if (evidence.length > 0) findings.push({ ...rule, evidence });
    yield;
  }
  const { path, takenAtSeconds } = subject.reading;
  return inOrderOfSeverity(path, takenAtSeconds, findings);
}
