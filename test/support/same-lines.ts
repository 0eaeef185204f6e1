/** Compares two expositions whatever their order, and shows only what differs. */
import assert from 'node:assert/strict';
import { sortedLines } from './exposition.js';

const MOST = 12;

/** @param told where this happened; part of the failure's message */
export function assertSameLines(said: string, meant: string, told: string): void {
  if (said === meant) return;
  const [got, want] = [sortedLines(said), sortedLines(meant)];
  const extra = without(got, want).map((line) => `  said:  ${line.slice(0, 200)}`);
  const missing = without(want, got).map((line) => `  meant: ${line.slice(0, 200)}`);
  if (extra.length + missing.length === 0) return;
  const lines = [...extra.slice(0, MOST), ...missing.slice(0, MOST)];
  assert.fail(
    `${told}: ${extra.length} lines too many, ${missing.length} missing\n${lines.join('\n')}`,
  );
}

/** Multiset difference. */
function without(lines: readonly string[], others: readonly string[]): string[] {
  const count = new Map<string, number>();
  for (const line of others) count.set(line, (count.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const left = count.get(line) ?? 0;
    count.set(line, left - 1);
    return left <= 0;
  });
}
