/** What the tables of `explain` share: the available space, warnings, and labels that are not common to all series. */
import type { ExplainedSeries, Warning } from '../../inspect/explain/explanation.js';
import { wrapText } from '../text-width.js';

export interface Space {
  /** Of a line. */
  readonly width: number;
  /** Of a table. */
  readonly rows: number;
}

export interface Room extends Space {
  /** Of the reading, in seconds. */
  readonly now: number;
}

export function warningLines(warnings: readonly Warning[], width: number): string[] {
  if (warnings.length === 0) return [];
  const lines = warnings.flatMap(({ code, text }) => wrapText(`! ${text} [${code}]`, width));
  return ['', ...lines];
}

export function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
  return `{${pairs.join(',')}}`;
}

/** What the label sets of several series have in common, and how they differ. */
export class LabelSummary {
  #common: Map<string, string> | undefined;
  #firstName = '';
  hasOneName = true;

  add({ labels, sampleName }: Pick<ExplainedSeries, 'labels' | 'sampleName'>): void {
    if (this.#common === undefined) {
      this.#common = new Map(Object.entries(labels));
      this.#firstName = sampleName;
    }
    for (const [name, value] of this.#common) {
      if (labels[name] !== value) this.#common.delete(name);
    }
    this.hasOneName &&= sampleName === this.#firstName;
  }

  /** `{job="api"}`, empty where they have nothing in common. */
  get common(): string {
    const labels = Object.fromEntries(this.#common ?? []);
    return this.#common?.size ? labelText(labels) : '';
  }

  /** The labels that are not common. */
  textOf({ labels, sampleName }: Pick<ExplainedSeries, 'labels' | 'sampleName'>): string {
    const pairs = Object.entries(labels).filter(([name]) => !this.#common?.has(name));
    const text = pairs.map(([name, value]) => `${name}="${value}"`).join(',');
    if (this.hasOneName) return text || sampleName;
    return text === '' ? sampleName : `${sampleName}{${text}}`;
  }
}
