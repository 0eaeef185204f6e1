/** The manual's page of a finding: the topic `findings` consists of these pages, and `check --explain` prints one. */
import type { Rule } from './finding.js';

/** As in other topics, which are also read through pipes. */
const WIDTH = 80;

/** Markdown; its heading is the code. */
export function findingPage({ code, severity, title, effect, cure }: Omit<Rule, 'find'>): string {
  const paragraphs = [`**${severity}**: ${title}. ${effect}`, `Cure: ${cure}`];
  return [`## ${code}`, ...paragraphs.map(wrapped)].join('\n\n');
}

function wrapped(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && longer.length <= WIDTH) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.join('\n');
}
