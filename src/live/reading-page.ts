/** The exposition of a reading: of a moment that was recorded, or of some files. As a scrape would print it. */
import { isPlanned, planReading } from '../inspect/plan-reading.js';
import type { ReadFile, Reading } from '../inspect/reading.js';
import { SeriesIndex } from '../inspect/series-index.js';
import { joinColumns } from '../plan/join.js';
import type { PlanRules } from '../plan/plan.js';
import type { Series } from '../plan/series.js';
import type { PageRequest } from '../scrape/page/page-templates.js';
import { printValues } from '../scrape/page/print-slots.js';

/** Prints any number of pages: the reading is planned once. */
export class ReadingPages {
  readonly #index: SeriesIndex;
  readonly #seriesAt: Series[] = [];

  /** @param planned files that count; those that a scrape would plan if absent */
  constructor(
    { files, keys }: Pick<Reading, 'files' | 'keys'>,
    {
      planned = files.filter(isPlanned),
      rules,
    }: { readonly planned?: readonly ReadFile[]; readonly rules?: PlanRules } = {},
  ) {
    const structure = planReading(planned, keys, rules);
    this.#index = new SeriesIndex({ files, planned, keys, structure });
    for (const { series } of this.#index.layout.families) {
      for (const one of series) this.#seriesAt[one.slot] = one;
    }
  }

  print(request: PageRequest): Promise<Buffer> {
    const index = this.#index;
    const valueAt = (slot: number) => {
      const series = this.#seriesAt[slot];
      return series && joinColumns(series.operation, index.partsOf(series)).value;
    };
    return printValues(index.layout, valueAt, request);
  }
}
