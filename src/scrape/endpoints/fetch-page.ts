/**
 * Fetches the page of another endpoint: text or OpenMetrics, in time, of bounded size, after a few redirects at most.
 *
 * A user and password in the URL are sent as Basic authorization to that origin only, and shown nowhere.
 */
import { isUtf8 } from 'node:buffer';
import http, { type IncomingMessage } from 'node:http';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { PageFormat } from '../../expose/external-families.js';
import { lookUp } from './look-up.js';

const MAX_REDIRECTS = 3;

/**
 * Text before OpenMetrics, since promfold prints no exemplars, and unescaped, so that UTF-8 names can be compared with
 * those of the directory. In order of falling q, since prometheus_client considers the order alone. It skips text 0.0.4
 * where OpenMetrics follows, and its escaped OpenMetrics loses the colon of `vllm:…` (0.26.0).
 */
const ACCEPT = [
  'text/plain;version=1.0.0;escaping=allow-utf-8',
  'text/plain;version=0.0.4;q=0.9',
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.8',
  'text/plain;q=0.5',
  '*/*;q=0.1',
].join(',');

export class PageTooLargeError extends Error {
  override readonly name = 'PageTooLargeError';
}

export interface FetchedPage {
  readonly bytes: Buffer;
  readonly format: PageFormat;
}

/** The name of an endpoint in labels, logs and answers: its URL without user, password, query and fragment. */
export function shownUrl({ origin, pathname }: URL): string {
  return origin + pathname;
}

/** @throws Error that says what was wrong; of the URL it contains at most what shownUrl has */
export async function fetchPage(
  url: URL,
  maxBytes: number,
  signal: AbortSignal,
): Promise<FetchedPage> {
  const authorization = authorizationOf(url);
  let at = withoutUser(url);
  for (let redirects = 0; ; redirects++) {
    const isSameOrigin = at.origin === url.origin;
    const response = await get(at, isSameOrigin ? authorization : undefined, signal);
    const { statusCode = 0, headers } = response;
    if (statusCode < 300 || statusCode >= 400 || headers.location === undefined) {
      try {
        return await pageOf(response, maxBytes);
      } catch (error) {
        throw failureOf(error, signal);
      } finally {
        response.destroy();
      }
    }
    response.destroy();
    if (redirects === MAX_REDIRECTS) throw new Error(`more than ${MAX_REDIRECTS} redirects`);
    at = withoutUser(redirected(at, headers.location));
  }
}

/** Not with fetch(), which takes 10 MB and a tenth of a second more to load in a thread. */
async function get(
  url: URL,
  authorization: string | undefined,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { request } = url.protocol === 'https:' ? await import('node:https') : http;
  const headers = {
    accept: ACCEPT,
    'accept-encoding': 'gzip',
    'user-agent': 'promfold',
    ...(authorization !== undefined && { authorization }),
  };
  return new Promise((resolve, reject) => {
    const asked = request(url, { headers, lookup: lookUp, signal });
    asked.on('response', resolve);
    // Also emitted after the response; reject() has no effect then.
    asked.on('error', (error) => reject(failureOf(error, signal)));
    asked.end();
  });
}

async function pageOf(response: IncomingMessage, maxBytes: number): Promise<FetchedPage> {
  const { statusCode, headers } = response;
  const type = headers['content-type'] ?? '';
  if (statusCode !== 200) throw new Error(`status ${statusCode}`);
  if (/protobuf|html|json/i.test(type)) {
    throw new Error(`answers ${type}, not text or OpenMetrics`);
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of decoded(response)) {
    length += (chunk as Buffer).length;
    if (length > maxBytes) throw new PageTooLargeError(`more than ${maxBytes} bytes`);
    chunks.push(chunk as Buffer);
  }
  const bytes = Buffer.concat(chunks);
  if (!isUtf8(bytes)) throw new Error('not UTF-8');
  const isOpenMetrics = /^\s*application\/openmetrics-text\b/i.test(type);
  return { bytes, format: isOpenMetrics ? 'openmetrics' : 'text' };
}

function decoded(response: IncomingMessage): Readable {
  const encoding = response.headers['content-encoding'] ?? 'identity';
  if (/^identity$/i.test(encoding)) return response;
  if (!/^(x-)?gzip$/i.test(encoding)) throw new Error(`answers in ${encoding}, not gzip`);
  // An error of either stream reaches the reader.
  return pipeline(response, createGunzip(), () => {});
}

function authorizationOf({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined;
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

/** Node would send a user and password of a redirect. Only those of the operator's URL are sent, by authorizationOf(). */
function withoutUser(url: URL): URL {
  const copy = new URL(url);
  copy.username = '';
  copy.password = '';
  copy.hash = '';
  return copy;
}

function redirected(from: URL, location: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (to !== undefined && ['http:', 'https:'].includes(to.protocol)) return to;
  throw new Error('redirects to what is not an http or https URL');
}

/** Messages of network errors contain the address, and say little else; the code is enough. */
function failureOf(error: unknown, signal: AbortSignal): Error {
  if (signal.aborted) return signal.reason as Error;
  const { code } = error as NodeJS.ErrnoException;
  return code === undefined ? (error as Error) : new Error(code);
}
