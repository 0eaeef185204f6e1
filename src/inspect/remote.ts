/**
 * A running promfold instead of a directory: `http://127.0.0.1:19926` stands for the directory that it serves, read
 * as a snapshot that it takes now, or for what it has recorded of it. The result is that of the same command on its host, except for what `check` reads
 * of the host itself.
 *
 * The daemon serves both as a debug surface (serve/debug-surface.ts).
 */
import { readFileSync } from 'node:fs';
import { MetricFileError, UsageError } from '../errors.js';

/** Where a daemon serves snapshots, relative to its URL. */
export const SNAPSHOT_PATH = 'api/v1/snapshot';

/** Where it serves what it has recorded. */
const RECORDING_PATH = 'api/v1/recording';

/** And its views of `top`. */
const TOP_PATH = 'api/v1/top';

/** A million entries take some seconds. */
const TIMEOUT_MILLISECONDS = 120_000;

/** Characters shown of an error from another server. */
const MAX_SHOWN = 200;

/** User and password, as `name:password`; the second variable names a file with it. */
export const USER_VARIABLE = 'PROMFOLD_DAEMON_USER';
export const USER_FILE_VARIABLE = 'PROMFOLD_DAEMON_USER_FILE';

export function isUrl(path: string): boolean {
  return /^https?:\/\//i.test(path);
}

/**
 * @param url of a daemon; with a path if it has a prefix, and with `?source=` if it serves several directories
 * @returns a tar.gz
 * @throws MetricFileError FILE_UNREADABLE with the error of the daemon or the network
 * @throws UsageError
 */
export function fetchSnapshot(url: string): Promise<Buffer> {
  return fetchFrom(daemonUrl(url, SNAPSHOT_PATH), url, notServed('snapshots'));
}

/** As fetchSnapshot. @returns a recording, of as much as a daemon gives */
export function fetchRecording(url: string): Promise<Buffer> {
  const at = daemonUrl(url, RECORDING_PATH);
  if (!at.searchParams.has('last')) at.searchParams.set('last', '7d');
  return fetchFrom(at, url, notServed('recordings'));
}

/**
 * @param url as for fetchSnapshot
 * @param limit of each list
 * @returns JSON
 * @throws as fetchSnapshot
 */
export function fetchTopJson(url: string, limit: number): Promise<Buffer> {
  const at = daemonUrl(url, TOP_PATH);
  at.searchParams.set('limit', String(limit));
  return fetchFrom(at, url, notServed('its API'));
}

function notServed(what: string): string {
  return `no promfold serves ${what} there: it does so on loopback, on --web.debug-address and with --web.enable-debug`;
}

async function fetchFrom(
  at: URL,
  url: string,
  notFound: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Buffer> {
  const refuse = (found: string, cause?: unknown) =>
    new MetricFileError('FILE_UNREADABLE', url, found, { cause });
  const user = userOf(environment);
  const headers = user && { Authorization: `Basic ${Buffer.from(user).toString('base64')}` };
  let response: Response;
  try {
    response = await fetch(at, {
      ...(headers && { headers }),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
    });
  } catch (error) {
    throw refuse(networkText(error as Error), error);
  }
  if (response.status === 200) {
    try {
      return Buffer.from(await response.arrayBuffer());
    } catch (error) {
      throw refuse(`the answer was cut short: ${networkText(error as Error)}`, error);
    }
  }
  throw refuse(await statusText(response, notFound));
}

function daemonUrl(url: string, path: string): URL {
  if (!URL.canParse(url))
    throw new UsageError(`expected a URL such as http://127.0.0.1:19926, got '${url}'`);
  const at = new URL(url);
  if (at.username !== '' || at.password !== '') {
    // Other users can see command lines.
    throw new UsageError(
      `expected a URL without a user; set ${USER_VARIABLE} or ${USER_FILE_VARIABLE}`,
    );
  }
  at.pathname = `${at.pathname.replace(/\/*$/, '/')}${path}`;
  return at;
}

function userOf(environment: Readonly<Record<string, string | undefined>>): string | undefined {
  const file = environment[USER_FILE_VARIABLE];
  const user = environment[USER_VARIABLE] ?? (file && readUser(file));
  if (user && !user.includes(':')) {
    throw new UsageError(`${USER_VARIABLE}: expected name:password`);
  }
  return user;
}

function readUser(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new UsageError(`${USER_FILE_VARIABLE}: ${(error as Error).message}`);
  }
}

async function statusText(response: Response, notFound: string): Promise<string> {
  const text = (await response.text().catch(() => '')).split('\n')[0]!.slice(0, MAX_SHOWN);
  switch (response.status) {
    case 401:
      return `it asks for a user; set ${USER_VARIABLE} or ${USER_FILE_VARIABLE}`;
    case 404:
      if (!text.startsWith('{')) return notFound;
      return text.includes('no such path')
        ? `an older promfold, which has no ${new URL(response.url).pathname}`
        : messageIn(text);
    default:
      return `it answered ${response.status}: ${messageIn(text)}`;
  }
}

/** Errors of the API are `{"error":{"code":…,"message":…}}`. */
function messageIn(text: string): string {
  try {
    const { error } = JSON.parse(text) as { error?: { message?: unknown } };
    if (typeof error?.message === 'string') return error.message;
  } catch {
    // Text of a proxy, or a page.
  }
  return text;
}

/** fetch() only says that it failed; its cause says why. */
function networkText(error: Error): string {
  if (error.name === 'TimeoutError') return `no answer within ${TIMEOUT_MILLISECONDS / 1000} s`;
  const { code, message } = (error.cause ?? error) as NodeJS.ErrnoException;
  if (code === 'ECONNREFUSED') return 'nothing listens there';
  if (code === 'DEPTH_ZERO_SELF_SIGNED_CERT' || code === 'SELF_SIGNED_CERT_IN_CHAIN') {
    return `${message}; name its certificate authority in NODE_EXTRA_CA_CERTS`;
  }
  return message;
}
