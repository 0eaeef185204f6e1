/**
 * A family in the Prometheus text formats, 0.0.4 and 1.0.0, which differ in escaping only.
 *
 * They know fewer types than OpenMetrics, and have no place for its `_created`, `_gsum` and `_gcount`
 * samples: these become gauges of their own, after the family.
 *
 * Source: exposition.py, generate_latest; `src/reference.md` H4, H5.
 */
import type { MetricType } from '../format/filename.js';
import type { Dialect } from './dialect.js';
import { escapeHelp, escapeMetricName, forceMetricName } from './escaping.js';
import type { ExposedFamily, FamilyBlock, FamilyHead } from './family.js';
import { familyLines } from './family-lines.js';
import { textFamilyName } from './family-name.js';

const TEXT_TYPE: Readonly<Record<MetricType, string>> = {
  counter: 'counter',
  gauge: 'gauge',
  histogram: 'histogram',
  summary: 'summary',
  info: 'gauge',
  stateset: 'gauge',
  gaugehistogram: 'histogram',
  unknown: 'untyped',
};

/** Of samples that have a block of their own, in the order in which their blocks follow the family. */
export const OWN_BLOCK_SUFFIXES = ['_created', '_gcount', '_gsum'] as const;

export function textBlocks(
  dialect: Dialect,
  family: ExposedFamily,
  renamed: boolean,
): FamilyBlock[] {
  const lineOf = familyLines(dialect.escaping, renamed, family.series);
  const block = (suffix: string) => {
    const header = textHeader(dialect, family, renamed, suffix);
    return { suffix, header, seriesIndex: [] as number[], lineOf };
  };

  const main = block('');
  const own = new Map(OWN_BLOCK_SUFFIXES.map((suffix) => [family.name + suffix, block(suffix)]));
  for (const [i, series] of family.series.entries()) {
    const { seriesIndex } = own.get(series.sampleName) ?? main;
    seriesIndex.push(i);
  }
  return [main, ...[...own.values()].filter(({ seriesIndex }) => seriesIndex.length > 0)];
}

/** @param suffix one of OWN_BLOCK_SUFFIXES, or '' for the family's own block */
export function textHeader(
  { escaping }: Dialect,
  family: FamilyHead,
  renamed: boolean,
  suffix: string,
): string {
  const name = suffix === '' ? textFamilyName(family) : family.name + suffix;
  const shown = renamed ? forceMetricName(name) : escapeMetricName(name, escaping);
  const type = suffix === '' ? TEXT_TYPE[family.type] : 'gauge';
  return `# HELP ${shown} ${escapeHelp(family.help)}\n# TYPE ${shown} ${type}\n`;
}
