/** Good and bad configurations, after the kinds of exporter-toolkit's own tests; and what promtool says of the same. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { loadWebConfig } from '../../src/config/web-config-file.js';
import { ConfigError } from '../../src/config/yaml-node.js';
import { Authority } from '../support/certificates.js';
import { promtool } from '../support/parts.js';
import { run } from '../support/process.js';

const HASH = '$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi';
const authority = new Authority();
const server = authority.sign('server', 'DNS:localhost,IP:127.0.0.1');
const other = authority.sign('other', 'DNS:localhost');
const directory = authority.directory;
writeFileSync(join(directory, 'empty.pem'), '');

const PAIR = '  cert_file: server.crt\n  key_file: server.key\n';
const TLS = `tls_server_config:\n${PAIR}`;
const pem = (name: string, path: string) =>
  `  ${name}: |\n${readFileSync(path, 'utf8').trim().replace(/^/gm, '    ')}\n`;

/** promtool 2.42 says otherwise where the reason is given. */
type Case = [title: string, text: string, expected: RegExp | 'good', promtoolDiffers?: string];

const cases: Case[] = [
  ['an empty file', '', 'good'],
  ['a section with nothing in it', 'tls_server_config:\nbasic_auth_users:\n', 'good'],
  ['certificate and key', TLS, 'good'],
  [
    'certificate and key by absolute paths',
    `tls_server_config:\n  cert_file: ${server.cert}\n  key_file: ${server.key}\n`,
    'good',
  ],
  [
    'certificate and key in the file',
    `tls_server_config:\n${pem('cert', server.cert)}${pem('key', server.key)}`,
    'good',
    '2.42 knows no inline certificates',
  ],
  [
    'every client authentication type',
    `${TLS}  client_auth_type: VerifyClientCertIfGiven\n`,
    'good',
  ],
  ['RequireClientCert, the older name', `${TLS}  client_auth_type: RequireClientCert\n`, 'good'],
  [
    'a client CA',
    `${TLS}  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n`,
    'good',
  ],
  [
    'names of clients',
    `${TLS}  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n  client_allowed_sans: [a.example]\n`,
    'good',
    '2.42 does not know client_allowed_sans',
  ],
  [
    'all cipher suites',
    `${TLS}  cipher_suites:\n  - TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256\n  - TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256\n  - TLS_AES_128_GCM_SHA256\n  - TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA\n`,
    'good',
  ],
  [
    'a suite without HTTP/2',
    `${TLS}  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384]\nhttp_server_config: {http2: false}\n`,
    'good',
  ],
  ['all curves', `${TLS}  curve_preferences: [CurveP256, CurveP384, CurveP521, X25519]\n`, 'good'],
  [
    'versions',
    `${TLS}  min_version: TLS13\n  max_version: TLS13\n  prefer_server_cipher_suites: false\n`,
    'good',
  ],
  ['old versions', `${TLS}  min_version: TLS10\n`, 'good'],
  [
    'headers',
    'http_server_config:\n  headers:\n    X-Frame-Options: deny\n    X-XSS-Protection: 1\n    Strict-Transport-Security: max-age=31536000\n    X-Content-Type-Options: nosniff\n    Content-Security-Policy: "default-src \'self\'"\n',
    'good',
  ],
  ['users', `basic_auth_users:\n  alice: ${HASH}\n  bob: "$2a$10$${HASH.slice(7)}"\n`, 'good'],
  [
    'a rate limit',
    'rate_limit: {interval: 1s, burst: 5}\n',
    'good',
    '2.42 does not know rate_limit',
  ],
  ['a rate limit of 0', 'rate_limit: {interval: 0}\n', 'good', '2.42 does not know rate_limit'],
  ['only how, and no certificate', 'tls_server_config:\n  min_version: TLS13\n', 'good'],

  [
    'what is not YAML',
    'hWkNKCp3fvIx3jKnsaBI\nTuEjdwNS8A2vYdFbiKqr\n',
    /^web\.yml:1:1: expected a mapping/,
  ],
  [
    'an unknown section',
    'tls_config: {}\n',
    /^web\.yml:1:1: unknown key 'tls_config'; known: tls_server_config/,
  ],
  [
    'an unknown key',
    'tls_server_config:\n  cert_filse: server.crt\n',
    /^web\.yml:2:3: unknown key 'cert_filse' in tls_server_config/,
  ],
  ['a key twice', 'rate_limit: {}\nrate_limit: {}\n', /^web\.yml:2:1: .*unique/],
  [
    'no key',
    'tls_server_config:\n  cert_file: server.crt\n',
    /^web\.yml:2:3: missing one of key or key_file/,
  ],
  [
    'no certificate',
    'tls_server_config:\n  key_file: server.key\n',
    /missing one of cert or cert_file/,
  ],
  [
    'an empty certificate path',
    'tls_server_config:\n  cert_file: ""\n  key_file: server.key\n',
    /missing one of cert or cert_file/,
  ],
  [
    'only an authentication type',
    'tls_server_config:\n  cert_file: ""\n  key_file: ""\n  client_auth_type: x\n',
    /missing one of cert/,
  ],
  [
    'a certificate that is not there',
    'tls_server_config:\n  cert_file: somefile\n  key_file: server.key\n',
    /cert_file: cannot read .*somefile: ENOENT/,
  ],
  [
    'a key that is not there',
    'tls_server_config:\n  cert_file: server.crt\n  key_file: somefile\n',
    /key_file: cannot read .*somefile: ENOENT/,
  ],
  [
    'a certificate in place of the key',
    'tls_server_config:\n  cert_file: server.crt\n  key_file: server.crt\n',
    /server\.crt: no private key in it/,
  ],
  [
    'a key in place of the certificate',
    'tls_server_config:\n  cert_file: server.key\n  key_file: server.key\n',
    /server\.key: no certificate in it/,
  ],
  [
    'the key of another certificate',
    `tls_server_config:\n  cert_file: server.crt\n  key_file: ${other.key}\n`,
    /other\.key: not the key of the certificate in .*server\.crt/,
  ],
  [
    'both ways to give a key',
    `tls_server_config:\n${PAIR}  key: x\n`,
    /key and key_file exclude each other/,
    '2.42 does not know key',
  ],
  [
    'an unknown authentication type',
    `${TLS}  client_auth_type: MaybeClientCert\n`,
    /expected one of NoClientCert, .* for tls_server_config\.client_auth_type, got 'MaybeClientCert'/,
  ],
  [
    'a client CA that nobody is asked for',
    `${TLS}  client_ca_file: ca.crt\n`,
    /a client CA needs client_auth_type/,
  ],
  [
    'a client CA that is not there',
    `${TLS}  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: somefile\n`,
    /client_ca_file: cannot read/,
  ],
  [
    'a client CA without a certificate',
    `${TLS}  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: empty.pem\n`,
    /empty\.pem: no certificate in it/,
    'Go takes no certificate for an empty list, and refuses every client',
  ],
  [
    'verification without a CA',
    `${TLS}  client_auth_type: RequireAndVerifyClientCert\n`,
    /RequireAndVerifyClientCert needs client_ca/,
    'Go finds out at the first connection',
  ],
  [
    'an invented suite',
    `${TLS}  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA2048]\n`,
    /unknown cipher suite 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA2048'/,
  ],
  [
    'suites that HTTP/2 cannot use',
    `${TLS}  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384]\n  max_version: TLS12\n`,
    /HTTP\/2 needs one of TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256/,
    'Go finds out when it listens',
  ],
  ['an invented curve', `${TLS}  curve_preferences: [CurveP257]\n`, /got 'CurveP257'/],
  [
    'an invented version',
    `${TLS}  min_version: TLS111\n`,
    /expected one of TLS10, TLS11, TLS12, TLS13 .*got 'TLS111'/,
  ],
  [
    'versions the wrong way round',
    `${TLS}  min_version: TLS13\n  max_version: TLS12\n`,
    /min_version TLS13 is above max_version TLS12/,
    'Go finds out at the first connection',
  ],
  [
    'a header that cannot be set',
    'http_server_config: {headers: {Content-Type: foo}}\n',
    /header 'Content-Type' cannot be set/,
  ],
  [
    'a wrong value of a header',
    'http_server_config: {headers: {X-Frame-Options: foo}}\n',
    /expected one of deny, sameorigin .*got 'foo'/,
  ],
  [
    'a password that is not hashed',
    'basic_auth_users: {john: doe}\n',
    /^web\.yml:1:26: the password of user 'john' is not a bcrypt hash/,
  ],
  [
    'a cost that bcrypt does not have',
    `basic_auth_users: {john: "$2y$99$${HASH.slice(7)}"}\n`,
    /has cost 99, not 4 to 31/,
  ],
  [
    'http2 that is neither',
    'http_server_config: {http2: 3}\n',
    /expected true or false for http_server_config\.http2, got '3'/,
  ],
  [
    'a rate limit that lets nobody in',
    'rate_limit: {interval: 1s}\n',
    /rate_limit\.burst must be 1 or more/,
    '2.42 does not know rate_limit; the toolkit answers 429 to all',
  ],
  [
    'an interval without a unit',
    'rate_limit: {interval: 5, burst: 1}\n',
    /expected a duration such as 1s/,
    '2.42 does not know rate_limit; the toolkit reads nanoseconds',
  ],
];

describe('a web configuration', () => {
  for (const [i, [title, text, expected]] of cases.entries()) {
    it(`with ${title} is ${expected === 'good' ? 'accepted' : 'refused'}`, async () => {
      const path = join(directory, `case-${i}.yml`);
      writeFileSync(path, text);
      if (expected === 'good') {
        await loadWebConfig(path);
        return;
      }
      await assert.rejects(loadWebConfig(path), (error: unknown) => {
        assert.ok(error instanceof ConfigError, String(error));
        assert.match(error.message.replace(path, 'web.yml'), expected);
        assert.doesNotMatch(error.message, /QOauhQNb/);
        return true;
      });
    });
  }

  it('that is not there says so', async () => {
    await assert.rejects(
      loadWebConfig('/nowhere/web.yml'),
      /^ConfigError: \/nowhere\/web\.yml: cannot read .*ENOENT/,
    );
  });
});

describe('promtool check web-config', { skip: promtool().skip }, () => {
  for (const [i, [title, , expected, differs]] of cases.entries()) {
    if (differs !== undefined) continue;
    it(`agrees about ${title}`, async () => {
      const { exitCode, stdout, stderr } = await run(promtool().path, [
        'check',
        'web-config',
        join(directory, `case-${i}.yml`),
      ]);
      assert.equal(exitCode === 0, expected === 'good', stdout + stderr);
    });
  }
});
