/**
 * Findings as JUnit XML, for what shows test results: a test case for each rule, which fails where `check` would.
 *
 * Source: the schema that Jenkins accepts (xunit-plugin, junit-10.xsd).
 */
import type { CheckView, Finding, Rule } from '../../inspect/findings/finding.js';
import { counted } from '../../inspect/quantity.js';
import { type FailOn, failsFor } from './choices.js';

/** Pieces of evidence of a test case: a page of results must stay readable. */
const SHOWN_EVIDENCE = 100;

/** Characters that XML 1.0 cannot have, not even escaped. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are they.
const NOT_XML = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Surrogate}/gu;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
  '\r': '&#13;',
  '\t': '&#9;',
};

/** @param rules all that were looked at */
export function* junit(
  { path, takenAtSeconds, findings }: CheckView,
  rules: readonly Omit<Rule, 'find'>[],
  failOn: FailOn,
): IterableIterator<string> {
  const byCode = new Map(findings.map((finding) => [finding.code, finding]));
  const failures = findings.filter(({ severity }) => failsFor(severity, failOn)).length;
  const time = new Date(takenAtSeconds * 1000).toISOString().slice(0, 19);
  const counts = `tests="${rules.length}" failures="${failures}" errors="0" skipped="0"`;
  yield '<?xml version="1.0" encoding="UTF-8"?>\n';
  yield `<testsuite name="promfold check ${attribute(path)}" timestamp="${time}" time="0" ${counts}>\n`;
  for (const rule of rules) {
    const finding = byCode.get(rule.code);
    yield `  <testcase classname="promfold.${rule.severity}" name="${rule.code}" time="0"`;
    yield finding === undefined ? '/>\n' : `>${inner(finding, failOn)}</testcase>\n`;
  }
  yield '</testsuite>\n';
}

function inner(finding: Finding, failOn: FailOn): string {
  const text = content(textOf(finding));
  if (!failsFor(finding.severity, failOn)) return `<system-out>${text}</system-out>`;
  return `<failure type="${finding.severity}" message="${attribute(finding.title)}">${text}</failure>`;
}

function textOf({ title, effect, cure, evidence }: Finding): string {
  const shown = evidence.slice(0, SHOWN_EVIDENCE).map(({ text }) => text);
  const hidden = evidence.length - shown.length;
  const rest = hidden > 0 ? [`and ${counted(hidden, 'more', 'more')}`] : [];
  return [title, ...shown, ...rest, `effect: ${effect}`, `cure: ${cure}`].join('\n');
}

function attribute(text: string): string {
  return text
    .replace(NOT_XML, '\ufffd')
    .replace(/[&<>"\n\r\t]/g, (character) => ESCAPES[character]!);
}

function content(text: string): string {
  return text.replace(NOT_XML, '\ufffd').replace(/[&<>\r]/g, (character) => ESCAPES[character]!);
}
