/** A finding as the manual has it: the topic `findings` is made of these pages, and `check --explain` prints one. */
import type { Rule } from './finding.js';

/** Markdown; its heading is the code. */
export function findingPage({ code, severity, title, effect, cure }: Omit<Rule, 'find'>): string {
  return `## ${code}\n\n**${severity}**: ${title}. ${effect}\n\nCure: ${cure}`;
}
