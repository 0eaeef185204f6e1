/** The view of `check`: the findings on a directory or a snapshot, worst first. Plain data, the JSON of `check --json`. */
import { type Limits, UNLIMITED } from '../plan/budget.js';
import { atOnce } from '../steps.js';
import { findInSteps } from './findings/find-in-steps.js';
import type { CheckView, Rule } from './findings/finding.js';
import { RULES } from './findings/rules.js';
import { type HostFacts, Subject } from './findings/subject.js';
import type { Reading } from './reading.js';

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
  return atOnce(findInSteps(new Subject(reading, hostFacts, limits), rules));
}
