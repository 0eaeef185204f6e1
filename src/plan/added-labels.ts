/**
 * Labels that are added to every series: `--label`, and the one that names a source.
 *
 * A series that already has one of the labels keeps its own. The source label is always added: a label of the same name
 * is renamed, as Prometheus renames labels that conflict with those of a target.
 *
 * Source: NVIDIA Dynamo, LabelInjectingCollector: `{**inject, **existing}`; Prometheus' configuration,
 * honor_labels.
 */
import type { Label, Labels } from '../format/key.js';
import { withLabel } from '../format/labels.js';

/** Names the source of a series, where sources have names. */
export const DEFAULT_SOURCE_LABEL = 'promfold_source';

export interface AddedLabels {
  /** Sorted by name. */
  readonly fixed: Labels;
  readonly source?: Label | undefined;
}

export const NO_LABELS: AddedLabels = { fixed: [] };

/** Whether a series with these label names has one that is added. Two series may differ only in that one. */
export function overlaps({ fixed, source }: AddedLabels, labelNames: readonly string[]): boolean {
  return labelNames.some((name) => name === source?.[0] || fixed.some(([other]) => other === name));
}

export function withAdded(added: AddedLabels, labels: Labels): Labels {
  let all = labels;
  for (const label of added.fixed) if (!has(all, label[0])) all = withLabel(all, label);
  const { source } = added;
  if (source === undefined) return all;
  const conflicting = all.find(([name]) => name === source[0]);
  if (conflicting !== undefined) {
    let renamed = `exported_${source[0]}`;
    while (has(all, renamed)) renamed = `exported_${renamed}`;
    all = withLabel(
      all.filter(([name]) => name !== source[0]),
      [renamed, conflicting[1]],
    );
  }
  return withLabel(all, source);
}

function has(labels: Labels, name: string): boolean {
  return labels.some(([other]) => other === name);
}
