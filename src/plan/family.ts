/**
 * A metric family as the files define it now, and its series.
 *
 * Type and help come from the first file that has the family, the gauge mode from the last one
 * (`reference.md` E3, H1). Both can change when files come and go; a change of the rule gives every
 * series of the family a new slot.
 */
import type { FileName, MetricType } from '../format/filename.js';
import { familyOf, type Key } from '../format/key.js';
import type { LaidOutFamily } from './layout.js';
import { type MergeRule, mergeRule, sameRule } from './operation.js';
import type { Series } from './series.js';

export class Family {
  readonly name: string;
  /** Ids of the keys that name the family. */
  readonly keyIds: number[] = [];
  /** By SeriesShape.identity, of the process where it counts, else of none. */
  readonly #series = new Map<string | undefined, Map<string, Series>>();
  /** As printed, but for escaping; the name, or what familyOf makes of it. */
  exposedName: string;
  type: MetricType = 'unknown';
  help = '';
  bare = false;
  rule: MergeRule = mergeRule('unknown', undefined);
  /** Place in the output: rank of the first file that has it, then entry; rank < 0: no file has it. */
  firstRank = -1;
  firstEntry = 0;
  /** What the files disagree about, as a phrase. */
  conflict: string | undefined;
  /**
   * An application's own label `pid` was overwritten, or one that is added was there already: two
   * series may print the same line.
   */
  mayRepeat = false;
  /** A series has a label of the name that the source's label has. */
  hasSourceLabel = false;
  /** The last layout; replaced, never changed, so that what is made of it can be cached by it. */
  laidOut: LaidOutFamily | undefined;

  constructor(name: string) {
    this.name = name;
    this.exposedName = name;
  }

  /** The series of a process, or those that no process id tells apart. By SeriesShape.identity. */
  seriesOf(processId: string | undefined): Map<string, Series> {
    let series = this.#series.get(processId);
    if (series === undefined) {
      series = new Map();
      this.#series.set(processId, series);
    }
    return series;
  }

  /** Forgets all series, for a new rule. @returns whether there were any */
  dropSeries(): boolean {
    const had = this.#series.size > 0;
    this.#series.clear();
    this.hasSourceLabel = false;
    this.laidOut = undefined;
    return had;
  }

  /**
   * Takes type, help and mode from the files that decide them.
   *
   * @returns whether the merge rule changed, so that the family needs new slots
   */
  define(first: FileName, firstKey: Key, lastGauge: FileName | undefined): boolean {
    this.exposedName = familyOf(firstKey, first.type);
    this.type = first.type;
    this.help = firstKey.help;
    this.bare = firstKey.bare && first.type === 'counter';
    const rule = mergeRule(first.type, lastGauge?.mode);
    if (sameRule(rule, this.rule)) return false;
    this.rule = rule;
    return true;
  }
}
