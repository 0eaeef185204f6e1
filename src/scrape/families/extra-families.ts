/**
 * Families that a scrape adds to those of the directory: of processes, of time, of other endpoints.
 *
 * They are printed after the application's families and before promfold's own, in every dialect and
 * and selected by `name[]` like those. A family that the directory has is not added; of several the first is.
 */
import type { ValuedFamily } from '../../expose/valued-family.js';
import type { Labels } from '../../format/key.js';
import type { LivePlan } from '../directory/live-plan.js';

/** A directory that was read. */
export interface ReadSource {
  /** Labels that distinguish its series from those of other directories; none when it is the only one. */
  readonly labels: Labels;
  readonly live: LivePlan;
}

export interface ExtraFamilies {
  /** Reads slots that the page may not print: all are folded then, also for a page that selects. */
  readonly needsAllSlots?: boolean;
  /**
   * The current families. A rejection fails the scrape, so expected errors are caught and reported otherwise.
   *
   * @param sources what was read for this scrape; columns and slots are those just gathered
   */
  families(
    sources: readonly ReadSource[],
  ): readonly ValuedFamily[] | Promise<readonly ValuedFamily[]>;
  /** Called when the scraper closes. */
  close?(): void | Promise<void>;
}
