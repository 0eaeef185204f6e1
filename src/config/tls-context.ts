/**
 * Translates `tls_server_config` for Node's TLS: reads certificates, and refuses now what OpenSSL would refuse at the
 * first connection.
 *
 * Source: Node, tls.createSecureContext() and tls.createServer(); Go, crypto/tls, ClientAuthType.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext, DEFAULT_CIPHERS, type TlsOptions } from 'node:tls';
import { boundedIo } from '../bounded-io.js';
import { CIPHER_SUITES, CURVES, TLS_VERSIONS, TLS13_SUITES } from './tls-names.js';
import type { PemSource, TlsConfig } from './web-config.js';
import { ConfigError } from './yaml-node.js';

/** OpenSSL considers TLS 1.0 and 1.1 too weak for its level 1. */
const ALLOW_OLD_VERSIONS = '@SECLEVEL=0';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----/;

/**
 * @param path of the configuration, for messages
 * @throws ConfigError
 */
export async function tlsOptions(config: TlsConfig, path: string): Promise<TlsOptions> {
  const [cert, key, ca] = await Promise.all([
    pemOf('cert', config.cert, path),
    pemOf('key', config.key, path),
    config.clientCa && pemOf('client_ca', config.clientCa, path),
  ]);
  if (ca !== undefined && !CERTIFICATE.test(ca)) {
    throw new ConfigError(`${placeOf('client_ca', config.clientCa!, path)}: no certificate in it`);
  }
  checkPair(cert, key, config, path);
  const { clientAuthType, cipherSuites, curves, minVersion, maxVersion } = config;
  const isOld = minVersion === 'TLS10' || minVersion === 'TLS11';
  const suites = cipherSuites.length === 0 ? [] : [...new Set([...TLS13_SUITES, ...cipherSuites])];
  const ciphers = suites.map((name) => CIPHER_SUITES[name]!);
  const options: TlsOptions = {
    cert,
    key,
    ...(ca !== undefined && { ca }),
    requestCert: clientAuthType !== 'NoClientCert',
    rejectUnauthorized: clientAuthType === 'RequireAndVerifyClientCert',
    minVersion: TLS_VERSIONS[minVersion],
    maxVersion: TLS_VERSIONS[maxVersion],
    honorCipherOrder: config.preferServerCipherSuites,
    ...(suites.length > 0 && { ciphers: ciphers.join(':') }),
    ...(isOld && {
      ciphers: [suites.length > 0 ? ciphers.join(':') : DEFAULT_CIPHERS, ALLOW_OLD_VERSIONS].join(
        ':',
      ),
    }),
    ...(curves.length > 0 && { ecdhCurve: curves.map((name) => CURVES[name]!).join(':') }),
  };
  try {
    createSecureContext(options);
  } catch (error) {
    throw new ConfigError(`${path}: tls_server_config: ${(error as Error).message}`);
  }
  return options;
}

/** @throws ConfigError that says which of the two is wrong */
function checkPair(cert: string, key: string, config: TlsConfig, path: string): void {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(cert);
  } catch {
    throw new ConfigError(`${placeOf('cert', config.cert, path)}: no certificate in it (PEM)`);
  }
  let privateKey: ReturnType<typeof createPrivateKey>;
  try {
    privateKey = createPrivateKey(key);
  } catch {
    throw new ConfigError(
      `${placeOf('key', config.key, path)}: no private key in it (PEM, without a passphrase)`,
    );
  }
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new ConfigError(
      `${placeOf('key', config.key, path)}: not the key of the certificate in ${placeOf('cert', config.cert, path)}`,
    );
  }
}

async function pemOf(name: string, source: PemSource, path: string): Promise<string> {
  if ('text' in source) return source.text;
  try {
    return Buffer.from(await boundedIo.readFile(source.path)).toString();
  } catch (error) {
    const { code = (error as Error).message } = error as NodeJS.ErrnoException;
    throw new ConfigError(`${path}: ${name}_file: cannot read ${source.path}: ${code}`);
  }
}

function placeOf(name: string, source: PemSource, path: string): string {
  return 'path' in source ? source.path : `${path}: ${name}`;
}
