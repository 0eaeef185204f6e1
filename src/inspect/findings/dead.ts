/**
 * What dead processes, earlier processes and an earlier boot left behind. `src/reference.md` C7, C12; client_python#495,
 * client_python#566.
 */
import { joinColumns, joinValues } from '../../plan/join.js';
import type { Series } from '../../plan/series.js';
import { hasEarlierProcess } from '../processes.js';
import { formatCount, formatValue } from '../quantity.js';
import type { ReadFile } from '../reading.js';
import type { Parts } from '../series-index.js';
import { seriesName } from '../series-name.js';
import type { IndexedFamily } from '../series-structure.js';
import type { Evidence, Rule } from './finding.js';
import type { Subject } from './subject.js';

export const deadLiveGauge: Rule = {
  code: 'DEAD_LIVE_GAUGE',
  severity: 'warning',
  title: 'live gauges of dead processes',
  effect:
    'Gauges of the live… modes still count processes that are gone: mark_process_dead was not called for them.',
  cure: 'Call prometheus_client.multiprocess.mark_process_dead(pid) when a worker dies (gunicorn: child_exit), or remove their gauge_live*.db.',
  *find(subject) {
    if (!subject.hasDead) return;
    for (const family of subject.families) {
      if (!family.mode?.startsWith('live')) continue;
      yield* changeWithout(
        subject,
        family,
        (rank) => isLiveFile(subject.files[rank]!) && subject.isDead(rank),
      );
    }
  },
};

export const deadAllGauge: Rule = {
  code: 'DEAD_ALL_GAUGE',
  severity: 'warning',
  title: 'gauges of mode all from dead processes',
  effect:
    'Each dead process keeps its series, with the last value it set, for ever; mark_process_dead does not remove them.',
  cure: 'Use mode liveall or mostrecent for gauges that only matter while the process lives, and wipe the directory at each start.',
  *find(subject) {
    if (!subject.hasDead) return;
    for (const { name, mode, rule, series: allSeries } of subject.families) {
      if (mode === undefined || mode.startsWith('live') || rule.dropsPid) continue;
      const dead = allSeries.filter((series) => isOfAll(subject.partsOf(series), subject.isDead));
      if (dead.length === 0) continue;
      const [{ sampleName, labels }] = dead as [Series, ...Series[]];
      const example = seriesName(sampleName, labels);
      yield {
        text: `${name}: ${formatCount(dead.length)} of ${formatCount(allSeries.length)} series are of dead processes, such as ${example}`,
        family: name,
      };
    }
  },
};

export const previousLife: Rule = {
  code: 'PREVIOUS_LIFE',
  severity: 'warning',
  title: 'values of an earlier process with the same id',
  effect:
    'A restarted container gets the same pids and continues the old files: gauges show what the earlier process set, counters continue from its values.',
  cure: 'Wipe the directory before the application starts.',
  *find({ reading }) {
    for (const file of reading.files) {
      const { fileName, name } = file;
      const writer = fileName && reading.writers.get(fileName.processId);
      if (writer === undefined || !hasEarlierProcess(file, writer)) continue;
      const what = writer.abandoned?.includes(file.identity)
        ? 'is not written by the process that has its id now'
        : 'has values set before its process began';
      yield { text: `${name}: ${what}`, file: name, processId: writer.processId };
    }
  },
};

export const beforeBoot: Rule = {
  code: 'BEFORE_BOOT',
  severity: 'warning',
  title: 'files from before the last boot',
  effect:
    'Their processes are gone, yet their counters and gauges are in every sum, and a new process may get the same id.',
  cure: 'Wipe the directory before the application starts, or keep it on a tmpfs (/run, /dev/shm).',
  *find(subject) {
    const { bootSeconds, files } = subject.reading;
    if (bootSeconds === undefined) return;
    for (const file of files) {
      const { fileName, changedSeconds, modifiedSeconds } = file;
      if (fileName === undefined || changedSeconds === undefined) continue;
      const youngest = Math.max(changedSeconds, modifiedSeconds ?? 0);
      if (youngest >= bootSeconds || subject.livenessOf(file) === 'alive') continue;
      yield { text: `${file.name}: last changed before boot`, file: file.name };
    }
  },
};

/** Series of a family that would have another value without some parts, most changed first. */
function* changeWithout(
  { partsOf }: Subject,
  { name, mode, rule, series: allSeries }: IndexedFamily,
  isRemoved: (rank: number) => boolean,
): IterableIterator<Evidence> {
  let changed = 0;
  let example = '';
  let largest = -1;
  for (const series of allSeries) {
    const parts = partsOf(series);
    if (isOfAll(parts, (rank) => !isRemoved(rank))) continue;
    const rest = parts.ofFiles((rank) => !isRemoved(rank));
    changed++;
    const before = joinColumns(rule.operation, parts).value;
    const after = joinValues(rule.operation, rest).value;
    const change = Math.abs((before ?? 0) - (after ?? 0));
    if (change <= largest) continue;
    largest = change;
    example = `${seriesName(series.sampleName, series.labels)} ${shown(before)}, ${after === undefined ? 'none' : shown(after)} without them`;
  }
  if (changed === 0) return;
  const more = changed === 1 ? '' : ` (and ${formatCount(changed - 1)} more series)`;
  yield { text: `${example}${more}, mode ${mode}`, family: name };
}

function shown(value: number | undefined): string {
  return value === undefined ? 'no value' : formatValue(value);
}

/** Whether all parts are of such files. */
function isOfAll(parts: Parts, isMeant: (rank: number) => boolean): boolean {
  for (let i = 0; i < parts.length; i++) if (!isMeant(parts.rankAt(i))) return false;
  return true;
}

/** What mark_process_dead removes: gauge_live*_PID.db. */
function isLiveFile({ fileName }: ReadFile): boolean {
  return fileName?.mode?.startsWith('live') === true;
}
