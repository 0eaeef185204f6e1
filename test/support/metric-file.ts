/**
 * Metric files as plain bytes, in every layout a client ever wrote, for tests that make, grow and
 * damage files themselves. (The demo's MetricFileWriter is the one that writes through a map.)
 */
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';

export type Layout = 'list4-8' | 'dict3-8' | 'dict4-8' | 'dict4-16';

export const valueBytesOf = (layout: Layout): 8 | 16 => (layout === 'dict4-16' ? 16 : 8);

export interface TestEntry {
  /** As the client of the layout stores it. */
  readonly family: string;
  readonly sampleName: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly help?: string;
  readonly value: number;
  readonly timestampSeconds?: number;
}

export function keyOf(layout: Layout, entry: TestEntry): string {
  const { family, sampleName, labels, help = 'help' } = entry;
  const sorted = Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
  switch (layout) {
    case 'list4-8':
      return JSON.stringify([family, sampleName, Object.keys(labels), Object.values(labels)]);
    case 'dict3-8':
      return JSON.stringify([family, sampleName, sorted]);
    default:
      return JSON.stringify([family, sampleName, sorted, help]);
  }
}

/** One entry's bytes; `at` a multiple of 8 makes no difference, so none is asked for. */
export function entryBytes(
  valueBytes: 8 | 16,
  key: string | Buffer,
  value: number,
  timestampSeconds = 0,
): Buffer {
  const text = Buffer.from(key as string);
  const keyEnd = 4 + text.length;
  const padded = keyEnd + 8 - (keyEnd % 8);
  const bytes = Buffer.alloc(padded + valueBytes, ' ');
  bytes.writeInt32LE(text.length, 0);
  text.copy(bytes, 4);
  bytes.writeDoubleLE(value, padded);
  if (valueBytes === 16) bytes.writeDoubleLE(timestampSeconds, padded + 8);
  return bytes;
}

/** A whole file: header, entries, and zeros up to `sizeBytes` at least. */
export function fileBytes(layout: Layout, entries: readonly TestEntry[], sizeBytes = 0): Buffer {
  const valueBytes = valueBytesOf(layout);
  const parts = entries.map((entry) =>
    entryBytes(valueBytes, keyOf(layout, entry), entry.value, entry.timestampSeconds),
  );
  const body = Buffer.concat(parts);
  const bytes = Buffer.alloc(Math.max(8 + body.length, sizeBytes));
  bytes.writeInt32LE(8 + body.length, 0);
  body.copy(bytes, 8);
  return bytes;
}

export function writeMetricFile(
  path: string,
  entries: readonly TestEntry[],
  options: { layout?: Layout; sizeBytes?: number } = {},
): void {
  writeFileSync(path, fileBytes(options.layout ?? 'dict4-16', entries, options.sizeBytes));
}

/** Writes bytes into a file that stays the same file: same inode, same size unless they go beyond. */
export function overwrite(path: string, offset: number, bytes: Buffer): void {
  const fd = openSync(path, 'r+');
  try {
    writeSync(fd, bytes, 0, bytes.length, offset);
  } finally {
    closeSync(fd);
  }
}

export function double(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

/** An entry of a counter. */
export function counter(
  family: string,
  value: number,
  labels: Readonly<Record<string, string>> = {},
): TestEntry {
  return { family, sampleName: `${family}_total`, labels, value };
}

export function gauge(
  family: string,
  value: number,
  timestampSeconds = 0,
  labels: Readonly<Record<string, string>> = {},
): TestEntry {
  return { family, sampleName: family, labels, value, timestampSeconds };
}
