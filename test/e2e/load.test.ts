/** The built daemon tells a router of real workers, on the real client: servers that live, die, and are started with another model. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { hashSync } from 'bcryptjs';
import { Authority } from '../support/certificates.js';
import { Daemon, promfold } from '../support/cli.js';
import { valuesOf } from '../support/exposition.js';
import { currentPython } from '../support/parts.js';
import { pick } from '../support/picker.js';
import { run } from '../support/process.js';
import { until } from '../support/session.js';
import { tempDirectory } from '../support/temp.js';
import { VllmLike } from '../support/vllm-like.js';

const python = currentPython();

let daemon: Daemon | undefined;
let vllm: VllmLike | undefined;
afterEach(async () => {
  await vllm?.stop().catch(() => {});
  await daemon?.stop();
  vllm = undefined;
  daemon = undefined;
});

function start(directory: string, model: string, engines: number): Promise<VllmLike> {
  return VllmLike.start(python.path, {
    servers: 3,
    engines,
    args: [`--model=${model}`],
    environment: { PROMETHEUS_MULTIPROC_DIR: directory },
  });
}

/** Where it listens for the load alone. */
async function loadUrl(of: Daemon): Promise<string> {
  const [, address] = await until(
    () => /address=(127\.0\.0\.1:\d+) serves=\/load/.exec(of.log),
    () => `an address for the load in ${of.log}`,
  );
  return `http://${address}`;
}

describe('a router that asks about real workers', { skip: python.skip }, () => {
  it('is told what each engine said last, whichever server wrote it, and of no model whose servers are gone', async () => {
    const directory = join(tempDirectory(), 'metrics');
    mkdirSync(directory);
    daemon = await Daemon.serve(directory, ['--web.load-address=127.0.0.1:0=engine/7']);
    assert.equal((await daemon.get('/load')).status, 503);

    vllm = await start(directory, 'first', 8);
    await vllm.serve(0, { engine: 0, requests: 9 });
    await vllm.serve(1, { engine: 0, requests: 5 });
    await vllm.serve(2, { engine: 7, requests: 2 });
    // The gauges hop between servers: of engine 0, server 1 has said the last thing.
    const first = await told(({ running }) => running === 7);
    assert.deepEqual(
      { ...first, usage: first.usage!.toFixed(6) },
      {
        waiting: 0,
        running: 7,
        usage: ((0.05 + 0.02) / 8).toFixed(6),
        blockSize: 16,
        blocks: 8000,
        runningAdapters: 'adapter',
      },
    );
    const body = (await daemon.get('/load')).body;
    assert.ok(Buffer.byteLength(body) <= 1024, `${Buffer.byteLength(body)} bytes`);
    assert.equal(pick((await daemon.get('/load/engine/0')).body).running, 5);
    const seventh = pick(await (await fetch(`${await loadUrl(daemon)}/load`)).text());
    assert.deepEqual([seventh.running, seventh.blocks], [2, 1000]);
    assert.equal((await fetch(`${await loadUrl(daemon)}/metrics`)).status, 404);

    await vllm.crash();
    await vllm.stop().catch(() => {});
    // Files of another model come into the same directory; the dead ones stay, and have the larger values.
    vllm = await start(directory, 'second', 2);
    await vllm.serve(0, { engine: 1, requests: 3 });
    const second = await told(({ running }) => running === 3);
    assert.equal(second.blocks, 2000);
    await until(
      async () => !(await daemon!.get('/load')).body.includes('first'),
      () => 'the model whose servers are gone',
    );
    assert.match((await daemon.get('/metrics')).body, /model_name="first"/);

    const self = valuesOf((await daemon.get('/metrics')).body);
    assert.ok(self.get('promfold_load_requests_total')! > 3);
    assert.ok(self.get('promfold_load_refused_total')! >= 1);
    assert.ok(self.get('promfold_load_age_seconds{model_name="second"}')! < 60);
    assert.equal(self.has('promfold_load_age_seconds{model_name="first"}'), false);
  });

  it('needs TLS, user and password on every address, where these are asked for', async () => {
    const authority = new Authority();
    authority.sign('server', 'DNS:localhost,IP:127.0.0.1');
    const config = join(authority.directory, 'web.yml');
    writeFileSync(
      config,
      `tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\nbasic_auth_users:\n  router: ${hashSync('secret', 6)}\n`,
    );
    const directory = tempDirectory();
    vllm = await start(directory, 'first', 1);
    daemon = await Daemon.serve(directory, [
      `--web.config.file=${config}`,
      '--web.load-address=127.0.0.1:0=engine/0',
    ]);
    const curl = async (url: string, ...args: string[]) => {
      const secure = url.replace('http:', 'https:');
      const ask = ['-s', '-w', '\n%{http_code}', '--cacert', authority.certificate];
      const { stdout } = await run('curl', [...ask, ...args, secure]);
      return /^(.*)\n(\d+)$/s.exec(stdout)!;
    };
    for (const url of [`${daemon.url}/load`, `${await loadUrl(daemon)}/load`]) {
      assert.equal((await curl(url))[2], '401', url);
      const [, text, status] = await curl(url, '-u', 'router:secret');
      assert.deepEqual([status, pick(text!).waiting], ['200', 0], url);
      await assert.rejects(fetch(url), 'without TLS');
    }
  });

  async function told(is: (picked: ReturnType<typeof pick>) => boolean) {
    let last = '';
    return until(
      async () => {
        const { status, body } = await daemon!.get('/load');
        last = body;
        const picked = status === 200 ? pick(body) : undefined;
        return picked !== undefined && is(picked) ? picked : undefined;
      },
      () => `a load, and not ${last}`,
    );
  }
});

describe('flags about the load that make no sense', () => {
  const refused: [flags: string[], message: RegExp][] = [
    [
      ['--load=vllm:num_requests_waiting'],
      /^promfold: --load: expected FAMILY=HOW, with sum, max, mean, min or last, got 'vllm:num_requests_waiting'/,
    ],
    [
      ['--load=waiting=median'],
      /expected FAMILY=HOW, with sum, max, mean, min or last, got 'waiting=median'/,
    ],
    [['--load=a b=sum'], /expected FAMILY=HOW/],
    [
      ['--load=vllm:lora_requests_info=max'],
      /expected a family whose value is a number of requests or the like/,
    ],
    [['--load.max-age=soon'], /^promfold: --load\.max-age: expected a duration/],
    [
      ['--load.fail-stalled', '--watchdog.silence=0'],
      /^promfold: --load\.fail-stalled: expected --watchdog\.silence above 0, got 0/,
    ],
    [
      ['--load.fail-stalled', '--watchdog.profile=none'],
      /^promfold: --load\.fail-stalled: expected a --watchdog\.profile with engines, got none/,
    ],
    [
      ['--web.load-address=19930'],
      /^promfold: --web\.load-address: expected host:port, :port, \[ipv6\]:port or unix:\/path, optionally with =engine\/N, got '19930'/,
    ],
    [['--web.load-address=:19930=rank/0'], /optionally with =engine\/N/],
    [
      ['--web.telemetry-path=/load'],
      /^promfold: --web\.telemetry-path: expected a path outside \/load, got '\/load'/,
    ],
  ];
  for (const [flags, message] of refused) {
    it(`${flags.join(' ')} is refused with 2`, async () => {
      const { exitCode, stderr } = await promfold([
        'serve',
        tempDirectory(),
        '--log.level=error',
        '--web.listen-address=127.0.0.1:0',
        ...flags,
      ]);
      assert.equal(exitCode, 2, stderr);
      assert.match(stderr, message);
    });
  }

  it('and a busy port of --web.load-address is, too', async () => {
    const busy = await Daemon.serve(tempDirectory());
    const address = busy.url.replace('http://', '');
    const { exitCode, stderr } = await promfold([
      'serve',
      tempDirectory(),
      '--log.level=error',
      '--web.listen-address=127.0.0.1:0',
      `--web.load-address=${address}=engine/0`,
    ]);
    await busy.stop();
    assert.equal(exitCode, 2);
    assert.match(stderr, new RegExp(`^promfold: ${address}: address already in use`));
  });
});
