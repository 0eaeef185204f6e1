/**
 * Which series `name[]` asks for.
 *
 * The name of a family selects the whole family, a sample name the series of that name. Both may be
 * written as the application wrote them or as the exposition prints them, so that every name on a page
 * can be asked for. prometheus_client knows sample names only, and with the documented set-up none at
 * all (`src/reference.md` J7, N7).
 */
import type { Dialect } from './dialect.js';
import { escapeMetricName, forceMetricName } from './escaping.js';
import type { ExposedFamily } from './family.js';
import { FORMAT } from './formats.js';

/** @returns indexes into family.series in their order, or `undefined` when the family is not wanted */
export function selectSeries(
  dialect: Dialect,
  family: ExposedFamily,
  wanted: ReadonlySet<string>,
): number[] | undefined {
  const isWanted = (name: string) =>
    spellings(name, dialect).some((spelling) => wanted.has(spelling));

  if (isWanted(family.name) || isWanted(FORMAT[dialect.format].familyName(family))) {
    return family.series.map((_, i) => i);
  }

  const wantedSample = new Map<string, boolean>();
  const selected: number[] = [];
  for (const [i, { sampleName }] of family.series.entries()) {
    let isIn = wantedSample.get(sampleName);
    if (isIn === undefined) {
      isIn = isWanted(sampleName);
      wantedSample.set(sampleName, isIn);
    }
    if (isIn) selected.push(i);
  }
  return selected.length > 0 ? selected : undefined;
}

/** As stored, in this dialect, in underscores (which Prometheus stores by default), and renamed. */
function spellings(name: string, { escaping }: Dialect): string[] {
  return [
    name,
    escapeMetricName(name, escaping),
    escapeMetricName(name, 'underscores'),
    forceMetricName(name),
  ];
}
