/** What a key says of the load of a model, by its names and labels alone. Once for each key. */
import { isUnusable, type Labels, parseKey } from '../format/key.js';
import type { WantedFamilies, WantedFamily } from './wanted.js';

export interface LoadRole {
  readonly family: WantedFamily;
  readonly labels: Labels;
  /** Undefined where the key has no label for it. */
  readonly modelName: string | undefined;
  readonly engine: string | undefined;
  /** Keys that are equal in this say the same, each as its rank knows it. */
  readonly unit: string;
}

/** Its keys have no label for an engine: it is the only one of its model. */
export const ONLY_ENGINE = '0';

const OPEN = '['.charCodeAt(0);
const QUOTE = '"'.charCodeAt(0);

export class LoadRoles {
  readonly #wanted: WantedFamilies;
  /** As keys begin: that of a counter without `_total`. */
  readonly #families: ReadonlySet<string>;

  constructor(wanted: WantedFamilies) {
    this.#wanted = wanted;
    this.#families = new Set([...wanted.keys()].flatMap((n) => [n, n.replace(/_total$/, '')]));
  }

  /** @returns undefined for a key that says nothing of it */
  of(text: Uint8Array): LoadRole | undefined {
    if (!this.#mayBeWanted(text)) return undefined;
    const key = parseKey(text);
    const family = isUnusable(key) ? undefined : this.#wanted.get(key.sampleName);
    if (isUnusable(key) || family === undefined) return undefined;
    const { labels } = key;
    const { profile } = family;
    const labelValue = (wanted: string) => labels.find(([name]) => name === wanted)?.[1];
    if (profile?.partLabels.some((label) => (labelValue(label) ?? '') !== '')) return undefined;
    const named = profile?.engineLabels.map(labelValue) ?? [];
    const isNamed = named.length > 0 && !named.includes(undefined);
    const left = labels.filter(([name]) => !profile?.rankLabels.includes(name));
    return {
      family,
      labels,
      modelName: labelValue(profile?.modelLabel ?? 'model_name'),
      engine: isNamed ? named.join('/') : undefined,
      unit: JSON.stringify(left),
    };
  }

  /** By the first name in it, without reading JSON: of 100,000 keys ten are wanted. */
  #mayBeWanted(text: Uint8Array): boolean {
    if (text[0] !== OPEN || text[1] !== QUOTE) return true;
    const end = text.indexOf(QUOTE, 2);
    const name = Buffer.from(text.buffer, text.byteOffset + 2, Math.max(0, end - 2)).toString(
      'latin1',
    );
    return name.includes('\\') || this.#families.has(name);
  }
}
