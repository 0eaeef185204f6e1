/**
 * Makes stack traces of uncaught errors name lines of src/, not of the bundle. Node can do that (--enable-source-maps),
 * but reads all source maps at each start; here they are read when there is a stack to print.
 */
import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { resolve } from 'node:path';

/** Node prints the stack after this. */
process.on('uncaughtExceptionMonitor', (error) => {
  if (typeof error?.stack === 'string') error.stack = readable(error.stack);
});

function readable(stack: string): string {
  const maps = new Map<string, SourceMap | undefined>();
  return stack.replace(/(\/[^\s()]+\.js):(\d+):(\d+)/g, (place, file: string, line, column) => {
    if (!maps.has(file)) maps.set(file, mapOf(file));
    const found = maps.get(file)?.findEntry(Number(line) - 1, Number(column) - 1);
    if (found === undefined || !('originalSource' in found)) return place;
    const source = resolve(file, '..', found.originalSource);
    return `${source}:${found.originalLine + 1}:${found.originalColumn + 1}`;
  });
}

function mapOf(file: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')));
  } catch {
    // A place without a map stays as it is.
    return undefined;
  }
}
