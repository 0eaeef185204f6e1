/**
 * The answer as text: the exposition format 0.0.4, without help, since a router reads it twenty times a second. The type is
 * needed: of a family without one pickers take 0.
 *
 * Source: https://prometheus.io/docs/instrumenting/exposition_formats/; extractValue in extractor.go of llm-d-router.
 */
import { prefixText } from '../expose/label-set.js';
import type { Labels } from '../format/key.js';
import { formatNumber } from '../format/number.js';
import { agesByName, type LoadView, type ModelView } from './view.js';

export const LOAD_AGE = 'promfold_load_age_seconds';

/** @param ages of the models, in their order; undefined where it is not known */
export function loadText(
  { models, adapters }: LoadView,
  ages: readonly (number | undefined)[],
): string {
  const page = new Page();
  for (const { families, modelName, profile } of models) {
    const label = profile?.modelLabel ?? 'model_name';
    for (const { family, type, value } of families) {
      if (family.use === 'cacheSame' || family.use === 'cacheBlocks') continue;
      page.add(family.name, type, modelName === undefined ? [] : [[label, modelName]], value);
    }
  }
  for (const model of models) addConfig(page, model, models.length > 1);
  if (adapters !== undefined) {
    page.add(adapters.family.name, 'gauge', adapters.labels, adapters.setSeconds);
  }
  for (const [modelName, age] of agesByName(models, ages)) {
    page.add(LOAD_AGE, 'gauge', modelName === undefined ? [] : [['model_name', modelName]], age);
  }
  return page.text();
}

/** In each form in which a picker reads it, whatever the files have. */
function addConfig(page: Page, model: ModelView, isOneOfSeveral: boolean): void {
  const { profile, modelName, config } = model;
  if (profile === undefined || config === undefined) return;
  const { info, gauges } = profile.cacheConfig;
  const { same, blocks } = config;
  // The application's has no label for the model: it is there only to tell models apart.
  const ofModel: Labels =
    isOneOfSeveral && modelName !== undefined ? [[profile.modelLabel, modelName]] : [];
  if (info !== undefined) {
    const said = info.same.flatMap((label, i): Labels => {
      const value = same[i];
      return value === undefined ? [] : [[label, value]];
    });
    page.add(info.name, 'gauge', sorted([...said, [info.blocks, String(blocks)], ...ofModel]), 1);
  }
  if (gauges !== undefined) {
    const labels: Labels = modelName === undefined ? [] : [[profile.modelLabel, modelName]];
    page.add(gauges.same, 'gauge', labels, Number(same[0]));
    page.add(gauges.blocks, 'gauge', labels, blocks);
  }
}

function sorted(labels: Labels): Labels {
  return [...labels].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Lines by family: those of one stand together. */
class Page {
  readonly #lines = new Map<string, string>();

  add(name: string, type: string, labels: Labels, value: number): void {
    const before = this.#lines.get(name) ?? `# TYPE ${name} ${type}\n`;
    this.#lines.set(name, `${before}${prefixText(name, labels)} ${formatNumber(value)}\n`);
  }

  text(): string {
    return [...this.#lines.values()].join('');
  }
}
