/** Asks the API. All URLs are relative, so that they work behind a proxy that adds a prefix. */
import type { List } from '../inspect/list.js';

/** What is left of a view in JSON: lists are arrays. A number that JSON does not have is a text: see numberOf. */
export type Json<T> = T extends string | number | boolean | undefined
  ? T
  : T extends List<infer E>
    ? readonly Json<E>[]
    : { readonly [K in keyof T]: Json<T[K]> };

/** Of every answer that is of an instant. */
export interface OfInstant {
  readonly snapshot?: string;
  readonly takenAtSeconds: number;
}

export interface Paged {
  readonly page: { readonly offset: number; readonly limit: number; readonly total: number };
}

/** An answer other than 200, or none. */
export class ApiFailure extends Error {
  /** 0 where there was no answer. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export type Query = Readonly<
  Record<string, string | number | undefined | readonly (string | undefined)[]>
>;

/** `processes?sort=-entries`; what is undefined is left out. */
export function pathOf(path: string, query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    const values: readonly (string | number | undefined)[] = Array.isArray(value) ? value : [value];
    for (const each of values) {
      if (each !== undefined && each !== '') parameters.append(name, String(each));
    }
  }
  const text = parameters.toString();
  return text === '' ? path : `${path}?${text}`;
}

/** Connections that are dead would be kept for longer, and a browser opens six. */
const LONGEST_MS = 60_000;

/** @throws ApiFailure */
export async function ask<T>(path: string, signal?: AbortSignal): Promise<T> {
  let response: Response;
  let isJson = false;
  let body: unknown;
  try {
    const signals = [AbortSignal.timeout(LONGEST_MS), ...(signal === undefined ? [] : [signal])];
    response = await fetch(`api/v1/${path}`, { signal: AbortSignal.any(signals) });
    isJson = response.headers.get('Content-Type')?.startsWith('application/json') ?? false;
    if (isJson) body = await response.json();
  } catch (error) {
    if ((error as Error).name === 'AbortError') throw error;
    throw new ApiFailure(0, 'promfold does not answer');
  }
  if (response.ok && isJson) return body as T;
  const { error } = (body ?? {}) as { error?: { message?: string } };
  throw new ApiFailure(response.status, error?.message ?? `HTTP ${response.status}`);
}

/** Whether the server answers such a question at all. */
export function isServed(path: string): boolean {
  return (document.getElementById('app')?.dataset.api ?? '').split(' ').includes(path);
}

/** Of a metric, as JSON has it. */
export function numberOf(value: number | string | null | undefined): number {
  if (typeof value === 'number') return value;
  if (value === '+Inf') return Number.POSITIVE_INFINITY;
  return value === '-Inf' ? Number.NEGATIVE_INFINITY : Number.NaN;
}
