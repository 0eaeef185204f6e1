/** The view of one process: as in `ls`, with its files, and its gauges with their ages. */
import { viewEntries } from './entries.js';
import { type List, listOf } from './list.js';
import { type FileView, type ProcessView, viewFiles, viewProcesses } from './processes.js';
import type { Reading } from './reading.js';

export interface GaugeView {
  readonly series: string;
  readonly family: string;
  readonly mode: string;
  /** Of this process alone. */
  readonly value: number;
  /** When it was set; undefined if the file does not have the time: only `mostrecent` modes do. */
  readonly setSeconds: number | undefined;
  readonly ageSeconds: number | undefined;
  /** Whether it was set before the process started. */
  readonly previousLife: boolean;
  readonly file: string;
}

export interface OneProcess {
  readonly path: string;
  readonly takenAtSeconds: number;
  readonly process: ProcessView;
  readonly files: readonly FileView[];
  /** In file order. */
  readonly gauges: List<GaugeView>;
}

/** @returns undefined if no file is of this process */
export function viewProcess(reading: Reading, processId: string): OneProcess | undefined {
  const files = reading.files.filter(({ fileName }) => fileName?.processId === processId);
  const own: Reading = { ...reading, files };
  const [process] = viewProcesses(own).processes;
  if (process === undefined) return undefined;
  return {
    path: reading.path,
    takenAtSeconds: reading.takenAtSeconds,
    process,
    files: viewFiles(own),
    gauges: gaugesOf(own),
  };
}

/** Of undamaged files, and without entries that have no usable key. */
function gaugesOf(own: Reading): List<GaugeView> {
  const files = own.files.filter(
    ({ fileName, fault }) => fileName?.type === 'gauge' && fault === undefined,
  );
  const views = viewEntries({ ...own, files }, undefined, 0).files;
  const places = views.flatMap(({ entries }, at) => {
    const indexes: [file: number, entry: number][] = [];
    let i = 0;
    for (const { series } of entries) {
      if (series !== undefined) indexes.push([at, i]);
      i++;
    }
    return indexes;
  });
  return listOf(places.length, (i) => {
    const [at, entry] = places[i]!;
    const { file, mode, entries } = views[at]!;
    const { series, family, value, setSeconds, ageSeconds, previousLife } = entries.at(entry)!;
    return {
      series: series!,
      family: family!,
      mode: mode!,
      value,
      setSeconds,
      ageSeconds,
      previousLife,
      file,
    };
  });
}
