/**
 * scripts/deploy/compose, as far as it goes without a Docker daemon. What the Dockerfiles copy is there and comes
 * through their ignore files; what the images run is run: promfold as a user of no right on a read-only root with the
 * packages that are in it alone, the application by a real gunicorn, Prometheus' configuration by promtool.
 */
import assert from 'node:assert/strict';
import type { SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { VERSION } from '../../src/cli/version.js';
import { freePort } from '../support/free-port.js';
import { makePackage } from '../support/packages.js';
import { deployPython, promtool } from '../support/parts.js';
import { MAIN, ROOT } from '../support/paths.js';
import { run, start } from '../support/process.js';
import { tempDirectory } from '../support/temp.js';
import { parseYaml } from '../support/yaml.js';

const FOLDER = `${ROOT}/scripts/deploy/compose`;
const python = deployPython();
const tool = promtool();
const asRoot = process.getuid?.() === 0 ? python.skip : 'needs root';

const text = (name: string) => readFileSync(join(FOLDER, name), 'utf8');

/** The instructions of a Dockerfile, continued lines joined, comments gone. */
function instructions(name: string): { word: string; rest: string }[] {
  return text(name)
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, word, rest] = /^(\w+)\s+(.*)$/.exec(line)!;
      return { word: word!, rest: rest! };
    });
}

const last = (name: string, word: string) =>
  instructions(name).findLast((each) => each.word === word)!.rest;

/** What is copied from the context, without what comes from another stage. */
function copied(name: string): string[] {
  return instructions(name)
    .filter(({ word, rest }) => word === 'COPY' && !rest.startsWith('--from'))
    .flatMap(({ rest }) => rest.split(/\s+/).slice(0, -1));
}

/** Asks until there is an answer. */
async function answer(url: string): Promise<{ status: number; body: string }> {
  for (const deadline = Date.now() + 20_000; ; ) {
    try {
      const response = await fetch(url);
      return { status: response.status, body: await response.text() };
    } catch (cause) {
      if (Date.now() > deadline) throw new Error(`nobody answers at ${url}`, { cause });
      await sleep(50);
    }
  }
}

const NO_RIGHTS = ['--no-new-privs', '--bounding-set=-all', '--inh-caps=-all'];

/** Runs until `stop()`. */
function watched([program, ...args]: readonly string[], options: SpawnOptions) {
  const child = start(program!, args, options);
  const ended = once(child, 'exit');
  let log = '';
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on('data', (chunk: Buffer) => {
      log += chunk;
    });
  }
  return {
    log: () => log,
    /** @returns the exit code */
    async stop(): Promise<number | null> {
      child.kill('SIGTERM');
      return (await ended)[0];
    },
  };
}

interface Service {
  readonly image?: string;
  readonly build?: string | { readonly context: string; readonly dockerfile: string };
  readonly user?: string;
  readonly pid?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
}

interface Compose {
  readonly services: Readonly<Record<'app' | 'promfold' | 'prometheus' | 'grafana', Service>>;
  readonly volumes: Readonly<
    Record<string, { readonly driver_opts: Readonly<Record<string, string>> }>
  >;
}

const compose = () => parseYaml(python.path, text('compose.yaml'))[0] as Compose;

/** Words of the image's command, on another port. */
const words = (json: string, port: number): string[] =>
  JSON.parse(json.replaceAll('19925', String(port)));

describe('compose/Dockerfile', () => {
  const ARCH = /\$\{ARCH\}/;
  /** Of its context. */
  const added = () => last('Dockerfile', 'ADD').split(/\s+/)[0]!;

  it('adds what scripts/package/tarball makes, and its ignore file lets just that through', () => {
    const [everything, ...excepted] = text('Dockerfile.dockerignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    assert.equal(everything, '*');
    const arch = /^ARCH=(.*)$/.exec(
      instructions('Dockerfile').find(({ word }) => word === 'ARG')!.rest,
    );
    assert.equal(arch?.[1], 'x64');
    const name = added().replace(ARCH, arch![1]!);
    assert.ok(matchesGlob(name, `dist/packages/promfold-${VERSION}-linux-x64.tar.xz`), name);
    assert.deepEqual(excepted, [`!${added().replace(ARCH, '*')}`]);
  });

  it('has no shell, a user without rights, and the variable set', () => {
    assert.match(last('Dockerfile', 'FROM'), /^gcr\.io\/distroless\/cc-debian12:nonroot$/);
    assert.match(last('Dockerfile', 'USER'), /^[1-9]\d+:[1-9]\d+$/);
    assert.match(last('Dockerfile', 'ENV'), /PROMETHEUS_MULTIPROC_DIR=\/metrics-files$/);
    // The exec form: a command of one text is run by a shell.
    const entry = last('Dockerfile', 'ENTRYPOINT');
    for (const command of [entry, last('Dockerfile', 'CMD')]) assert.match(command, /^\[/);
    assert.ok(last('Dockerfile', 'ENV').includes(`PATH=${dirname(JSON.parse(entry)[0])}:`));
  });

  it('starts as its user on a read-only root, and is found healthy', {
    skip: asRoot,
  }, async () => {
    const image = await imageFolder();
    const port = await freePort();
    const [uid, gid] = last('Dockerfile', 'USER').split(':');
    const inImage = (word: string) => word.replace(/^\/promfold\//, `${image}/`);
    const program = [
      ...words(last('Dockerfile', 'ENTRYPOINT'), port),
      ...words(last('Dockerfile', 'CMD'), port),
    ].map(inImage);
    // Where the probe can be written the root is not read-only.
    const readOnly = 'mount -o remount,bind,ro / && ! touch "$0" 2>/dev/null && exec "$@"';
    const daemon = watched(
      [
        ...['unshare', '--mount', 'sh', '-c', readOnly, join(image, 'probe')],
        ...['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', ...NO_RIGHTS],
        ...program,
      ],
      {
        cwd: '/',
        // As in an image that nobody mounted anything into.
        env: { PATH: process.env.PATH, PROMETHEUS_MULTIPROC_DIR: '/metrics-files' },
      },
    );
    try {
      const { status, body } = await answer(`http://127.0.0.1:${port}/metrics`);
      assert.equal(status, 200);
      assert.match(body, /^promfold_up 0/m);
      const [, command] = /CMD (\[.*\])$/.exec(last('Dockerfile', 'HEALTHCHECK'))!;
      const check = async (asked: number) => {
        const [node, ...args] = words(command!, asked).map(inImage);
        return (await run(node!, args)).exitCode;
      };
      assert.equal(await check(port), 0);
      assert.equal(await check(await freePort()), 1);
    } catch (cause) {
      throw new Error(`${cause}\n${daemon.log()}`, { cause });
    } finally {
      assert.equal(await daemon.stop(), 0, daemon.log());
    }
  });
});

/** /promfold as the Dockerfile leaves it: the tarball, unpacked. */
async function imageFolder(): Promise<string> {
  const image = tempDirectory();
  // The directories of tests are of mode 0700.
  chmodSync(image, 0o755);
  const tarball = await makePackage('tarball');
  const args = ['xf', tarball, '-C', image, '--strip-components=1', '--no-same-owner'];
  assert.equal((await run('tar', args)).exitCode, 0);
  return image;
}

/** As Docker does: `*` stands for what has no slash. */
function matchesGlob(glob: string, path: string): boolean {
  const pattern = glob.replaceAll('.', '\\.').replaceAll('*', '[^/]*');
  return new RegExp(`^${pattern}$`).test(path);
}

describe('compose/app', { skip: asRoot }, () => {
  it('is counted over its workers by a promfold of the same user without rights, which sees the dead', async () => {
    const place = tempDirectory();
    const metricFiles = join(place, 'metrics');
    mkdirSync(metricFiles);
    const stale = join(metricFiles, 'counter_7.db');
    writeFileSync(stale, 'of a start before');
    for (const source of copied('app/Dockerfile')) {
      cpSync(join(FOLDER, 'app', source), join(place, source));
    }

    const port = await freePort();
    const env = {
      PATH: `${dirname(python.path)}:${process.env.PATH}`,
      PROMETHEUS_MULTIPROC_DIR: metricFiles,
      GUNICORN_CMD_ARGS: `--bind=127.0.0.1:${port}`,
    };
    const app = watched(['setpriv', ...NO_RIGHTS, ...JSON.parse(last('app/Dockerfile', 'CMD'))], {
      cwd: place,
      env,
    });
    const promfoldPort = await freePort();
    const flags = compose().services.promfold.command!.map((word) =>
      word.replace(':19925', `127.0.0.1:${promfoldPort}`),
    );
    const daemon = watched(['setpriv', ...NO_RIGHTS, process.execPath, MAIN, ...flags], { env });
    try {
      for (let request = 0; request < 40; request += 1) {
        assert.equal((await answer(`http://127.0.0.1:${port}/`)).body, 'ok\n');
      }
      assert.ok(!existsSync(stale));
      const url = `http://127.0.0.1:${promfoldPort}/metrics`;
      const page = await answer(url);
      assert.match(page.body, /^shop_requests_total\{server="gunicorn"\} 40\.0$/m);
      assert.match(page.body, /^shop_requests_in_progress 0\.0$/m);
      assert.match(page.body, /^promfold_up 1/m);

      // gunicorn makes another one; child_exit tells the client.
      const victim = Number(/counter_(\d+)\.db/.exec(readdirSync(metricFiles).join(' '))![1]);
      process.kill(victim, 'SIGKILL');
      const gauge = join(metricFiles, `gauge_livesum_${victim}.db`);
      for (const deadline = Date.now() + 15_000; existsSync(gauge); await sleep(50)) {
        assert.ok(Date.now() < deadline, 'child_exit was not called');
      }
      for (const deadline = Date.now() + 20_000; ; await sleep(250)) {
        const { body } = await answer(url);
        assert.match(body, /^shop_requests_total\{server="gunicorn"\} 40\.0$/m);
        if (/^promfold_dead_processes 1/m.test(body)) break;
        assert.ok(Date.now() < deadline, `the dead worker is not seen: ${body}`);
      }
    } catch (cause) {
      throw new Error(`${cause}\n${app.log()}\n${daemon.log()}`, { cause });
    } finally {
      await Promise.all([app.stop(), daemon.stop()]);
    }
  });
});

describe('compose/compose.yaml', { skip: python.skip }, () => {
  it('mounts and builds what there is', () => {
    const { services, volumes } = compose();
    for (const [name, { build, volumes: mounts = [] }] of Object.entries(services)) {
      if (typeof build === 'string') assert.ok(existsSync(join(FOLDER, build, 'Dockerfile')));
      else if (build !== undefined) {
        assert.equal(normalize(join(FOLDER, build.context)), `${ROOT}/`.replace(/\/$/, ''));
        assert.ok(existsSync(join(FOLDER, build.context, build.dockerfile)));
      }
      for (const [source] of mounts.map((mount) => mount.split(':'))) {
        const there = source!.startsWith('.')
          ? existsSync(join(FOLDER, source!))
          : source! in volumes;
        assert.ok(there, `${name}: ${source}`);
      }
    }
  });

  it('gives promfold the files, the eyes of the application, and no right', () => {
    const { services, volumes } = compose();
    const { app, promfold } = services;
    const [uid, gid] = app.user!.split(':');
    assert.match(
      volumes['metrics-files']!.driver_opts.o!,
      new RegExp(`uid=${uid},gid=${gid},mode=0755`),
    );
    const path = app.environment!.PROMETHEUS_MULTIPROC_DIR!;
    assert.equal(promfold.environment!.PROMETHEUS_MULTIPROC_DIR, path);
    // The directory is in the volume: a mount itself could not be compacted.
    for (const { volumes: mounts } of [app, promfold]) {
      assert.deepEqual(mounts, [`metrics-files:${dirname(path)}`]);
    }
    assert.ok(text('Dockerfile').includes(`PROMETHEUS_MULTIPROC_DIR=${dirname(path)}`));
    assert.deepEqual([promfold.user, promfold.pid], [app.user, 'service:app']);
    assert.equal(promfold.read_only, true);
    assert.deepEqual(promfold.cap_drop, ['ALL']);
    assert.deepEqual(promfold.security_opt, ['no-new-privileges:true']);
  });

  it('shows itself to this machine only', () => {
    for (const { ports = [] } of Object.values(compose().services)) {
      for (const port of ports) assert.match(port, /^127\.0\.0\.1:(\d+):\1$/);
    }
  });

  it('has Prometheus ask promfold, with rules that are all found', {
    skip: tool.skip,
  }, async () => {
    const { services } = compose();
    // As the volumes lay it out.
    const etc = tempDirectory();
    for (const mount of services.prometheus.volumes!) {
      const [source, target] = mount.split(':');
      cpSync(join(FOLDER, source!), join(etc, target!.replace('/etc/prometheus/', '')), {
        recursive: true,
      });
    }
    const { exitCode, stdout, stderr } = await run(tool.path, [
      'check',
      'config',
      join(etc, 'prometheus.yml'),
    ]);
    assert.equal(exitCode, 0, stdout + stderr);
    for (const name of readdirSync(`${ROOT}/scripts/deploy/prometheus`)) {
      if (/-(rules|alerts)\.yml$/.test(name))
        assert.match(stdout, new RegExp(`rules/${name}\\n *SUCCESS`));
    }
    const [{ scrape_configs }] = parseYaml(python.path, text('prometheus.yml')) as [
      { scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[] },
    ];
    assert.deepEqual(
      scrape_configs.map(({ job_name, static_configs }) => [job_name, static_configs[0]!.targets]),
      [['promfold', ['promfold:19925']]],
    );
  });

  it('has Grafana find its data source and both dashboards', () => {
    const { services } = compose();
    const mounts = services.grafana.volumes!.map((mount) => mount.split(':'));
    const target = (source: string) => mounts.find(([from]) => from === source)![1]!;
    const provisioning = '/etc/grafana/provisioning';
    assert.match(target('./grafana/datasource.yaml'), new RegExp(`^${provisioning}/datasources/`));
    assert.match(target('./grafana/dashboards.yaml'), new RegExp(`^${provisioning}/dashboards/`));
    const [{ datasources }] = parseYaml(python.path, text('grafana/datasource.yaml')) as [
      { datasources: { type: string; url: string; isDefault: boolean }[] },
    ];
    assert.deepEqual(
      datasources.map(({ type, url, isDefault }) => [type, url, isDefault]),
      [['prometheus', 'http://prometheus:9090', true]],
    );
    const [{ providers }] = parseYaml(python.path, text('grafana/dashboards.yaml')) as [
      { providers: { options: { path: string } }[] },
    ];
    assert.equal(providers[0]!.options.path, target('../grafana'));
  });
});
