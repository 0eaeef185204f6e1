/**
 * The file of `--web.config.file`: TLS, users, headers and a limit of requests, in the format of every exporter.
 *
 * Source: https://github.com/prometheus/exporter-toolkit, its documentation of the file and tls_config.go. Accepts
 * and refuses the same files; errors that exporter-toolkit finds only at the first connection are reported at once.
 */
import { dirname, resolve } from 'node:path';
import { parseDuration } from './duration.js';
import {
  CIPHER_SUITES,
  CURVES,
  HTTP2_SUITES,
  lackOf,
  TLS_VERSIONS,
  TLS13_SUITES,
  type TlsVersion,
} from './tls-names.js';
import { parseYaml, type YamlNode } from './yaml-node.js';

/** Go's names; `RequireClientCert` is an older one for `RequireAnyClientCert`. */
export const CLIENT_AUTH_TYPES = [
  'NoClientCert',
  'RequestClientCert',
  'RequireAnyClientCert',
  'VerifyClientCertIfGiven',
  'RequireAndVerifyClientCert',
] as const;

export type ClientAuthType = (typeof CLIENT_AUTH_TYPES)[number];

/** PEM, in this file or in another one. */
export type PemSource = { readonly text: string } | { readonly path: string };

export interface TlsConfig {
  readonly cert: PemSource;
  readonly key: PemSource;
  readonly clientAuthType: ClientAuthType;
  /** If absent, those that Node trusts. */
  readonly clientCa: PemSource | undefined;
  /** One of these must be a subject alternative name of a client's certificate; undefined for any. */
  readonly clientAllowedSans: readonly string[] | undefined;
  readonly minVersion: TlsVersion;
  readonly maxVersion: TlsVersion;
  /** Go's names; empty for the defaults. */
  readonly cipherSuites: readonly string[];
  /** Whether the server's order counts, not the client's. */
  readonly preferServerCipherSuites: boolean;
  /** Go's names, preferred first; empty for the defaults. */
  readonly curves: readonly string[];
}

export interface RateLimit {
  /** Between two requests, on average. */
  readonly intervalSeconds: number;
  /** Requests at once. */
  readonly burst: number;
}

export interface WebConfig {
  /** Absent for plain HTTP. */
  readonly tls: TlsConfig | undefined;
  /** With TLS only. */
  readonly http2: boolean;
  readonly headers: Readonly<Record<string, string>>;
  /** bcrypt hash by user; empty for no authentication. */
  readonly users: ReadonlyMap<string, string>;
  readonly rateLimit: RateLimit | undefined;
}

/**
 * @param path of the file: for messages, and as the base of relative paths
 * @throws ConfigError
 */
export function parseWebConfig(text: string, path: string): WebConfig {
  const root = parseYaml(text, path).mapping([
    'tls_server_config',
    'http_server_config',
    'basic_auth_users',
    'rate_limit',
  ]);
  const http = root.get('http_server_config')?.mapping(['http2', 'headers']);
  const http2 = http?.get('http2')?.boolean() ?? true;
  return {
    tls: tlsConfig(root.get('tls_server_config'), dirname(path), http2),
    http2,
    headers: headers(http?.get('headers')),
    users: users(root.get('basic_auth_users')),
    rateLimit: rateLimit(root.get('rate_limit')),
  };
}

/** The files that a configuration names: they may change on their own. */
export function filesOf({ tls }: WebConfig): string[] {
  if (tls === undefined) return [];
  const { cert, key, clientCa } = tls;
  return [cert, key, clientCa].flatMap((source) =>
    source !== undefined && 'path' in source ? source.path : [],
  );
}

const TLS_KEYS = [
  'cert',
  'key',
  'client_ca',
  'cert_file',
  'key_file',
  'client_auth_type',
  'client_ca_file',
  'client_allowed_sans',
  'min_version',
  'max_version',
  'cipher_suites',
  'prefer_server_cipher_suites',
  'curve_preferences',
] as const;

function tlsConfig(
  section: YamlNode | undefined,
  directory: string,
  http2: boolean,
): TlsConfig | undefined {
  if (section === undefined) return undefined;
  const values = section.mapping(TLS_KEYS);
  const given = (key: (typeof TLS_KEYS)[number]) => {
    const node = values.get(key);
    return node === undefined || node.text() === '' ? undefined : node;
  };
  const source = (name: 'cert' | 'key' | 'client_ca'): PemSource | undefined => {
    const inline = given(name);
    const file = given(`${name}_file`);
    if (inline !== undefined && file !== undefined) {
      throw file.error(`${name} and ${name}_file exclude each other`);
    }
    if (file !== undefined) return { path: resolve(directory, file.text()) };
    return inline && { text: inline.text() };
  };
  const cert = source('cert');
  const key = source('key');
  const clientCa = source('client_ca');
  const authNode = given('client_auth_type');
  const cipherSuites = suites(values.get('cipher_suites'));
  const curves = (values.get('curve_preferences')?.list() ?? []).map((node) =>
    node.oneOf(Object.keys(CURVES)),
  );
  const isSet =
    cert !== undefined || key !== undefined || clientCa !== undefined || authNode !== undefined;
  const versions = Object.keys(TLS_VERSIONS) as TlsVersion[];
  const minVersion = values.get('min_version')?.oneOf(versions) ?? 'TLS12';
  const maxVersion = values.get('max_version')?.oneOf(versions) ?? 'TLS13';
  const preferServerCipherSuites = values.get('prefer_server_cipher_suites')?.boolean() ?? true;
  const clientAllowedSans = values
    .get('client_allowed_sans')
    ?.list()
    .map((node) => node.text());
  // As in exporter-toolkit: options alone do not enable TLS.
  if (!isSet) return undefined;
  if (cert === undefined) throw section.error('missing one of cert or cert_file');
  if (key === undefined) throw section.error('missing one of key or key_file');
  const clientAuthType = authType(authNode);
  if (clientCa !== undefined && clientAuthType === 'NoClientCert') {
    throw (given('client_ca') ?? given('client_ca_file')!).error(
      'a client CA needs client_auth_type: without it clients are not asked for a certificate',
    );
  }
  if (clientAuthType === 'RequireAndVerifyClientCert' && clientCa === undefined) {
    throw authNode!.error(`${clientAuthType} needs client_ca or client_ca_file`);
  }
  if (versions.indexOf(minVersion) > versions.indexOf(maxVersion)) {
    throw values
      .get('min_version')!
      .error(`min_version ${minVersion} is above max_version ${maxVersion}`);
  }
  const isTls12Listed = cipherSuites.some((name) => !TLS13_SUITES.includes(name));
  if (
    http2 &&
    isTls12Listed &&
    minVersion !== 'TLS13' &&
    !cipherSuites.some((name) => HTTP2_SUITES.includes(name))
  ) {
    throw values
      .get('cipher_suites')!
      .error(
        `HTTP/2 needs one of ${HTTP2_SUITES.join(', ')}, or set http_server_config.http2: false`,
      );
  }
  return {
    cert,
    key,
    clientAuthType,
    clientCa,
    clientAllowedSans,
    minVersion,
    maxVersion,
    cipherSuites,
    preferServerCipherSuites,
    curves,
  };
}

function authType(node: YamlNode | undefined): ClientAuthType {
  if (node === undefined) return 'NoClientCert';
  if (node.text() === 'RequireClientCert') return 'RequireAnyClientCert';
  return node.oneOf(CLIENT_AUTH_TYPES);
}

function suites(section: YamlNode | undefined): string[] {
  return (section?.list() ?? []).map((node) => {
    const name = node.text();
    if (!Object.hasOwn(CIPHER_SUITES, name)) throw node.error(`unknown cipher suite '${name}'`);
    const lack = lackOf(name);
    if (lack !== undefined) throw node.error(`${name} cannot be used: ${lack}`);
    return name;
  });
}

/** Headers that may be set, and their allowed values; any value if absent. */
const HEADERS: Readonly<Record<string, readonly string[] | undefined>> = {
  'Content-Security-Policy': undefined,
  'Strict-Transport-Security': undefined,
  'X-Content-Type-Options': ['nosniff'],
  'X-Frame-Options': ['deny', 'sameorigin'],
  'X-XSS-Protection': undefined,
};

function headers(section: YamlNode | undefined): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, node] of section?.mapping() ?? []) {
    if (!Object.hasOwn(HEADERS, name)) {
      throw node.error(`header '${name}' cannot be set; only ${Object.keys(HEADERS).join(', ')}`);
    }
    const value = node.text();
    const choices = HEADERS[name];
    if (choices !== undefined) node.oneOf(choices);
    if (/[^\t\x20-\x7e\x80-\xff]/.test(value))
      throw node.error(`header '${name}' has a character that HTTP does not allow`);
    if (value !== '') headers[name] = value;
  }
  return headers;
}

/** Prefix, cost, 22 characters of salt and 31 of hash. */
const BCRYPT = /^\$2[aby]?\$(\d\d)\$[./A-Za-z0-9]{53}$/;

/** bcrypt's own limits. */
const COSTS = { min: 4, max: 31 };

function users(section: YamlNode | undefined): Map<string, string> {
  const users = new Map<string, string>();
  for (const [name, node] of section?.mapping() ?? []) {
    const hash = node.text();
    const [, cost] = BCRYPT.exec(hash) ?? [];
    if (cost === undefined) {
      throw node.error(`the password of user '${name}' is not a bcrypt hash ($2a$, $2b$ or $2y$)`);
    }
    if (Number(cost) < COSTS.min || Number(cost) > COSTS.max) {
      throw node.error(
        `the bcrypt hash of user '${name}' has cost ${cost}, not ${COSTS.min} to ${COSTS.max}`,
      );
    }
    users.set(name, hash);
  }
  return users;
}

function rateLimit(section: YamlNode | undefined): RateLimit | undefined {
  const values = section?.mapping(['interval', 'burst']);
  const interval = values?.get('interval');
  const burst = values?.get('burst')?.integer() ?? 0;
  if (interval === undefined) return undefined;
  const intervalSeconds = parseDuration(interval.text());
  if (intervalSeconds === undefined || intervalSeconds < 0) {
    throw interval.error(
      `expected a duration such as 1s for rate_limit.interval, got '${interval.text()}'`,
    );
  }
  if (intervalSeconds === 0) return undefined;
  if (burst < 1) {
    throw (values?.get('burst') ?? interval).error(
      'rate_limit.burst must be 1 or more, else no request is ever answered',
    );
  }
  return { intervalSeconds, burst };
}
