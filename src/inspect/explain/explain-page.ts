/**
 * The view of `explain` for a daemon: in steps, with an index that exists already, and one page of a long explanation.
 */
import { ITEMS_PER_STEP, type Steps } from '../../steps.js';
import type { Reading } from '../reading.js';
import type { Selector } from '../selector.js';
import { rowsOf } from '../series/list-series.js';
import type { Page } from '../series/ordering.js';
import { seriesTable } from '../series/series-table.js';
import type { SeriesIndex } from '../series-index.js';
import { type Chosen, explainChosen } from './explain.js';
import type { Explanation } from './explanation.js';
import { type ChosenHistogram, type ChosenSeries, choose } from './selection.js';

export interface ExplanationPage {
  /** Histograms follow all series. */
  readonly explanation: Explanation;
  /** Series and histograms that are selected. */
  readonly total: number;
}

export function* explainPage(
  reading: Reading,
  index: SeriesIndex,
  selector: Selector,
  page: Page,
): Steps<ExplanationPage> {
  const chosen = yield* choosePage(index, selector, page);
  return { explanation: explainChosen(reading, index, chosen), total: chosen.total };
}

interface ChosenPage extends Chosen {
  readonly total: number;
}

/** Equal to choose() for each family; but of families without histograms, only what is on the page is made. */
function* choosePage({ layout }: SeriesIndex, selector: Selector, page: Page): Steps<ChosenPage> {
  const table = yield* seriesTable(layout);
  // Limited in time: after it, each test that follows is known to end.
  const rows = yield* rowsOf(table, [selector]);
  // Of a histogram, choose() compares a sample with such a matcher without the name of its family.
  const mayBeOther = selector.matchers.some(
    ({ label, operator }) => label === '__name__' && operator.startsWith('!'),
  );
  const end = page.offset + page.limit;
  const series: ChosenSeries[] = [];
  const histograms: ChosenHistogram[] = [];
  let seriesCount = 0;
  let from = 0;
  for (const [at, family] of table.families.entries()) {
    let to = from;
    while (to < rows.length && table.family[rows[to]!] === at) to++;
    if (family.histograms.length === 0) {
      const first = Math.max(from, from + page.offset - seriesCount);
      const last = Math.max(first, Math.min(to, from + end - seriesCount));
      for (const row of rows.subarray(first, last)) {
        series.push({ family, series: table.series[row]!, group: undefined });
      }
      seriesCount += to - from;
    } else if (to > from || mayBeOther) {
      for (const chosen of choose(family, selector)) {
        if (!('series' in chosen)) histograms.push(chosen);
        else if (seriesCount++ >= page.offset && seriesCount <= end) series.push(chosen);
        if ((seriesCount + histograms.length) % ITEMS_PER_STEP === 0) yield;
      }
    }
    from = to;
    yield;
  }
  const shown = histograms.slice(
    Math.max(0, page.offset - seriesCount),
    Math.max(0, end - seriesCount),
  );
  return { series, histograms: shown, total: seriesCount + histograms.length };
}
