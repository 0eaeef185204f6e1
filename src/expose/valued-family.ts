/**
 * Families that come with their numbers: promfold's own, and others that no metric file holds. They are
 * few, are made anew for each scrape, and are printed like all others.
 *
 * From one scrape to the next their numbers change, but their series rarely do, so the text around the
 * numbers is cached (60 µs for promfold's own where nothing else runs, 150 µs after a large scrape).
 */

import type { Labels } from '../format/key.js';
import { Memo } from '../memo.js';
import type { Dialect } from './dialect.js';
import type { ExposedFamily, ExposedSeries } from './family.js';
import { selectSeries } from './select.js';
import { collidingFamilies, familyBlocks } from './template.js';

export interface ValuedFamily extends ExposedFamily {
  /** value[i] follows the blank of series[i]: the number as it is printed. */
  readonly value: readonly string[];
}

/**
 * @param existing families that are printed already. None of `families` has the name of one of them before escaping; one
 *   that has it after escaping is renamed. The pieces are cached by this array, which must not change.
 * @param wanted `name[]`; absent for all
 */
export function printFamilies(
  dialect: Dialect,
  families: readonly ValuedFamily[],
  existing: readonly ExposedFamily[],
  wanted?: ReadonlySet<string>,
): string {
  let text = '';
  for (const { before, family, series } of piecesOf(dialect, families, existing, wanted)) {
    text += before;
    if (series < 0) continue;
    text += `${families[family]!.value[series]!}\n`;
  }
  return text;
}

/** Text, and the number that follows it: that of families[family].series[series], or none where that is -1. */
interface Piece {
  readonly before: string;
  readonly family: number;
  readonly series: number;
}

interface Kept {
  readonly families: readonly ExposedFamily[];
  readonly pieces: readonly Piece[];
}

/** By the existing families, then by dialect: the families printed last. */
const keptByExisting = new Memo<readonly ExposedFamily[], Map<string, Kept>>();

function piecesOf(
  dialect: Dialect,
  families: readonly ExposedFamily[],
  existing: readonly ExposedFamily[],
  wanted: ReadonlySet<string> | undefined,
): readonly Piece[] {
  if (wanted !== undefined) return makePieces(dialect, families, existing, wanted);
  const kept = keptByExisting.get(existing, () => new Map());
  const key = `${dialect.format} ${dialect.escaping}`;
  const last = kept.get(key);
  if (last !== undefined && areAlike(last.families, families)) return last.pieces;
  const pieces = makePieces(dialect, families, existing, undefined);
  kept.set(key, { families, pieces });
  return pieces;
}

function makePieces(
  dialect: Dialect,
  families: readonly ExposedFamily[],
  existing: readonly ExposedFamily[],
  wanted: ReadonlySet<string> | undefined,
): Piece[] {
  const renamed = collidingFamilies(dialect, families, existing);
  const pieces: Piece[] = [];
  for (const [family, exposed] of families.entries()) {
    const selected = wanted && selectSeries(dialect, exposed, wanted);
    if (wanted !== undefined && selected === undefined) continue;
    const chosen = selected?.map((i) => exposed.series[i]!);
    const shown = chosen === undefined ? exposed : { ...exposed, series: chosen };
    for (const { header, seriesIndex, lineOf } of familyBlocks(
      dialect,
      shown,
      renamed.has(family),
    )) {
      pieces.push({ before: header, family, series: -1 });
      for (const at of seriesIndex) {
        pieces.push({ before: lineOf(at), family, series: selected?.[at] ?? at });
      }
    }
  }
  return pieces;
}

/** Whether the text around the numbers is the same. */
function areAlike(a: readonly ExposedFamily[], b: readonly ExposedFamily[]): boolean {
  return a.length === b.length && a.every((family, i) => family === b[i] || isAlike(family, b[i]!));
}

function isAlike(a: ExposedFamily, b: ExposedFamily): boolean {
  return (
    a.name === b.name &&
    a.type === b.type &&
    a.help === b.help &&
    a.keepsRawName === b.keepsRawName &&
    areSeriesAlike(a.series, b.series)
  );
}

function areSeriesAlike(a: readonly ExposedSeries[], b: readonly ExposedSeries[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ sampleName, labels }, i) => {
      const other = b[i]!;
      return sampleName === other.sampleName && areLabelsAlike(labels, other.labels);
    })
  );
}

function areLabelsAlike(a: Labels, b: Labels): boolean {
  if (a === b) return true;
  return (
    a.length === b.length && a.every(([name, value], i) => name === b[i]![0] && value === b[i]![1])
  );
}
