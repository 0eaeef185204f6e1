/**
 * The fault matrix: what can go wrong, as rows. A row is a line of the topic `faults` and a test at once, so
 * that neither can be there without the other; test/readme.test.ts holds the topic to the rows.
 */
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { ROOT } from '../support/paths.js';

export interface Fault {
  /** Names the row and its test. */
  readonly fault: string;
  readonly served: string;
  readonly seen: string;
  readonly cure: string;
  readonly test: (() => Promise<void>) | TestElsewhere;
}

/** A test that was there before the row. */
export interface TestElsewhere {
  /** From the root of the tree. */
  readonly file: string;
  readonly title: string;
}

/** The rows as tests of the suite that is being described. */
export function itSurvives(faults: readonly Fault[]): void {
  for (const { fault, test } of faults) {
    it(fault, async () => {
      if (typeof test === 'function') return test();
      const source = readFileSync(`${ROOT}/${test.file}`, 'utf8');
      if (!source.includes(test.title)) throw new Error(`${test.file} has no '${test.title}'`);
    });
  }
}

/** The table of the topic, as Markdown. */
export function faultsTable(faults: readonly Fault[]): string {
  const rows = faults.map(
    ({ fault, served, seen, cure }) => `| ${fault} | ${served} | ${seen} | ${cure} |`,
  );
  return ['| fault | served | seen | cure |', '|---|---|---|---|', ...rows].join('\n');
}
