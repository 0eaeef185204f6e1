/** The answer as JSON, for an autoscaler that takes one number by its place in it. What is not known is left out. */
import { formatNumber } from '../format/number.js';
import { type LoadView, type ModelView, numberOf } from './view.js';

export interface LoadJson {
  /** When the values were read, seconds since 1970. */
  readonly takenAtSeconds: number;
  /** The most recently active first. */
  readonly models: readonly ModelJson[];
}

export interface ModelJson {
  readonly modelName?: string;
  readonly engines: readonly string[];
  readonly waiting?: number;
  readonly running?: number;
  /** From 0 to 1. */
  readonly cacheUsage?: number;
  readonly tokensPerBlock?: number;
  readonly blocks?: number;
  /** How long ago one of its gauges was set. */
  readonly ageSeconds?: number;
  /** All families, by name; a number that JSON has not is a text. */
  readonly families: Readonly<Record<string, number | string>>;
}

/** @param ages as for loadText */
export function loadJson(
  { models }: LoadView,
  ages: readonly (number | undefined)[],
  takenAtSeconds: number,
): LoadJson {
  return { takenAtSeconds, models: models.map((model, i) => modelJson(model, ages[i])) };
}

function modelJson(model: ModelView, age: number | undefined): ModelJson {
  const { modelName, engines, families, config } = model;
  return {
    ...(modelName !== undefined && { modelName }),
    engines,
    ...known('waiting', numberOf(model, 'waiting')),
    ...known('running', numberOf(model, 'running')),
    ...known('cacheUsage', numberOf(model, 'cacheUsage')),
    ...known('tokensPerBlock', config && Number(config.same[0])),
    ...known('blocks', config?.blocks),
    ...known('ageSeconds', age),
    families: Object.fromEntries(
      families.map(({ family, value }) => [
        family.name,
        Number.isFinite(value) ? value : formatNumber(value),
      ]),
    ),
  };
}

/** JSON has no number for NaN: it would be null. */
function known<K extends string>(name: K, value: number | undefined): { [key in K]?: number } {
  return value !== undefined && Number.isFinite(value)
    ? ({ [name]: value } as { [key in K]?: number })
    : {};
}
