/**
 * A family in the Prometheus text formats, 0.0.4 and 1.0.0, which differ in escaping only.
 *
 * They know fewer types than OpenMetrics, and have no place for its `_created`, `_gsum` and `_gcount`
 * samples: these become gauges of their own, after the family.
 *
 * Source: exposition.py, generate_latest; `reference.md` H4, H5.
 */
import type { MetricType } from '../format/filename.js';
import type { Dialect } from './dialect.js';
import { escapeHelp, escapeMetricName, forceMetricName } from './escaping.js';
import type { ExposedFamily, FamilyBlock } from './family.js';
import { familyLines } from './family-lines.js';
import { familyName } from './family-name.js';

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

/** In the order in which their blocks follow the family. */
const OWN_BLOCK_SUFFIXES = ['_created', '_gcount', '_gsum'] as const;

export function textBlocks(
  { format, escaping }: Dialect,
  family: ExposedFamily,
  renamed: boolean,
): FamilyBlock[] {
  const lineOf = familyLines(escaping, renamed, family.series);
  const help = escapeHelp(family.help);
  const block = (name: string, type: string) => {
    const shown = renamed ? forceMetricName(name) : escapeMetricName(name, escaping);
    const header = `# HELP ${shown} ${help}\n# TYPE ${shown} ${type}\n`;
    return { header, seriesIndex: [] as number[], lineOf };
  };

  const main = block(familyName(format, family), TEXT_TYPE[family.type]);
  const own = new Map(
    OWN_BLOCK_SUFFIXES.map((suffix) => {
      const name = family.name + suffix;
      return [name, block(name, 'gauge')];
    }),
  );
  for (const [i, series] of family.series.entries()) {
    const { seriesIndex } = own.get(series.sampleName) ?? main;
    seriesIndex.push(i);
  }
  return [main, ...[...own.values()].filter(({ seriesIndex }) => seriesIndex.length > 0)];
}
