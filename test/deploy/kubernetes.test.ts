/**
 * The manifests for Kubernetes: what a cluster does not complain of and yet goes wrong. No cluster is asked; the
 * command that wipes is run by a real shell, and the sidecar's arguments by a real promfold.
 */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { HEALTHY } from '../../src/serve/endpoint.js';
import { Daemon } from '../support/cli.js';
import { deployPython, kustomizePart } from '../support/parts.js';
import { GOLDEN, ROOT } from '../support/paths.js';
import { run } from '../support/process.js';
import { tempDirectory } from '../support/temp.js';
import { parseYaml } from '../support/yaml.js';

const FOLDER = `${ROOT}/scripts/deploy/kubernetes`;
const kustomize = kustomizePart();
const { path: python, skip } = deployPython();

interface Container {
  readonly name: string;
  readonly image: string;
  readonly restartPolicy?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly livenessProbe?: { readonly httpGet: { readonly path: string; readonly port: string } };
  readonly readinessProbe?: unknown;
  readonly startupProbe?: unknown;
  readonly resources: { readonly requests?: object; readonly limits?: object };
  readonly securityContext?: Record<string, unknown>;
  readonly volumeMounts: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly readOnly?: boolean;
  }[];
}

interface PodTemplate {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: {
    readonly shareProcessNamespace: boolean;
    readonly securityContext?: Record<string, unknown>;
    readonly initContainers: readonly Container[];
    readonly containers: readonly Container[];
    readonly volumes: readonly {
      readonly name: string;
      readonly emptyDir?: { readonly medium?: string; readonly sizeLimit?: string };
    }[];
  };
}

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  // biome-ignore lint/suspicious/noExplicitAny: each kind has its own.
  readonly spec: any;
}

function documents(name: string): Manifest[] {
  return parseYaml(python, readFileSync(join(FOLDER, name), 'utf8')) as Manifest[];
}

/** The pods with a sidecar. */
const POD_TEMPLATES: readonly [file: string, find: (manifest: Manifest) => PodTemplate][] = [
  ['vllm.yaml', ({ spec }) => spec.template],
  ['dynamo.yaml', ({ spec }) => spec.components[1].podTemplate],
  ['kserve.yaml', ({ spec }) => ({ metadata: spec.predictor, spec: spec.predictor })],
];

/** Tested below. */
const OTHERS = ['component', 'example', 'llm-d.values.yaml', 'podmonitor.yaml'];

function variable({ env = [] }: Container): string | undefined {
  return env.find(({ name }) => name === 'PROMETHEUS_MULTIPROC_DIR')?.value;
}

/** For a promfold on this machine. */
function flagsOf({ args = [] }: Container): string[] {
  return args
    .filter((arg) => !/^serve$|^--web\.listen-address=/.test(arg))
    .map((arg) => arg.replace(/^(--recorder\.dir)=.*/, `$1=${join(tempDirectory(), 'recorded')}`));
}

for (const [file, find] of POD_TEMPLATES) {
  describe(`kubernetes/${file}`, { skip }, () => {
    const { spec, metadata } = find(documents(file)[0]!);
    const sidecar = spec.initContainers[0]!;
    const engine = spec.containers[0]!;

    it('runs promfold as a sidecar that keeps no pod from being ready', () => {
      assert.equal(spec.initContainers.length, 1);
      assert.equal(sidecar.name, 'promfold');
      assert.equal(sidecar.restartPolicy, 'Always');
      assert.equal(sidecar.readinessProbe, undefined);
      assert.equal(sidecar.startupProbe, undefined);
      assert.deepEqual(sidecar.livenessProbe!.httpGet, { path: HEALTHY.path, port: 'promfold' });
    });

    it('listens on the port it names, for Prometheus outside of the pod', () => {
      assert.deepEqual(sidecar.ports, [{ name: 'promfold', containerPort: 19925 }]);
      assert.ok(sidecar.args!.includes('--web.listen-address=:19925'));
      const taken = (engine.ports ?? []).map(({ containerPort }) => containerPort);
      assert.ok(!taken.includes(19925));
    });

    it('has both containers see one tmpfs, and in it the directory, which is no mount itself', () => {
      const mounts = [sidecar, engine].map((container) => {
        const path = variable(container)!;
        assert.ok(!container.volumeMounts.some(({ mountPath }) => mountPath === path));
        return container.volumeMounts.find(({ mountPath }) => mountPath === dirname(path))!;
      });
      const [read, write] = mounts;
      assert.equal(variable(sidecar), variable(engine));
      assert.equal(read!.name, write!.name);
      // Files of dead processes can be folded.
      assert.notEqual(read!.readOnly, true);
      assert.notEqual(write!.readOnly, true);
      const volume = spec.volumes.find(({ name }) => name === read!.name)!;
      assert.equal(volume.emptyDir!.medium, 'Memory');
      assert.match(volume.emptyDir!.sizeLimit!, /^\d+Mi$/);
    });

    it('mounts only volumes that it has', () => {
      const volumes = new Set(spec.volumes.map(({ name }) => name));
      for (const { volumeMounts } of [sidecar, engine]) {
        for (const { name } of volumeMounts) assert.ok(volumes.has(name), name);
      }
    });

    it('records to a volume of its own, with room for all of it', () => {
      const given = (flag: string) =>
        sidecar.args!.find((arg) => arg.startsWith(`${flag}=`))!.slice(flag.length + 1);
      const mount = sidecar.volumeMounts.find(
        ({ mountPath }) => mountPath === given('--recorder.dir'),
      )!;
      assert.notEqual(mount.readOnly, true);
      assert.ok(!engine.volumeMounts.some(({ name }) => name === mount.name));
      const { emptyDir } = spec.volumes.find(({ name }) => name === mount.name)!;
      // Memory would count as that of the sidecar.
      assert.equal(emptyDir!.medium, undefined);
      const [, most] = /^(\d+)Mi$/.exec(emptyDir!.sizeLimit!)!;
      const [, used] = /^(\d+)MiB$/.exec(given('--recorder.disk-size'))!;
      // A pod that is beyond the limit is evicted: while a file is replaced, both of it take room.
      assert.ok(Number(most) >= 1.5 * Number(used));
    });

    it('asks for what it may use, and for no right', () => {
      assert.deepEqual(sidecar.resources.requests, sidecar.resources.limits);
      const context = { ...spec.securityContext, ...sidecar.securityContext };
      assert.equal(context.runAsNonRoot, true);
      assert.equal(context.readOnlyRootFilesystem, true);
      assert.equal(context.allowPrivilegeEscalation, false);
      assert.deepEqual(context.capabilities, { drop: ['ALL'] });
      assert.deepEqual(context.seccompProfile, { type: 'RuntimeDefault' });
      // Who is alive can be seen in one namespace only, by the same user and group.
      assert.equal(spec.shareProcessNamespace, true);
      assert.ok(Number(context.runAsUser) > 0 && Number(context.runAsGroup) > 0);
    });

    it('makes and wipes the directory when the engine container starts, and then is the engine', async () => {
      const directory = join(tempDirectory(), 'with blank');
      mkdirSync(directory);
      for (const name of ['counter_7.db', '-f.db', 'keep.txt']) {
        writeFileSync(join(directory, name), '');
      }
      const [shell, ...rest] = engine.command!;
      const report = [
        '-c',
        'echo "$0 $# $1"; ls "$PROMETHEUS_MULTIPROC_DIR"; echo $$',
        'engine',
        'a b',
      ];
      const { exitCode, stdout } = await run(shell!, [...rest, '/bin/sh', ...report], {
        env: { ...process.env, PROMETHEUS_MULTIPROC_DIR: directory },
      });
      assert.equal(exitCode, 0);
      assert.match(stdout, /^engine 1 a b\nkeep\.txt\n\d+\n$/);
      // An empty directory has nothing to wipe, and that is not a failure.
      const empty = await run(shell!, [...rest, 'true'], {
        env: { ...process.env, PROMETHEUS_MULTIPROC_DIR: tempDirectory() },
      });
      assert.deepEqual([empty.exitCode, empty.stderr], [0, '']);
      const missing = join(tempDirectory(), 'prom');
      const made = await run(shell!, [...rest, 'test', '-d', missing], {
        env: { ...process.env, PROMETHEUS_MULTIPROC_DIR: missing },
      });
      assert.deepEqual([made.exitCode, made.stderr], [0, '']);
    });

    it('starts a promfold', async () => {
      const flags = flagsOf(sidecar);
      assert.ok(flags.every((flag) => typeof flag === 'string'));
      const daemon = await Daemon.serve(`${GOLDEN}/colons/files`, flags);
      try {
        assert.equal((await daemon.get(sidecar.livenessProbe!.httpGet.path)).status, 200);
        assert.match((await daemon.get('/metrics')).body, /^promfold_up 1/m);
      } finally {
        await daemon.stop();
      }
    });

    it('is found by a PodMonitor', () => {
      const monitor = documents('podmonitor.yaml')[0]!.spec;
      assert.deepEqual(monitor.podMetricsEndpoints[0].port, sidecar.ports![0]!.name);
      for (const [label, value] of Object.entries(monitor.selector.matchLabels)) {
        assert.equal(metadata.labels[label], value);
      }
    });
  });
}

describe('kubernetes/dynamo.yaml, with its two lines for one page', { skip }, () => {
  it('serves once what Dynamo serves twice, and what only Dynamo has', async () => {
    const [append, include, ...more] = [
      ...readFileSync(join(FOLDER, 'dynamo.yaml'), 'utf8').matchAll(/^ +# - (--[a-z].*)$/gm),
    ].map(([, flag]) => flag!);
    assert.deepEqual(more, []);
    const golden = `${GOLDEN}/dynamo-worker`;
    const own = [
      '# HELP dynamo_component_requests_total Requests.',
      '# TYPE dynamo_component_requests_total counter',
      'dynamo_component_requests_total{dynamo_component="backend"} 5',
      '',
    ].join('\n');
    // Once from the process, once from the files.
    const once = readFileSync(`${golden}/expected.dynamo.prom`, 'utf8');
    const page = own + once + once;
    const dynamo = createServer((_, response) => {
      response.setHeader('content-type', 'text/plain; charset=utf-8').end(page);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => dynamo.once('listening', resolve));
    const { port } = dynamo.address() as { port: number };
    const sidecar = POD_TEMPLATES[1]![1](documents('dynamo.yaml')[0]!).spec.initContainers[0]!;
    const flags = flagsOf(sidecar);
    const daemon = await Daemon.serve(`${golden}/files`, [
      ...flags,
      append!.replace('//127.0.0.1:9090/', `//127.0.0.1:${port}/`),
      include!,
    ]);
    try {
      const { body } = await daemon.get('/metrics');
      assert.match(body, /^promfold_append_up\{url="[^"]+"\} 1/m);
      assert.match(body, /^dynamo_component_requests_total\{.*\} 5/m);
      for (const family of ['vllm:prompt_tokens_total', 'dynamo_component_requests_total']) {
        assert.equal(body.match(new RegExp(`^# TYPE ${family} `, 'gm'))!.length, 1, family);
      }
      const samples = body
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'))
        .map((line) => line.slice(0, line.lastIndexOf(' ')));
      assert.equal(new Set(samples).size, samples.length);
    } finally {
      await daemon.stop();
      dynamo.close();
    }
  });
});

describe('kubernetes/podmonitor.yaml', { skip }, () => {
  it('drops from the page of Dynamo what comes from the files, and nothing else', () => {
    const [, dynamo] = documents('podmonitor.yaml');
    const [{ action, sourceLabels, regex }] = dynamo!.spec.podMetricsEndpoints[0].metricRelabelings;
    assert.deepEqual([action, sourceLabels], ['drop', ['__name__']]);
    // Prometheus anchors it at both ends.
    const dropped = new RegExp(`^(?:${regex})$`);
    for (const name of [
      'vllm:num_requests_running',
      'lmcache:hits',
      'dynamo_component_embedding_cache_entries',
    ]) {
      assert.match(name, dropped);
    }
    for (const name of ['dynamo_component_requests_total', 'dynamo_component_total_blocks', 'up']) {
      assert.doesNotMatch(name, dropped);
    }
  });

  it('has the operator find the alerts: the job is named as they expect', () => {
    const [monitor] = documents('podmonitor.yaml');
    assert.equal(monitor!.metadata.name, 'promfold');
  });

  it('has only manifests next to it that are tested here', () => {
    const sidecars = readdirSync(FOLDER).filter((name) => !OTHERS.includes(name));
    assert.deepEqual(sidecars.sort(), POD_TEMPLATES.map(([name]) => name).sort());
    for (const name of OTHERS) assert.ok(readdirSync(FOLDER).includes(name), name);
  });
});

/** The sidecar of vllm.yaml, which all others are like. */
function referenceSidecar(): Container {
  const [, find] = POD_TEMPLATES[0]!;
  return find(documents('vllm.yaml')[0]!).spec.initContainers[0]!;
}

describe('kubernetes/component', { skip: skip || kustomize.skip }, () => {
  async function build(folder: string): Promise<Manifest[]> {
    const { exitCode, stdout, stderr } = await run(kustomize.path, ['build', folder]);
    assert.equal(exitCode, 0, stderr);
    return parseYaml(python, stdout) as Manifest[];
  }

  it('adds to a Deployment the sidecar of vllm.yaml, its volumes and its label, and changes nothing else', async () => {
    const [shop] = await build(`${FOLDER}/example`);
    const { metadata, spec } = shop!.spec.template as PodTemplate;
    const reference = referenceSidecar();
    const [sidecar] = spec.initContainers;
    for (const key of [
      'name',
      'image',
      'restartPolicy',
      'env',
      'ports',
      'livenessProbe',
      'resources',
      'volumeMounts',
    ] as const) {
      assert.deepEqual(sidecar![key], reference[key], key);
    }
    // What is vLLM's own is left out.
    assert.deepEqual(
      sidecar!.args,
      reference.args!.filter((arg) => !arg.includes('vllm:')),
    );
    const context = { ...spec.securityContext, ...sidecar!.securityContext };
    assert.equal(context.runAsNonRoot, true);
    assert.equal(context.readOnlyRootFilesystem, true);
    assert.deepEqual(context.capabilities, { drop: ['ALL'] });
    assert.equal(spec.shareProcessNamespace, true);
    assert.equal(metadata.labels.promfold, 'enabled');
    assert.equal(metadata.labels['app.kubernetes.io/name'], 'shop');

    const [web] = spec.containers;
    assert.deepEqual(web!.ports, [{ name: 'http', containerPort: 8000 }]);
    assert.equal(variable(web!), variable(sidecar!));
    const [read, write] = [sidecar!, web!].map(({ volumeMounts }) => volumeMounts[0]!);
    assert.deepEqual([read!.name, write!.name], ['metrics-files', 'metrics-files']);
    assert.deepEqual([read!.readOnly, write!.readOnly], [undefined, undefined]);
    const [shell, option, script] = web!.command!;
    assert.deepEqual([shell, option], ['/bin/sh', '-c']);
    assert.match(script!, /^mkdir -p -- "\$PROMETHEUS_MULTIPROC_DIR"; rm -f -- .*; exec gunicorn/);
  });

  it('adds it to each workload that has the label, whatever it has already, and to no other', async () => {
    const folder = tempDirectory();
    cpSync(join(FOLDER, 'component'), join(folder, 'component'), { recursive: true });
    mkdirSync(join(folder, 'app'));
    const workload = (kind: string, name: string, labels: object, pod: object) => ({
      apiVersion: 'apps/v1',
      kind,
      metadata: { name, labels },
      spec: { template: { spec: pod } },
    });
    const label = { promfold: 'enabled' };
    const container = { name: 'a', image: 'a' };
    const workloads = [
      workload('StatefulSet', 'labelled', label, { containers: [container] }),
      workload('Deployment', 'full', label, {
        initContainers: [{ name: 'before', image: 'b' }],
        containers: [container],
        volumes: [{ name: 'cache', emptyDir: {} }],
      }),
      workload('Deployment', 'plain', {}, { containers: [container] }),
    ];
    writeFileSync(
      join(folder, 'app/all.yaml'),
      workloads.map((each) => JSON.stringify(each)).join('\n---\n'),
    );
    writeFileSync(
      join(folder, 'app/kustomization.yaml'),
      JSON.stringify({ resources: ['all.yaml'], components: ['../component'] }),
    );
    const built = await build(join(folder, 'app'));
    const pod = (name: string) =>
      built.find(({ metadata }) => metadata.name === name)!.spec.template.spec;
    assert.deepEqual(pod('plain'), { containers: [container] });
    const names = (list: { name: string }[]) => list.map(({ name }) => name).sort();
    assert.deepEqual(names(pod('labelled').initContainers), ['promfold']);
    assert.deepEqual(names(pod('full').initContainers), ['before', 'promfold']);
    assert.deepEqual(names(pod('full').volumes), ['cache', 'metrics-files', 'recorded']);
  });
});

describe('kubernetes/llm-d.values.yaml', { skip }, () => {
  it('gives the decode pods the sidecar of vllm.yaml, without what needs a common PID namespace', () => {
    const [{ decode }] = parseYaml(
      python,
      readFileSync(join(FOLDER, 'llm-d.values.yaml'), 'utf8'),
    ) as [{ decode: PodTemplate['spec'] }];
    const reference = referenceSidecar();
    const [sidecar] = decode.initContainers;
    for (const key of [
      'name',
      'image',
      'restartPolicy',
      'ports',
      'livenessProbe',
      'resources',
    ] as const) {
      assert.deepEqual(sidecar![key], reference[key], key);
    }
    for (const arg of sidecar!.args!) assert.ok(reference.args!.includes(arg), arg);
    const [engine] = decode.containers;
    assert.equal(variable(engine!), variable(sidecar!));
    const mounted = [sidecar!, engine!].map(({ volumeMounts }) => volumeMounts[0]!);
    assert.deepEqual(
      mounted.map(({ readOnly }) => readOnly),
      [true, undefined],
    );
    for (const { name, mountPath } of mounted) {
      assert.equal(mountPath, variable(sidecar!));
      assert.equal(
        decode.volumes.find((volume) => volume.name === name)!.emptyDir!.medium,
        'Memory',
      );
    }
  });
});
