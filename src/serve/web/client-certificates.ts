/**
 * Which clients may keep a TLS connection, beyond what OpenSSL checks by itself: Go's client authentication types, and the
 * names that a client's certificate must have one of.
 *
 * Source: Go, crypto/tls, ClientAuthType; exporter-toolkit, web/tls_config.go, VerifyPeerCertificate.
 */
import type { PeerCertificate, TLSSocket } from 'node:tls';
import type { TlsConfig } from '../../config/web-config.js';

/** @returns why not; undefined if it may */
export function refusalOf(socket: TLSSocket, config: TlsConfig): string | undefined {
  const certificate = socket.getPeerCertificate();
  const isGiven = Object.keys(certificate).length > 0;
  switch (config.clientAuthType) {
    case 'RequireAnyClientCert':
      if (!isGiven) return 'no client certificate was given';
      break;
    case 'VerifyClientCertIfGiven':
      if (isGiven && !socket.authorized) return String(socket.authorizationError);
      break;
    case 'NoClientCert':
      return undefined;
  }
  const { clientAllowedSans: allowed } = config;
  if (allowed === undefined || !isGiven) return undefined;
  const names = subjectAltNames(certificate);
  if (names.some((name) => allowed.includes(name))) return undefined;
  return `no allowed name in the client certificate (it has ${names.join(', ') || 'none'})`;
}

const KINDS = /^(?:DNS|IP Address|URI|email):(.*)$/;

/** DNS names, addresses, URIs and e-mail addresses. */
function subjectAltNames({ subjectaltname = '' }: Partial<PeerCertificate>): string[] {
  const names: string[] = [];
  // A value with a comma or a quote is a JSON string.
  for (const [part] of subjectaltname.matchAll(/[A-Za-z ]+:(?:"(?:[^"\\]|\\.)*"|[^,]*)/g)) {
    const [, value] = KINDS.exec(part.trim()) ?? [];
    if (value === undefined) continue;
    names.push(value.startsWith('"') ? (JSON.parse(value) as string) : value);
  }
  return names;
}
