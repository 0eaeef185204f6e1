/**
 * Authentication: users and passwords of `basic_auth_users`.
 *
 * A password is compared on a thread, and the result is kept, so a scraper pays for bcrypt once. For an unknown user
 * the same work is done: the time of an answer must not reveal which names exist.
 *
 * Source: prometheus/exporter-toolkit, web/handler.go; RFC 7617.
 */
import { createHash } from 'node:crypto';
import { WorkerThread } from '../../worker-thread.js';
import type { PasswordQuestion } from './password-worker.js';

/** Salt and hash that match no password. */
const DUMMY_HASH = 'RptT7avSgKME1BfOdn/gTux7WMyP12nWmQIou2ORraPMu.mRZb0pq';

/** Limit of kept results, for attackers. */
const MAX_KEPT = 1_000;

/** Comparisons that may wait: those of a second. More are an attack, and are answered 503 at once. */
const MAX_WAITING = 16;

/** Cost 14 takes a second; more is not of use. */
const ANSWER_MILLISECONDS = 20_000;

/** More comparisons are asked for than can be made. */
export class TooManyLoginsError extends Error {
  override readonly name = 'TooManyLoginsError';

  constructor() {
    super(`${MAX_WAITING} passwords are being checked, try again later`);
  }
}

export class Users {
  readonly #thread = new WorkerThread<PasswordQuestion>(
    new URL('./password-worker.js', import.meta.url),
    { name: 'promfold users' },
  );
  /** By digest of user, hash and password; the oldest first. */
  readonly #kept = new Map<string, boolean>();
  /** Running comparisons, likewise. */
  readonly #asked = new Map<string, Promise<boolean>>();

  /**
   * Whether a request is authenticated.
   *
   * @param authorization the header
   * @param users bcrypt hash by user
   * @throws TooManyLoginsError
   */
  async admits(
    authorization: string | undefined,
    users: ReadonlyMap<string, string>,
  ): Promise<boolean> {
    const login = parseBasic(authorization);
    if (login === undefined) return false;
    const hash = users.get(login.user);
    const isRight = await this.#matches(login.user, hash ?? dummyHash(users), login.password);
    return isRight && hash !== undefined;
  }

  close(): Promise<void> {
    return this.#thread.close();
  }

  async #matches(user: string, hash: string, password: string): Promise<boolean> {
    const key = digestOf(user, hash, password);
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    let asked = this.#asked.get(key);
    if (asked === undefined) {
      if (this.#asked.size >= MAX_WAITING) throw new TooManyLoginsError();
      asked = this.#compare(key, { hash, password });
      this.#asked.set(key, asked);
    }
    return asked;
  }

  async #compare(key: string, question: PasswordQuestion): Promise<boolean> {
    try {
      const isRight = (await this.#thread.ask(question, ANSWER_MILLISECONDS)) as boolean;
      if (this.#kept.size >= MAX_KEPT) this.#kept.delete(this.#kept.keys().next().value!);
      this.#kept.set(key, isRight);
      return isRight;
    } finally {
      this.#asked.delete(key);
    }
  }
}

/** A hash that takes as much work as that of a user. */
function dummyHash(users: ReadonlyMap<string, string>): string {
  const [, , cost] = users.values().next().value!.split('$');
  return `$2b$${cost}$${DUMMY_HASH}`;
}

function parseBasic(header: string | undefined): { user: string; password: string } | undefined {
  const [, encoded] = /^basic +(\S+)\s*$/i.exec(header ?? '') ?? [];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString();
  const colon = text.indexOf(':');
  if (colon < 0) return undefined;
  return { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** Passwords themselves are not kept. */
function digestOf(...parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest('base64');
}
