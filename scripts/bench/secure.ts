/** What TLS and a user cost: scrapes over kept connections, with both and without, in turns; and a handshake. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashSync } from 'bcryptjs';
import { Daemon } from './daemon.js';
import { median } from './median.js';
import { RawClient } from './raw-client.js';

export interface SecureFigures {
  /** A scrape over a kept connection: with TLS and a user, and without. */
  readonly ms: number;
  readonly plainMs: number;
  /** A connection anew, TLS 1.3, to its first small answer. */
  readonly handshakeMs: number;
}

const USER = 'bench:secret';

export async function measureSecure(directory: string, runs: number): Promise<SecureFigures> {
  const place = mkdtempSync(join(tmpdir(), 'promfold-bench-tls-'));
  const certificate = join(place, 'server.crt');
  execFileSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-keyout', join(place, 'server.key'), '-out', certificate, '-days', '2'],
    ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'],
  ]);
  const [user, password] = USER.split(':') as [string, string];
  const config = join(place, 'web.yml');
  writeFileSync(
    config,
    `tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\nbasic_auth_users:\n  ${user}: ${hashSync(password, 10)}\n`,
  );
  const secure = {
    ca: readFileSync(certificate),
    authorization: `Basic ${Buffer.from(USER).toString('base64')}`,
  };
  const plain = await Daemon.start(directory);
  const guarded = await Daemon.start(directory, [`--web.config.file=${config}`], secure);
  try {
    const ms: number[] = [];
    const plainMs: number[] = [];
    // The first pays for bcrypt.
    for (const daemon of [plain, guarded]) for (let i = 0; i < 5; i++) await daemon.scrape();
    for (let i = 0; i < runs; i++) {
      plainMs.push((await plain.scrape()).ms);
      ms.push((await guarded.scrape()).ms);
    }
    const handshakes: number[] = [];
    for (let i = 0; i < runs; i++) {
      const startedMs = performance.now();
      const client = await RawClient.connect(guarded.port, secure);
      await client.get('/-/healthy');
      handshakes.push(performance.now() - startedMs);
      client.close();
    }
    return { ms: median(ms), plainMs: median(plainMs), handshakeMs: median(handshakes) };
  } finally {
    await plain.close();
    await guarded.close();
    rmSync(place, { recursive: true });
  }
}
