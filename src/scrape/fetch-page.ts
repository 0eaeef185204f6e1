/**
 * Gets the page of another endpoint: text, in time, of bounded size, after a few redirects at most.
 *
 * A user and password in the URL are sent as Basic authorization to that origin only, and shown nowhere.
 */

/** No exposition of a healthy program is larger. */
const MOST_BYTES = 32 * 1024 * 1024;
const MOST_REDIRECTS = 3;

const ACCEPT = 'text/plain;version=0.0.4;q=1,text/plain;q=0.5';

/** How an endpoint is called in labels, logs and answers: without user, password, query and fragment. */
export function shownUrl({ origin, pathname }: URL): string {
  return origin + pathname;
}

/** @throws Error that says what was wrong, without anything of the URL but what shownUrl has */
export async function fetchPage(url: URL, signal: AbortSignal): Promise<string> {
  const authorization = authorizationOf(url);
  let at = bare(url);
  for (let redirects = 0; ; redirects++) {
    const response = await get(at, at.origin === url.origin ? authorization : undefined, signal);
    const location = response.headers.get('location');
    if (response.status >= 300 && response.status < 400 && location !== null) {
      await response.body?.cancel();
      if (redirects === MOST_REDIRECTS) throw new Error(`more than ${MOST_REDIRECTS} redirects`);
      at = bare(redirected(at, location));
      continue;
    }
    return await textOf(response);
  }
}

async function get(
  url: URL,
  authorization: string | undefined,
  signal: AbortSignal,
): Promise<Response> {
  const headers = { accept: ACCEPT, ...(authorization && { authorization }) };
  try {
    return await fetch(url, { redirect: 'manual', headers, signal });
  } catch (error) {
    throw new Error(failureText(error, signal));
  }
}

async function textOf(response: Response): Promise<string> {
  const type = response.headers.get('content-type') ?? '';
  const refuse = async (what: string) => {
    await response.body?.cancel();
    throw new Error(what);
  };
  if (response.status !== 200) return refuse(`status ${response.status}`);
  if (/openmetrics|protobuf|html|json/i.test(type))
    return refuse(`answers ${type}, not text/plain`);

  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += (chunk as Uint8Array).byteLength;
    // Leaving the loop cancels the body.
    if (bytes > MOST_BYTES) throw new Error(`more than ${MOST_BYTES} bytes`);
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks).toString();
}

function authorizationOf({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined;
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

/** fetch refuses a URL with a user in it. */
function bare(url: URL): URL {
  const copy = new URL(url);
  copy.username = '';
  copy.password = '';
  copy.hash = '';
  return copy;
}

function redirected(from: URL, location: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (to !== undefined && ['http:', 'https:'].includes(to.protocol)) return to;
  throw new Error('redirects to what is no http or https URL');
}

/** undici says `fetch failed`, and why in the cause; several addresses make several causes. */
function failureText(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return String((signal.reason as Error)?.message ?? 'aborted');
  const { cause } = error as { cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? (error as Error).message;
}
