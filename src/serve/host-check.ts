/**
 * Whether the host of a request is allowed, against DNS rebinding: a web site whose name resolves to 127.0.0.1 could
 * read promfold's pages in the browser of a user on this machine. The browser sends the name in `Host`.
 *
 * For pages and debug surfaces: a route opts in with `{ onRequest: hostCheck(…) }`. Not for /metrics and the probes,
 * since proxies pass on the Host they received (kube-rbac-proxy).
 *
 * Sources: RFC 9110 7.4 (421), RFC 9112 3.2 (one Host); a leading dot as in Vite's server.allowedHosts and Django's
 * ALLOWED_HOSTS.
 */
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { domainToASCII } from 'node:url';
import type { FastifyReply, onRequestHookHandler } from 'fastify';
import { replyText } from './reply-text.js';

/** No host name is longer. */
const MAX_SHOWN = 253;

/** @returns a name, or `.name` for it and its subdomains, as hostCheck takes it; undefined if it is neither */
export function parseAllowedHost(text: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what is not ASCII has another spelling that is.
  const ascii = /^[\x00-\x7f]*$/.test(text) ? text : domainToASCII(text);
  const host = normalized(ascii);
  return /^\.?[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(host) ? host : undefined;
}

/**
 * @param allowed in addition to IP addresses, which cannot be rebound, localhost and the name of this machine
 * @param refuse how the refusal is answered
 */
export function hostCheck(
  allowed: readonly string[],
  refuse: (reply: FastifyReply, status: number, line: string) => void = replyText,
): onRequestHookHandler {
  const names = [...allowed, hostname(), 'localhost', '.localhost'].map(normalized);
  return (request, reply, done) => {
    const refusal = refusalOf(hostsIn(request.raw.rawHeaders), names);
    if (refusal === undefined) done();
    else refuse(reply, refusal.status, refusal.line);
  };
}

/**
 * @param hosts the Host headers of one request
 * @param names normalized; with a leading dot for subdomains, too
 */
export function refusalOf(
  hosts: readonly string[],
  names: readonly string[],
): { readonly status: number; readonly line: string } | undefined {
  const [host = ''] = hosts;
  if (hosts.length > 1) {
    return { status: 400, line: `expected one Host header, got ${hosts.length}` };
  }
  // HTTP/1.0 allows no Host; browsers always send one.
  if (host === '') return undefined;
  const name = nameIn(host);
  if (name !== undefined && (isIP(name) !== 0 || names.some((other) => isAt(name, other)))) {
    return undefined;
  }
  const shown = host.slice(0, MAX_SHOWN).replace(/[^\x21-\x7e]/g, '?');
  const line = `the request is for host '${shown}', which is not allowed`;
  const allowed = name === undefined ? undefined : parseAllowedHost(name);
  // Only a valid name can be allowed.
  const cure = allowed === undefined ? '' : `; --web.allowed-host=${allowed} allows it`;
  return { status: 421, line: line + cure };
}

/** Without port, brackets and the dot at the end; undefined if it is not a host. */
function nameIn(host: string): string | undefined {
  const { address, name } =
    /^(?:\[(?<address>[^\]]*)\]|(?<name>[^:]+))(?::\d*)?$/.exec(host)?.groups ?? {};
  if (address !== undefined) return isIP(address) === 6 ? address : undefined;
  return name === undefined ? undefined : normalized(name);
}

function normalized(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

function isAt(name: string, allowed: string): boolean {
  if (allowed.startsWith('.')) return name === allowed.slice(1) || name.endsWith(allowed);
  return name === allowed;
}

/**
 * `headers` of Node has only the first of several. HTTP/2 has a header of its own (RFC 9113 8.3.1), which takes
 * precedence.
 */
function hostsIn(rawHeaders: readonly string[]): readonly string[] {
  const valuesOf = (name: string) =>
    rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]!.toLowerCase() === name);
  const authority = valuesOf(':authority');
  return authority.length > 0 ? authority : valuesOf('host');
}
