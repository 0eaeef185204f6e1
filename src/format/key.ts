/**
 * What a key says: family, sample name, labels, help. Runs once per distinct key.
 *
 * Source: prometheus_client mmap_dict.py, mmap_key, and its history (`reference.md` A7).
 */

/** A label set: names and values, sorted by code point of the name, each name once. */
export type Labels = readonly (readonly [name: string, value: string])[];

export interface Key {
  /** Metric name without `_total`, as prometheus_client stores it. */
  readonly family: string;
  readonly sampleName: string;
  readonly labels: Labels;
  readonly help: string;
  /**
   * A counter from before 0.4.0 whose name lacks `_total`: it is printed without, and OpenMetrics
   * calls it `unknown`. Set for list keys whose sample name equals the family and has no `_total`.
   */
  readonly bare: boolean;
  /** What had to be mended to serve it, as a phrase; absent for a sound key. */
  readonly repaired?: string;
}

/** Why an entry cannot be served; a `reason` label of promfold_skipped_entries. */
export type KeyFault = 'utf8' | 'json' | 'shape' | 'name' | 'label' | 'le';

export interface UnusableKey {
  readonly fault: KeyFault;
  /** What was found, as a phrase. */
  readonly found: string;
}
