/**
 * Gets the page of another endpoint: text or OpenMetrics, in time, of bounded size, after a few redirects at most.
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
 * Text before OpenMetrics, whose exemplars nobody here prints, and with names as they are: what has UTF-8 in it can be
 * compared with the directory's then. The order is that of falling q: prometheus_client looks at the order alone. It
 * passes over text 0.0.4 where OpenMetrics follows, and in escaped OpenMetrics takes the colon out of `vllm:…` (0.26.0).
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

/** How an endpoint is called in labels, logs and answers: without user, password, query and fragment. */
export function shownUrl({ origin, pathname }: URL): string {
  return origin + pathname;
}

/** @throws Error that says what was wrong, without anything of the URL but what shownUrl has */
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

/** Not with fetch(): a thread that loads it takes 10 MB and a tenth of a second more. */
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
    // It also comes after the response, and then nobody waits for it.
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
  // What goes wrong with either is told to who reads.
  return pipeline(response, createGunzip(), () => {});
}

function authorizationOf({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined;
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

/** Node would send the user and password of a redirect; only those of the operator's URL are sent, by authorizationOf(). */
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

/** Errors of the network say too much of the address, and too little in their message; the code is enough. */
function failureOf(error: unknown, signal: AbortSignal): Error {
  if (signal.aborted) return signal.reason as Error;
  const { code } = error as NodeJS.ErrnoException;
  return code === undefined ? (error as Error) : new Error(code);
}
