/** The drawing in src/README.md, "What crosses to C++", against the calls of a cold and of a warm scrape. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { FileSet } from '../src/native.js';
import { LivePlan } from '../src/scrape/directory/live-plan.js';
import { pageOf } from '../src/scrape/page/page-templates.js';
import { atOnce } from '../src/steps.js';
import { TEXT } from './support/dialect.js';
import { counter, writeMetricFile } from './support/metric-file.js';
import { ROOT } from './support/paths.js';
import { tempDirectory } from './support/temp.js';

/** Read by a KeyReader, which has the addon's own object; the other two are not methods of a file set. */
const NOT_RECORDED = ['keyTexts', 'createTemplate', 'createPage'];

/** Setters of options, and counts for the self-metrics. */
const BESIDE = ['setLimits', 'counts', 'setMinTimestamps'];

function drawn(): string[] {
  const [, section = ''] = readFileSync(`${ROOT}/src/README.md`, 'utf8').split('### What crosses');
  const [, drawing = ''] = section.split('```');
  return [...drawing.matchAll(/(\w+)\([^)]*\)/g)].map(([, name]) => name!);
}

/** Has `live` call its file set through a recorder. @returns the calls from now on, in order */
function recorded(live: LivePlan): string[] {
  const calls: string[] = [];
  const { set } = live.files;
  const recorder = new Proxy(set, {
    get(of, name: keyof FileSet & string) {
      return (...args: unknown[]) => {
        if (!BESIDE.includes(name)) calls.push(name);
        return (of[name] as (...args: unknown[]) => unknown).apply(of, args);
      };
    },
  });
  Object.defineProperty(live.files, 'set', { value: recorder });
  return calls;
}

describe('what crosses to C++', () => {
  it('is drawn in the order of a cold scrape, and a warm one is the first call alone', async () => {
    const directory = tempDirectory();
    writeMetricFile(join(directory, 'counter_1.db'), [counter('jobs', 1)]);
    const live = new LivePlan(directory, 10);
    try {
      const calls = recorded(live);
      await live.update();
      const { page } = atOnce(pageOf(live.layout, { dialect: TEXT }));
      const printing = { pages: [page], tail: 0, onlyWhatIsPrinted: false, partEnds: false };
      await live.files.set.collect(printing);
      assert.deepEqual(
        calls,
        drawn().filter((name) => !NOT_RECORDED.includes(name)),
      );

      // A directory that was written just now is listed again, until its times can be trusted.
      calls.length = 0;
      for (;;) {
        if ((await live.update(printing)) !== undefined) break;
        calls.length = 0;
      }
      assert.deepEqual(calls, ['refreshAsListed']);
    } finally {
      live.close();
    }
  });

  it('is drawn whole', () => {
    const names = drawn();
    for (const name of NOT_RECORDED) assert.ok(names.includes(name), name);
    assert.ok(names.indexOf('keyTexts') > names.indexOf('refresh'));
    assert.ok(names.indexOf('keyTexts') < names.indexOf('survey'));
  });
});
