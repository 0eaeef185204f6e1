/** What a daemon tells routers and autoscalers: the load of all sources, or of one, and when it refuses to. */
import { type LoadJson, loadJson } from '../../load/json.js';
import type { LoadOperation } from '../../load/operation.js';
import { loadText } from '../../load/text.js';
import {
  agesByName,
  claimedWork,
  enginesOf,
  type LoadView,
  type ModelView,
  viewOf,
} from '../../load/view.js';
import { wantedFamilies } from '../../load/wanted.js';
import type { LoadCounts } from '../../scrape/families/self-metrics.js';
import { UnknownSourceError } from '../../scrape/scrape-run.js';
import type { Scraper } from '../../scrape/scraper.js';
import type { Verdict } from '../../watchdog/verdict.js';
import { NoLoadError, SourceLoad, type SourceLoadOptions, type TakenLoad } from './source-load.js';

/** One who has not asked for so long would be given values of then. */
const REGULAR_MS = 1_000;

export interface LoadsOptions extends Pick<SourceLoadOptions, 'procThread'> {
  /** Of `--load`, by family. */
  readonly operations: ReadonlyMap<string, LoadOperation>;
  /** Of gauges while work is claimed; 0 for no limit. */
  readonly maxAgeSeconds: number;
  /** Whose stalled engines are refused; none are where absent. */
  readonly verdicts?:
    | (() => readonly { readonly name?: string; readonly verdicts: readonly Verdict[] }[])
    | undefined;
}

export interface LoadQuery {
  /** All of them where absent. */
  readonly source?: string | undefined;
  readonly engine?: string | undefined;
}

/** An engine that no model has. */
export class UnknownEngineError extends Error {
  override readonly name = 'UnknownEngineError';
}

export interface LoadAnswer {
  readonly text: () => string;
  readonly json: () => LoadJson;
}

export class Loads implements LoadCounts {
  readonly #scraper: Pick<Scraper, 'instant' | 'gatherEntries' | 'sources'>;
  readonly #options: LoadsOptions;
  readonly #ofSource: SourceLoadOptions;
  #loads: readonly SourceLoad[] = [];
  /** When each of them, or all, were last asked for. */
  readonly #askedMs = new Map<string | undefined, number>();
  requests = 0;
  refused = 0;

  constructor(
    scraper: Pick<Scraper, 'instant' | 'gatherEntries' | 'sources'>,
    options: LoadsOptions,
  ) {
    this.#scraper = scraper;
    this.#options = options;
    this.#ofSource = {
      wanted: wantedFamilies(options.operations),
      procThread: options.procThread,
    };
  }

  /**
   * @throws NoLoadError where the answer is refused
   * @throws UnknownEngineError, UnknownSourceError
   * @throws as Scraper.instant
   */
  async answer(query: LoadQuery): Promise<LoadAnswer> {
    this.requests++;
    try {
      return await this.#answer(query);
    } catch (error) {
      this.refused++;
      throw error;
    }
  }

  /** A request that was refused for what it is, or because there are too many. */
  turnedAway(): void {
    this.requests++;
    this.refused++;
  }

  /** Of the models of the last answers, for the self-metrics. */
  ages(source: string | undefined): ReadonlyMap<string, number> | undefined {
    const last = this.#loads.find((load) => load.source === source)?.last;
    if (last === undefined) return undefined;
    const { models } = viewOf([last.values]);
    const nowSeconds = Date.now() / 1000;
    const ages = models.map((model) => ageOf(model, nowSeconds));
    return new Map(Array.from(agesByName(models, ages), ([name = '', age]) => [name, age]));
  }

  close(): void {
    for (const load of this.#loads) load.close();
    this.#loads = [];
  }

  async #answer({ source, engine }: LoadQuery): Promise<LoadAnswer> {
    this.#follow();
    const asked =
      source === undefined ? this.#loads : this.#loads.filter((load) => load.source === source);
    if (source !== undefined && asked.length === 0) {
      throw new UnknownSourceError(
        source,
        this.#loads.flatMap((load) => load.source ?? []),
      );
    }
    const taken = await takeAll(asked, this.#isPatient(source, asked));
    const parts = taken.map(({ values }) => values);
    const view = viewOf(parts, engine);
    // What is added of the rest of an application is not a load.
    const isWithoutEngine =
      parts.some(({ hasDeadEngine }) => hasDeadEngine) &&
      view.models.every(({ profile }) => profile === undefined);
    if (view.models.length === 0 || isWithoutEngine) this.#refuseEmpty(view, parts, asked, engine);
    const takenAtSeconds = taken.reduce(
      (first, each) => Math.min(first, each.takenAtSeconds),
      Number.POSITIVE_INFINITY,
    );
    this.#refuseStalled(asked, view, engine);
    const nowSeconds = Date.now() / 1000;
    const ages = view.models.map((model) => ageOf(model, nowSeconds));
    this.#refuseOld(view, ages[0]);
    return {
      text: () => loadText(view, ages),
      json: () => loadJson(view, ages, takenAtSeconds),
    };
  }

  /** Sources may have come or gone, as with --discover. */
  #follow(): void {
    const served = this.#scraper.sources();
    const isSame =
      served.length === this.#loads.length &&
      served.every(
        ({ name, path }, i) => this.#loads[i]!.source === name && this.#loads[i]!.path === path,
      );
    if (isSame) return;
    const before = this.#loads;
    this.#loads = served.map(
      ({ name, path }) =>
        before.find((load) => load.source === name && load.path === path) ??
        new SourceLoad(name, path, this.#scraper, this.#ofSource),
    );
    for (const load of before) {
      if (this.#loads.includes(load)) continue;
      load.close();
      this.#askedMs.delete(load.source);
    }
  }

  /** One who asks again and again waits only where there is nothing to tell yet, and not for one source of several that hangs. */
  #isPatient(source: string | undefined, asked: readonly SourceLoad[]): boolean {
    const nowMs = performance.now();
    const isRegular = nowMs - (this.#askedMs.get(source) ?? Number.NEGATIVE_INFINITY) < REGULAR_MS;
    this.#askedMs.set(source, nowMs);
    return !isRegular || asked.every(({ last }) => last === undefined);
  }

  #refuseEmpty(
    { models }: LoadView,
    parts: Parameters<typeof viewOf>[0],
    asked: readonly SourceLoad[],
    engine: string | undefined,
  ): never {
    const engines = enginesOf(parts);
    if (engine !== undefined && engines.length > 0) {
      throw new UnknownEngineError(`no engine is called '${engine}'; known: ${engines.join(', ')}`);
    }
    const others = models.length === 0 ? ', and none of --load' : '';
    const where = asked.map(({ path }) => path).join(', ') || 'no directory yet';
    throw new NoLoadError(
      `${where}: no family of vLLM, SGLang or TensorRT-LLM that a living process writes${others}`,
    );
  }

  #refuseStalled(
    asked: readonly SourceLoad[],
    { models }: LoadView,
    engine: string | undefined,
  ): void {
    const { verdicts } = this.#options;
    if (verdicts === undefined) return;
    for (const { name, verdicts: ofSource } of verdicts()) {
      if (!asked.some(({ source }) => source === name)) continue;
      for (const { engine: stalled, modelName, verdict } of ofSource) {
        if (stalled === undefined || verdict !== 'stalled') continue;
        if (engine !== undefined && stalled !== engine) continue;
        if (!models.some((model) => model.modelName === modelName)) continue;
        const of = modelName === undefined ? '' : ` of ${modelName}`;
        throw new NoLoadError(`stalled: engine ${stalled}${of} [--load.fail-stalled]`);
      }
    }
  }

  /** Of the first model, which is what a picker reads. An idle engine sets no gauge, and is no reason. */
  #refuseOld({ models: [model] }: LoadView, age: number | undefined): void {
    const { maxAgeSeconds } = this.#options;
    if (maxAgeSeconds === 0 || model === undefined || age === undefined) return;
    const work = claimedWork(model);
    if (age <= maxAgeSeconds || !(work > 0)) return;
    throw new NoLoadError(
      `${model.modelName ?? 'the model'} claims ${work} requests, and set no gauge for ${age.toFixed(1)} s [--load.max-age]`,
    );
  }
}

/** Of several sources, one that cannot be read does not keep the others from being told of. */
async function takeAll(loads: readonly SourceLoad[], isPatient: boolean): Promise<TakenLoad[]> {
  const settled = await Promise.allSettled(loads.map((load) => load.take(isPatient)));
  const taken = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const [failed] = settled.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
  if (taken.length === 0 && failed !== undefined) throw failed;
  return taken;
}

/** Undefined where no gauge was set, or files have no times. */
function ageOf({ newestSeconds }: ModelView, nowSeconds: number): number | undefined {
  return newestSeconds === 0 ? undefined : Math.max(0, nowSeconds - newestSeconds);
}
