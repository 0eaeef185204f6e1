/**
 * Families that a scrape adds to those of the directory: of processes, of time, of other endpoints.
 *
 * They are printed after the application's families and before promfold's own, in every dialect and
 * under `name[]` as those are. A family that the directory has is not added; of several the first is.
 */
import type { ValuedFamily } from '../../expose/valued-family.js';
import type { Labels } from '../../format/key.js';
import type { LivePlan } from '../directory/live-plan.js';

/** A directory that was read. */
export interface ReadSource {
  /** What its series are given to be told from those of other directories; none when it is alone. */
  readonly labels: Labels;
  readonly live: LivePlan;
}

export interface ExtraFamilies {
  /** Slots are read that no page may print: then all are folded, also for a page that selects. */
  readonly needsAllSlots?: boolean;
  /**
   * All there are now. A rejection fails the scrape, so what may go wrong is caught and said otherwise.
   *
   * @param sources what was read for this scrape; columns and slots are those just gathered
   */
  families(
    sources: readonly ReadSource[],
  ): readonly ValuedFamily[] | Promise<readonly ValuedFamily[]>;
  /** The scraper closes. */
  close?(): void | Promise<void>;
}
