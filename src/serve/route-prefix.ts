/**
 * A prefix of all paths, for a proxy that passes paths on as they are. Routes are written without it, and links on pages
 * are relative.
 */
import type { IncomingMessage } from 'node:http';

/** No route has it: what is outside of the prefix is not found. */
const OUTSIDE = '/-/outside';

/** @returns without a slash at the end; undefined for what is not a prefix */
export function parseRoutePrefix(text: string): string | undefined {
  const prefix = text.replace(/\/+$/, '');
  return prefix === '' || /^(?:\/[\w.~-]+)+$/.test(prefix) ? prefix : undefined;
}

/** @param prefix as parseRoutePrefix gives it */
export function withoutPrefix(prefix: string): (request: Pick<IncomingMessage, 'url'>) => string {
  return ({ url = '/' }) => {
    if (prefix === '') return url;
    const rest = url.startsWith(prefix) ? url.slice(prefix.length) : undefined;
    if (rest?.startsWith('/')) return rest;
    return rest === '' || rest?.startsWith('?') ? `/${rest}` : OUTSIDE;
  };
}
