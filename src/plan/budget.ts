/**
 * How much a directory may make promfold hold. A file that would exceed a limit is left out; files that were admitted
 * before stay.
 *
 * Each quantity is counted three times: for the file, for its source, and for all sources together. It is counted
 * before any string is made: V8 ends the process when its heap is full, and that cannot be caught.
 */

/** What is counted. Entries and key bytes are counted by the addon, before it reads a file in. */
export const QUANTITIES = [
  /** Values in files. */
  'entries',
  /** Bytes of distinct keys. */
  'key-bytes',
  /** Distinct series. */
  'series',
  'families',
  /** Distinct names of labels. */
  'label-names',
  /** Bytes of the exposition, in text format. */
  'page-bytes',
] as const;

export type Quantity = (typeof QUANTITIES)[number];

export type Amounts = Readonly<Record<Quantity, number>>;

export const SCOPES = ['file', 'source', 'all'] as const;

export type Scope = (typeof SCOPES)[number];

/** The limits of each file, of each source, and of all sources together. */
export type Limits = Readonly<Record<Scope, Amounts>>;

/** A limit that is reached. */
export interface Exceeded {
  readonly quantity: Quantity;
  readonly limit: number;
  readonly scope: Scope;
}

const NOTHING: Amounts = {
  entries: 0,
  'key-bytes': 0,
  series: 0,
  families: 0,
  'label-names': 0,
  'page-bytes': 0,
};

export const NO_LIMITS: Amounts = {
  entries: Infinity,
  'key-bytes': Infinity,
  series: Infinity,
  families: Infinity,
  'label-names': Infinity,
  'page-bytes': Infinity,
};

export const UNLIMITED: Limits = { file: NO_LIMITS, source: NO_LIMITS, all: NO_LIMITS };

export class Budget {
  readonly scope: Scope;
  readonly limits: Amounts;
  readonly #outer: Budget | undefined;
  readonly #used: Record<Quantity, number> = { ...NOTHING };
  /** How often something was given back. After that, a file that was refused may fit. */
  #returns = 0;

  /** @param outer the budget that this one is part of: that of the source for a file, that of all for a source */
  constructor(scope: Scope, limits: Amounts, outer?: Budget) {
    this.scope = scope;
    this.limits = limits;
    this.#outer = outer;
  }

  /** As of now. */
  get used(): Amounts {
    return { ...this.#used };
  }

  /** Of this budget and of those that it is a part of. */
  get returns(): number {
    return this.#returns + (this.#outer?.returns ?? 0);
  }

  /** @returns the limit that this amount more would exceed; of several the innermost */
  exceededBy(quantity: Quantity, amount: number): Exceeded | undefined {
    const limit = this.limits[quantity];
    if (this.#used[quantity] + amount > limit) return { quantity, limit, scope: this.scope };
    return this.#outer?.exceededBy(quantity, amount);
  }

  /** Takes this amount, or gives it back where it is negative. Does not check the limit. */
  add(quantity: Quantity, amount: number): void {
    if (amount === 0) return;
    this.#used[quantity] += amount;
    if (amount < 0) this.#returns += 1;
    this.#outer?.add(quantity, amount);
  }

  /** The lowest limit of this budget and those that it is part of. */
  maxOf(quantity: Quantity): number {
    return Math.min(this.limits[quantity], this.#outer?.maxOf(quantity) ?? Infinity);
  }

  /** How much more fits. */
  room(quantity: Quantity): number {
    const own = this.limits[quantity] - this.#used[quantity];
    return Math.max(0, Math.min(own, this.#outer?.room(quantity) ?? Infinity));
  }

  /** Takes or gives back until it has taken exactly these amounts. */
  reset(amounts: Amounts = NOTHING): void {
    for (const quantity of QUANTITIES) this.add(quantity, amounts[quantity] - this.#used[quantity]);
  }
}

/** A limit that the operator sets. */
export interface ChosenLimit {
  /** Undefined for all three. */
  readonly scope: Scope | undefined;
  readonly quantity: Quantity;
  readonly amount: number;
}

/** @param chosen of two for the same quantity and scope the last one counts */
export function withChosen(limits: Limits, chosen: readonly ChosenLimit[]): Limits {
  let { file, source, all } = limits;
  for (const { scope, quantity, amount } of chosen) {
    const set = (amounts: Amounts, own: Scope): Amounts =>
      scope === undefined || scope === own ? { ...amounts, [quantity]: amount } : amounts;
    file = set(file, 'file');
    source = set(source, 'source');
    all = set(all, 'all');
  }
  return { file, source, all };
}

/** `needs more than 60,000 series, the limit for a source`. */
export function exceededText({ quantity, limit, scope }: Exceeded): string {
  const amount = limit.toLocaleString('en-US');
  return `needs more than ${amount} ${quantity.replace('-', ' ')}, the limit for ${SCOPE_TEXT[scope]}`;
}

const SCOPE_TEXT: Readonly<Record<Scope, string>> = {
  file: 'a file',
  source: 'a source',
  all: 'all sources',
};
