/**
 * A prefix of all paths, for a proxy that forwards paths unchanged. Routes are defined without it, and links on pages
 * are relative.
 */
import type { IncomingMessage } from 'node:http';

/** No route has this path: paths outside of the prefix are not found. */
const OUTSIDE = '/-/outside';

/** @returns without a slash at the end; undefined if it is not a prefix */
export function parseRoutePrefix(text: string): string | undefined {
  const prefix = text.replace(/\/+$/, '');
  return prefix === '' || /^(?:\/[\w.~-]+)+$/.test(prefix) ? prefix : undefined;
}

/** @param prefix as returned by parseRoutePrefix */
export function withoutPrefix(prefix: string): (request: Pick<IncomingMessage, 'url'>) => string {
  return ({ url = '/' }) => {
    if (prefix === '') return url;
    const rest = url.startsWith(prefix) ? url.slice(prefix.length) : undefined;
    if (rest?.startsWith('/')) return rest;
    return rest === '' || rest?.startsWith('?') ? `/${rest}` : OUTSIDE;
  };
}
