/**
 * Files that disagree about a family, and series that become one.
 * `src/reference.md` E2, E3, E8, G, H1; client_python#1043.
 */
import { formatCount } from '../quantity.js';
import type { ReadFile } from '../reading.js';
import type { Parts } from '../series-index.js';
import { seriesName } from '../series-name.js';
import type { IndexedFamily } from '../series-structure.js';
import type { Evidence, Rule } from './finding.js';
import { ofStructure } from './of-structure.js';
import type { Subject } from './subject.js';

export const typeConflict: Rule = {
  code: 'TYPE_CONFLICT',
  severity: 'error',
  title: 'one family with several types',
  effect:
    'All values are merged by the rules of the first type, which is wrong for values of the other types.',
  cure: 'Rename one of the metrics; after an upgrade that changed the type, wipe the directory.',
  find: (subject) => disagreements(subject, 'types', (text) => text),
};

export const modeConflict: Rule = {
  code: 'MODE_CONFLICT',
  severity: 'error',
  title: 'one gauge with several modes',
  effect:
    'The mode of the last file in name order applies to all values, including those of other modes.',
  cure: 'Define the gauge with one mode everywhere; after an upgrade that changed it, wipe the directory.',
  find: (subject) => disagreements(subject, 'modes', (text) => `mode ${text}`),
};

export const helpConflict: Rule = {
  code: 'HELP_CONFLICT',
  severity: 'info',
  title: 'one family with several help texts',
  effect:
    'The help of the first file is printed; the numbers are right. Two versions of the application share the directory.',
  cure: 'Define the metric in one place; wipe the directory between releases.',
  find: (subject) => disagreements(subject, 'helps', (text) => JSON.stringify(text)),
};

/** One piece of evidence for each family with a disagreement. */
function* disagreements(
  { families, files }: Subject,
  about: 'types' | 'modes' | 'helps',
  show: (text: string) => string,
): IterableIterator<Evidence> {
  for (const family of families) {
    const said: ReadonlyMap<string, number> = family[about];
    if (said.size < 2) continue;
    const ways = [...said].map(([text, rank]) => `${show(text)} in ${files[rank]!.name}`);
    yield { text: `${family.name}: ${ways.join(', ')}`, family: family.name };
  }
}

export const bucketConflict: Rule = {
  code: 'BUCKET_CONFLICT',
  severity: 'warning',
  title: 'one histogram with several sets of buckets',
  effect: 'A bucket that some files lack counts only the other files, so quantiles are wrong.',
  cure: 'Define the buckets in one place; after an upgrade that changed them, wipe the directory.',
  find: ofStructure(function* ({ families, partsOf }) {
    for (const family of families) {
      if (!family.rule.hasBuckets) continue;
      const odd = oddPairOf(family, partsOf);
      if (odd === undefined) continue;
      const [a, b] = odd;
      yield {
        text: `${family.name}: ${boundsText(a[1])} in ${a[0].name}, ${boundsText(b[1])} in ${b[0].name}`,
        family: family.name,
      };
    }
  }),
};

/** Which bounds a file has. */
type FileBounds = [file: ReadFile, bounds: ReadonlySet<number>];

interface Bucket {
  readonly bound: number;
  readonly parts: Parts;
}

/** Two files whose buckets of one label set differ: a file that has the label set should have all of its buckets. */
function oddPairOf(
  { series: allSeries }: IndexedFamily,
  partsOf: Subject['partsOf'],
): [FileBounds, FileBounds] | undefined {
  const sets = new Map<string, Bucket[]>();
  for (const series of allSeries) {
    const { bound, labelSet } = series.shape;
    if (bound === undefined) continue;
    const bucket = { bound, parts: partsOf(series) };
    const buckets = sets.get(labelSet);
    if (buckets === undefined) sets.set(labelSet, [bucket]);
    else buckets.push(bucket);
  }
  for (const buckets of sets.values()) {
    const [first, ...others] = buckets as [Bucket, ...Bucket[]];
    if (others.every(({ parts }) => areOfSameFiles(parts, first.parts))) continue;
    const odd = oddPair(buckets);
    if (odd !== undefined) return odd;
  }
  return undefined;
}

function areOfSameFiles(a: Parts, b: Parts): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a.rankAt(i) !== b.rankAt(i)) return false;
  return true;
}

/** The first file of a label set, and the first one whose buckets differ. */
function oddPair(buckets: readonly Bucket[]): [FileBounds, FileBounds] | undefined {
  const files = new Map<ReadFile, Set<number>>();
  for (const { bound, parts } of buckets) {
    for (let i = 0; i < parts.length; i++) {
      const file = parts.fileAt(i);
      const bounds = files.get(file);
      if (bounds === undefined) files.set(file, new Set([bound]));
      else bounds.add(bound);
    }
  }
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
