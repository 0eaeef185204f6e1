/**
 * `check --explain CODE`: what a finding of check, a warning of explain, or an error code of the log means, and the
 * cure.
 */
import { ERROR_CODES, UsageError } from '../errors.js';
import { WARNING_CODES } from '../inspect/explain/explanation.js';
import { findingPage } from '../inspect/findings/page.js';
import { RULES } from '../inspect/findings/rules.js';
import { nearest } from '../inspect/near-names.js';
import { sectionOf } from '../manual/markdown.js';
import { readTopic } from '../manual/topics.js';

export const EXPLAINED_CODES: readonly string[] = [
  ...new Set([...RULES.map(({ code }) => code), ...WARNING_CODES, ...ERROR_CODES]),
];

/**
 * If a finding has the same code as a warning or an error, the page is that of the finding, which includes the cure.
 *
 * @throws UsageError for an unknown code
 */
export function explanationOf(code: string): { readonly code: string; readonly text: string } {
  const rule = RULES.find((each) => each.code === code);
  const text = rule === undefined ? sectionIn(['explaining', 'errors'], code) : findingPage(rule);
  if (text !== undefined) return { code, text };
  const near = nearest(code, EXPLAINED_CODES);
  const hint = near.length > 0 ? `near names: ${near.join(', ')}` : 'see promfold help findings';
  throw new UsageError(
    `--explain: expected the code of a finding, a warning or an error, got '${code}'; ${hint}`,
  );
}

/** From the first topic that has it. */
function sectionIn(topics: readonly string[], code: string): string | undefined {
  for (const topic of topics) {
    const section = sectionOf(readTopic(topic).text, code);
    if (section !== undefined) return section;
  }
  return undefined;
}
