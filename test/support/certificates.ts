/** A certificate authority of a test's own, and certificates that it signs. Made by openssl(1). */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempDirectory } from './temp.js';

const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' });

export class Authority {
  readonly directory: string;
  readonly certificate: string;

  constructor(directory = tempDirectory(), name = 'ca') {
    this.directory = directory;
    this.certificate = join(directory, `${name}.crt`);
    openssl(
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-keyout', this.#key, '-out', this.certificate, '-days', '2', '-subj', `/CN=${name}`],
      ...['-addext', 'basicConstraints=critical,CA:TRUE'],
    );
  }

  /** Writes NAME.crt and NAME.key. @param names as `DNS:localhost,IP:127.0.0.1` */
  sign(name: string, names: string): { readonly cert: string; readonly key: string } {
    const at = (suffix: string) => join(this.directory, `${name}.${suffix}`);
    openssl(
      ...['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-keyout', at('key'), '-out', at('csr'), '-subj', `/CN=${name}`],
    );
    writeFileSync(at('ext'), `subjectAltName=${names}`);
    openssl(
      ...['x509', '-req', '-in', at('csr'), '-CA', this.certificate, '-CAkey', this.#key],
      ...['-CAcreateserial', '-out', at('crt'), '-days', '2', '-extfile', at('ext')],
    );
    return { cert: at('crt'), key: at('key') };
  }

  get #key(): string {
    return this.certificate.replace(/crt$/, 'key');
  }
}
