/**
 * A metric family as the files define it now, and its series.
 *
 * Type and help come from the first file that has the family, the gauge mode from the last one
 * (`src/reference.md` E3, H1). Both can change when files come and go; a change of the rule gives every
 * series of the family a new slot.
 */
import type { FileName, MetricType } from '../format/filename.js';
import { familyOf, type Key } from '../format/key.js';
import { type AddedLabels, overlaps } from './added-labels.js';
import type { LaidOutFamily } from './laid-out-family.js';
import { type MergeRule, mergeRule, sameRule } from './operation.js';
import { SeriesKind, type SeriesShape } from './series.js';
import { ruleFor, type SeriesRules } from './series-rules.js';

export class Family {
  readonly name: string;
  readonly losesPid: boolean;
  /** By what the series of one kind have in common. */
  readonly #kinds = new Map<string, SeriesKind>();
  /** That of the last series: the next one usually has the same. */
  #lastKind: SeriesKind | undefined;
  #hasProcess = false;
  #definedBy: { type: MetricType; keyId: number; mode: string | undefined } | undefined;
  /** As printed, but for escaping; the name, or what familyOf makes of it. */
  exposedName: string;
  type: MetricType = 'unknown';
  help = '';
  keepsRawName = false;
  rule: MergeRule = mergeRule('unknown', undefined);
  /** Place in the output: rank of the first file that has it, then entry; rank < 0: no file has it. */
  firstRank = -1;
  firstEntry = 0;
  /** What the files disagree about, as a phrase. */
  conflict: string | undefined;
  /**
   * An application's own label `pid` was overwritten, or a series had one of the added labels: two
   * series may print the same line.
   */
  mayRepeat = false;
  /** A series has a label with the name of the source label. */
  hasSourceLabel = false;
  /** What the operator asked for and is not done, and why, as phrases. */
  refused: readonly string[] = [];
  /** The last layout; replaced, never changed, so that what is made of it can be cached by it. */
  laidOut: LaidOutFamily | undefined;

  /** @param losesPid its gauges of mode `all` get another mode: a file has no series of its own */
  constructor(name: string, losesPid: boolean) {
    this.name = name;
    this.losesPid = losesPid;
    this.exposedName = name;
  }

  /** The kind of a series. @param hasProcess the process id is part of its identity */
  kindOf(shape: SeriesShape, hasProcess: boolean, added: AddedLabels): SeriesKind {
    const last = this.#lastKind;
    if (last !== undefined && this.#hasProcess === hasProcess && isOfKind(shape, last)) return last;
    const names = shape.labels.map(([name]) => name);
    const key = JSON.stringify([hasProcess, shape.bound !== undefined, shape.sampleName, names]);
    let kind = this.#kinds.get(key);
    if (kind === undefined) {
      kind = new SeriesKind(shape, hasProcess, added);
      this.#kinds.set(key, kind);
      const printed = hasProcess ? [...names, 'pid'] : names;
      this.mayRepeat ||= (hasProcess && names.includes('pid')) || overlaps(added, printed);
      this.hasSourceLabel ||= added.source !== undefined && printed.includes(added.source[0]);
    }
    this.#lastKind = kind;
    this.#hasProcess = hasProcess;
    return kind;
  }

  /** Forgets all series, for a new rule. @returns whether there were any */
  dropSeries(): boolean {
    const had = this.#kinds.size > 0;
    this.#kinds.clear();
    this.#lastKind = undefined;
    this.hasSourceLabel = false;
    this.laidOut = undefined;
    return had;
  }

  /** Whether define() was last called with the same arguments. The key of an id never changes. */
  isDefinedBy(first: FileName, firstKeyId: number, lastGauge: FileName | undefined): boolean {
    const by = this.#definedBy;
    return by?.type === first.type && by.keyId === firstKeyId && by.mode === lastGauge?.mode;
  }

  /**
   * Takes type, help and mode from the files that decide them.
   *
   * @returns whether the merge rule changed, so that the family needs new slots
   */
  define(
    first: FileName,
    firstKeyId: number,
    firstKey: Key,
    lastGauge: FileName | undefined,
    rules: SeriesRules,
  ): boolean {
    this.#definedBy = { type: first.type, keyId: firstKeyId, mode: lastGauge?.mode };
    this.exposedName = familyOf(firstKey, first.type);
    this.type = first.type;
    this.help = firstKey.help;
    this.keepsRawName = firstKey.keepsRawName && first.type === 'counter';
    const names = { stored: this.name, exposed: this.exposedName, type: first.type };
    const { rule, refused } = ruleFor(rules, names, lastGauge?.mode);
    this.refused = refused;
    if (sameRule(rule, this.rule)) return false;
    this.rule = rule;
    return true;
  }
}

function isOfKind({ sampleName, labels, bound }: SeriesShape, kind: SeriesKind): boolean {
  return (
    sampleName === kind.sampleName &&
    (bound !== undefined) === kind.isBucket &&
    labels.length === kind.keyNames.length &&
    labels.every(([name], i) => name === kind.keyNames[i])
  );
}
