/**
 * Files that disagree about a family, and series that become one.
 * `src/reference.md` E2, E3, E8, G, H1; client_python#1043.
 */
import { formatCount } from '../quantity.js';
import type { ReadFile } from '../reading.js';
import type { IndexedFamily } from '../series-index.js';
import { seriesName } from '../series-name.js';
import type { Evidence, Rule } from './finding.js';

export const typeConflict: Rule = {
  code: 'TYPE_CONFLICT',
  severity: 'error',
  title: 'one family with several types',
  effect:
    'All values are merged by the rules of the first type, which is wrong for values of the other types.',
  cure: 'Rename one of the metrics; after an upgrade that changed the type, wipe the directory.',
  find: ({ families }) => disagreements(families, 'types', (text) => text),
};

export const modeConflict: Rule = {
  code: 'MODE_CONFLICT',
  severity: 'error',
  title: 'one gauge with several modes',
  effect:
    'The mode of the last file in name order applies to all values, including those of other modes.',
  cure: 'Define the gauge with one mode everywhere; after an upgrade that changed it, wipe the directory.',
  find: ({ families }) => disagreements(families, 'modes', (text) => `mode ${text}`),
};

export const helpConflict: Rule = {
  code: 'HELP_CONFLICT',
  severity: 'info',
  title: 'one family with several help texts',
  effect:
    'The help of the first file is printed; the numbers are right. Two versions of the application share the directory.',
  cure: 'Define the metric in one place; wipe the directory between releases.',
  find: ({ families }) => disagreements(families, 'helps', (text) => JSON.stringify(text)),
};

/** One piece of evidence for each family with a disagreement. */
function* disagreements(
  families: readonly IndexedFamily[],
  about: 'types' | 'modes' | 'helps',
  show: (text: string) => string,
): IterableIterator<Evidence> {
  for (const family of families) {
    const said: ReadonlyMap<string, ReadFile> = family[about];
    if (said.size < 2) continue;
    const ways = [...said].map(([text, file]) => `${show(text)} in ${file.name}`);
    yield { text: `${family.name}: ${ways.join(', ')}`, family: family.name };
  }
}

export const bucketConflict: Rule = {
  code: 'BUCKET_CONFLICT',
  severity: 'warning',
  title: 'one histogram with several sets of buckets',
  effect: 'A bucket that some files lack counts only the other files, so quantiles are wrong.',
  cure: 'Define the buckets in one place; after an upgrade that changed them, wipe the directory.',
  *find({ families, partsOf }) {
    for (const { name, rule, series: allSeries } of families) {
      if (!rule.hasBuckets) continue;
      // Which files have a bucket, by label set and bound: a file that has the label set has all of its buckets.
      const sets = new Map<string, Map<ReadFile, Set<number>>>();
      for (const series of allSeries) {
        const { shape } = series;
        if (shape.bound === undefined) continue;
        const files = sets.get(shape.labelSet) ?? new Map<ReadFile, Set<number>>();
        sets.set(shape.labelSet, files);
        for (const { file } of partsOf(series)) {
          const bounds = files.get(file);
          if (bounds === undefined) files.set(file, new Set([shape.bound]));
          else bounds.add(shape.bound);
        }
      }
      const odd = [...sets.values()].map(oddPair).find((pair) => pair !== undefined);
      if (odd === undefined) continue;
      const [a, b] = odd;
      yield {
        text: `${name}: ${boundsText(a[1])} in ${a[0].name}, ${boundsText(b[1])} in ${b[0].name}`,
        family: name,
      };
    }
  },
};

/** Two files whose buckets of one label set differ. */
function oddPair(
  files: ReadonlyMap<ReadFile, ReadonlySet<number>>,
): [[ReadFile, ReadonlySet<number>], [ReadFile, ReadonlySet<number>]] | undefined {
  const [first, ...others] = files;
  const other = others.find(
    ([, bounds]) => bounds.size !== first![1].size || [...bounds].some((le) => !first![1].has(le)),
  );
  return other === undefined ? undefined : [first!, other];
}

function boundsText(bounds: ReadonlySet<number>): string {
  const sorted = [...bounds].sort((a, b) => a - b);
  const shown = sorted.slice(0, 4).map((bound) => (bound === Infinity ? '+Inf' : String(bound)));
  return `${bounds.size} buckets (${shown.join(' ')}${sorted.length > 4 ? ' …' : ''})`;
}

export const identicalSeries: Rule = {
  code: 'IDENTICAL_SERIES',
  severity: 'error',
  title: 'series that become identical',
  effect:
    'They differ only in a label pid of the application, which the process id overwrites. promfold prints only the last one; prometheus_client prints all, and Prometheus drops the duplicates.',
  cure: 'Rename the label.',
  *find({ families }) {
    for (const { name, identical } of families) {
      const last = identical.at(-1);
      if (last === undefined) continue;
      const example = seriesName(last.sampleName, last.labels);
      yield {
        text: `${name}: ${formatCount(identical.length)} series, such as ${example}`,
        family: name,
      };
    }
  },
};
