/**
 * Labels that are added to every series: `--label`, and the one that names a source.
 *
 * A series that already has a label keeps it. The source's name must be there whatever a series has:
 * a label in its way is renamed, as Prometheus renames what is in the way of a target's labels.
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

/** The names that both have: then two series may become one, told apart by nothing but that label. */
export function meets({ fixed, source }: AddedLabels, labelNames: readonly string[]): boolean {
  return labelNames.some((name) => name === source?.[0] || fixed.some(([other]) => other === name));
}

export function withAdded(added: AddedLabels, labels: Labels): Labels {
  let all = labels;
  for (const label of added.fixed) if (!has(all, label[0])) all = withLabel(all, label);
  const { source } = added;
  if (source === undefined) return all;
  const inTheWay = all.find(([name]) => name === source[0]);
  if (inTheWay !== undefined) {
    let renamed = `exported_${source[0]}`;
    while (has(all, renamed)) renamed = `exported_${renamed}`;
    all = withLabel(
      all.filter(([name]) => name !== source[0]),
      [renamed, inTheWay[1]],
    );
  }
  return withLabel(all, source);
}

function has(labels: Labels, name: string): boolean {
  return labels.some(([other]) => other === name);
}
