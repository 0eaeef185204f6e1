/**
 * Too many series: by a label, or by the process id. client_python#720, client_python#1033; skypilot#9493 (86 buckets × 500
 * processes).
 */
import { OPERATION } from '../../plan/operation.js';
import { ITEMS_PER_STEP } from '../../steps.js';
import { counted, formatCount } from '../quantity.js';
import type { IndexedFamily } from '../series-structure.js';
import type { Evidence, Looking, Rule } from './finding.js';
import { ofStructure } from './of-structure.js';

/** Label sets of one family. A service with hundreds of routes has fewer. */
export const MANY_LABEL_SETS = 1_000;

/** Values of the label pid in one family: more than the workers of any host. */
export const MANY_PROCESSES = 100;

export const labelCardinality: Rule = {
  code: 'LABEL_CARDINALITY',
  severity: 'warning',
  title: 'families with very many label sets',
  effect:
    'Every process keeps every label set it ever saw: files, memory use and scrapes grow, and remove() and clear() do not help.',
  cure: 'Drop the label, or group its values (route instead of path), and wipe the directory. Until then serve --metrics.drop-label FAMILY:LABEL joins the series.',
  find: ofStructure(function* ({ families }) {
    for (const family of families) {
      const sets = yield* labelSetCount(family);
      if (sets <= MANY_LABEL_SETS) continue;
      yield manyLabelSets(family.name, sets, yield* widestLabel(family));
    }
  }),
};

export const pidExplosion: Rule = {
  code: 'PID_EXPLOSION',
  severity: 'warning',
  title: 'gauges with a series for each of very many processes',
  effect:
    'Modes all and liveall print every series once for each process that ever ran, dead ones included.',
  cure: 'Choose a mode that merges (sum, max, mostrecent and their live forms) and wipe the directory. Until then serve --gauge-mode NAME=max joins the processes.',
  *find({ families }) {
    for (const { name, mode, series } of families) {
      const processes = new Set<string>();
      for (const { processId } of series) {
        if (processId === undefined) break;
        processes.add(processId);
      }
      if (processes.size <= MANY_PROCESSES) continue;
      const { text, family } = manyProcesses(name, series.length, processes.size);
      yield { text: `${text}, mode ${mode}`, family };
    }
  },
};

export function manyLabelSets(
  family: string,
  sets: number,
  widest: WidestLabel | undefined,
): Evidence {
  const by =
    widest === undefined ? '' : `, ${formatCount(widest.values)} values of label ${widest.label}`;
  return { text: `${family}: ${counted(sets, 'label set')}${by}`, family };
}

export function manyProcesses(
  family: string,
  series: number,
  processes: number,
): Evidence & { readonly family: string } {
  const of = counted(processes, 'process', 'processes');
  return { text: `${family}: ${formatCount(series)} series of ${of}`, family };
}

/** The label with the most values. */
export interface WidestLabel {
  readonly label: string;
  readonly values: number;
}

export function widestOf(
  values: ReadonlyMap<string, ReadonlySet<string>>,
): WidestLabel | undefined {
  let widest: WidestLabel | undefined;
  for (const [label, { size }] of values) {
    if (size > (widest?.values ?? 0)) widest = { label, values: size };
  }
  return widest;
}

/** Without the process id; the buckets of a histogram count once. */
function* labelSetCount({ series, rule }: IndexedFamily): Looking<number> {
  if (rule.operation !== OPERATION.last && !rule.hasBuckets && series.length <= MANY_LABEL_SETS)
    return series.length;
  const sets = new Set<string>();
  for (const [i, labelled] of series.entries()) {
    if (i % ITEMS_PER_STEP === 0) yield;
    // A bucket has its bound among its labels. The others are not parsed: there may be a million.
    const { kind, values } = labelled;
    sets.add(rule.hasBuckets ? labelled.shape.labelSet : `${kind.keyNames.join()} ${values}`);
  }
  return sets.size;
}

function* widestLabel({ series }: IndexedFamily): Looking<WidestLabel | undefined> {
  const values = new Map<string, Set<string>>();
  for (const [i, { shape }] of series.entries()) {
    if (i % ITEMS_PER_STEP === 0) yield;
    for (const [name, value] of shape.labels) {
      if (name === 'le') continue;
      const known = values.get(name);
      if (known === undefined) values.set(name, new Set([value]));
      else known.add(value);
    }
  }
  return widestOf(values);
}
