/**
 * How old the value of a gauge is: `promfold_gauge_age_seconds`, for the families of mode mostrecent that
 * `--gauge-age` names by a prefix.
 *
 * A process that stops working leaves its gauges as they were (vllm#22545: aborted requests seem to run for ever). The
 * file says when each was set. A series that was never set has no value, and no age either.
 *
 * The series are taken from the layout that is printed, so labels and selection are those of the gauges themselves. Per
 * scrape only the times are read.
 */

import type { ValuedFamily } from '../../expose/valued-family.js';
import type { Labels } from '../../format/key.js';
import { formatNumber } from '../../format/number.js';
import { Memo } from '../../memo.js';
import { withAdded } from '../../plan/added-labels.js';
import type { LaidOutFamily } from '../../plan/laid-out-family.js';
import type { Layout } from '../../plan/layout.js';
import { OPERATION } from '../../plan/operation.js';
import type { ExtraFamilies, ReadSource } from './extra-families.js';

export const GAUGE_AGE = 'promfold_gauge_age_seconds';

/** Names the family of a series; a series with a label of this name keeps that one as `exported_…`. */
const GAUGE_LABEL = 'promfold_gauge';

interface AgedSeries {
  readonly slot: Uint32Array;
  readonly series: readonly { readonly sampleName: string; readonly labels: Labels }[];
}

export class GaugeAges implements ExtraFamilies {
  readonly needsAllSlots = true;
  readonly #prefixes: readonly string[];
  readonly #nowSeconds: () => number;
  readonly #ofLayout = new Memo<Layout, AgedSeries>();

  constructor(prefixes: readonly string[], nowSeconds = () => Date.now() / 1000) {
    this.#prefixes = prefixes;
    this.#nowSeconds = nowSeconds;
  }

  families(sources: readonly ReadSource[]): readonly ValuedFamily[] {
    const now = this.#nowSeconds();
    const series: AgedSeries['series'][number][] = [];
    const value: string[] = [];
    for (const { live } of sources) {
      const aged = this.#agedSeries(live.layout);
      if (aged.slot.length === 0) continue;
      for (const [i, setSeconds] of live.files.set.slotTimes(aged.slot).entries()) {
        if (setSeconds === 0) continue;
        series.push(aged.series[i]!);
        // Negative if it was set after the scrape began, or the clock was set back.
        value.push(formatNumber(Math.max(0, now - setSeconds)));
      }
    }
    if (series.length === 0) return [];
    const help = 'How long ago the value of a gauge of mode mostrecent was set.';
    return [{ name: GAUGE_AGE, type: 'gauge', help, keepsRawName: false, series, value }];
  }

  #agedSeries(layout: Layout): AgedSeries {
    return this.#ofLayout.get(layout, () => {
      const isChosen = ({ name }: LaidOutFamily) =>
        this.#prefixes.some((prefix) => name.startsWith(prefix));
      const chosen = layout.families
        .filter(isChosen)
        .flatMap(({ name, series: all }) =>
          all
            .filter(({ operation }) => operation === OPERATION.mostRecent)
            .map((series) => ({ name, series })),
        );
      return {
        slot: Uint32Array.from(chosen, ({ series }) => series.slot),
        series: chosen.map(({ name, series }) => ({
          sampleName: GAUGE_AGE,
          labels: withAdded({ fixed: [], source: [GAUGE_LABEL, name] }, series.labels),
        })),
      };
    });
  }
}
