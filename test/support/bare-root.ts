/**
 * A root directory that has nothing but what it is given, to try packages in: of a minimal Debian 11, or of its C and C++
 * libraries alone, without a shell. Programs run in it as a user without rights, without a network and without
 * variables; all is read-only but /srv, which is a folder of the test's, and /tmp, where nothing may be executed.
 */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { VERSION } from '../../src/cli/version.js';
import { GOLDEN, ROOT } from './paths.js';
import { type Finished, run, start } from './process.js';
import { tempDirectory } from './temp.js';

/** Its page is the same in any order of reading. */
const CASE = 'colons';

/** Owns what it writes, and nothing else. */
const USER = 65532;

/** Made by scripts/test. */
const SYSTEM = {
  /** Python with venv, coreutils and a shell; install_bare_root of scripts/setup.sh. */
  debian: `${ROOT}/.sysroots/bullseye`,
  /** scripts/package/sysroot */
  libraries: `${ROOT}/.sysroots/linux-x64`,
};

export type System = keyof typeof SYSTEM;

/** Why programs cannot be run in a bare root here; false where they can. Under CI that is a failure. */
export function noBareRoot(system: System): string | false {
  const reason =
    process.getuid?.() !== 0
      ? 'needs root'
      : process.arch !== 'x64'
        ? 'needs x64'
        : !existsSync(SYSTEM[system]) && `${SYSTEM[system]} is missing: run scripts/test`;
  if (reason && process.env.CI === 'true') throw new Error(reason);
  return reason;
}

/**
 * $1 is an empty folder, which becomes the root, $2 the system, $3 what PATH is; then pairs of a path in the root and a
 * folder of this machine, `--`, and the program that the shell becomes.
 */
const ENTER = `
set -e
root=$1 system=$2 path=$3
shift 3
for entry in "$system"/*; do
  place=$root/\${entry##*/}
  case $place in */proc | */dev | */tmp | */srv) continue ;; esac
  if [ -L "$entry" ]; then ln -s "$(readlink "$entry")" "$place"
  elif [ -d "$entry" ]; then mkdir "$place"; mount --bind "$entry" "$place"; mount -o remount,bind,ro "$place"
  fi
done
mkdir "$root/proc" "$root/dev" "$root/tmp"
while [ "$1" != -- ]; do
  mkdir -p "$root$1"
  mount --bind "$2" "$root$1"
  [ "$1" = /srv ] || mount -o remount,bind,ro "$root$1"
  shift 2
done
shift
mount --rbind "$root" "$root"
mount -o remount,bind,ro "$root"
cd "$root"
mount -t proc proc proc
mount --rbind /dev dev
mount -t tmpfs -o noexec,nosuid,nodev,mode=1777 tmpfs tmp
exec env -i "PATH=$path" HOME=/srv "$(command -v chroot)" --userspec=${USER}:${USER} --groups= "$root" "$@"
`;

export class BareRoot {
  /** On this side; /srv in the root. */
  readonly shared = tempDirectory();
  readonly #system: System;
  readonly #mounts: Readonly<Record<string, string>>;

  /** @param mounts folders of this machine by their paths in the root, which are not in the system */
  constructor(system: System, mounts: Readonly<Record<string, string>> = {}) {
    this.#system = system;
    this.#mounts = mounts;
    chmodSync(this.shared, 0o777);
  }

  /** @param path what PATH is; the only other variable is HOME, which npm needs of a user without a name */
  run(path: string, program: readonly string[]): Promise<Finished> {
    return run('unshare', this.#arguments(path, program));
  }

  /** `promfold serve` of a golden case, on a socket; resolves once it answers. */
  async serve(path: string, promfold: readonly string[]): Promise<BareDaemon> {
    const socket = join(this.shared, 'promfold.sock');
    rmSync(socket, { force: true });
    const flags = ['--web.listen-address=unix:/srv/promfold.sock', '--dead-processes=hide-live'];
    const program = [...promfold, 'serve', ...flags, '/golden'];
    const child = start('unshare', this.#arguments(path, program));
    const daemon = new BareDaemon(child, socket);
    await daemon.answer('/-/healthy');
    return daemon;
  }

  #arguments(path: string, program: readonly string[]): string[] {
    const root = tempDirectory();
    chmodSync(root, 0o755);
    const mounts = { ...this.#mounts, '/golden': `${GOLDEN}/${CASE}/files`, '/srv': this.shared };
    return [
      ...['--mount', '--pid', '--net', '--ipc', '--fork', '--kill-child', '--'],
      ...['sh', '-c', ENTER, 'sh', root, SYSTEM[this.#system], path],
      ...[...Object.entries(mounts).flat(), '--', ...program],
    ];
  }
}

class BareDaemon {
  readonly #child: ChildProcess;
  readonly #socket: string;
  #log = '';

  constructor(child: ChildProcess, socket: string) {
    this.#child = child;
    this.#socket = socket;
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.on('data', (chunk: Buffer) => {
        this.#log += chunk;
      });
    }
  }

  /** The body; waits until there is one. */
  async answer(path: string): Promise<string> {
    for (const deadline = Date.now() + 30_000; ; await sleep(20)) {
      if (this.#child.exitCode !== null || Date.now() > deadline) throw new Error(this.#log);
      const body = await this.#get(path);
      if (body !== undefined) return body;
    }
  }

  #get(path: string): Promise<string | undefined> {
    return new Promise((resolve) => {
      const request = get({ socketPath: this.#socket, path }, async (response) => {
        resolve((await response.setEncoding('utf8').toArray()).join(''));
      });
      request.on('error', () => resolve(undefined));
    });
  }

  /** By a signal to promfold itself, the first process of its namespace. */
  async stop(): Promise<number | null> {
    const { pid, exitCode } = this.#child;
    assert.equal(exitCode, null, this.#log);
    const ended = once(this.#child, 'exit');
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    process.kill(Number(children), 'SIGTERM');
    return (await ended)[0];
  }
}

/** What every package is asked of the golden case: each command that a user types first. */
export async function assertWorks(root: BareRoot, path: string, promfold: readonly string[]) {
  const version = await root.run(path, [...promfold, '--version']);
  assert.deepEqual([version.exitCode, version.stderr], [0, '']);
  assert.match(version.stdout, new RegExp(`^promfold ${VERSION} \\(node v.*\\)\n$`));
  const scraped = await root.run(path, [...promfold, 'scrape', '/golden']);
  assert.deepEqual([scraped.exitCode, scraped.stderr], [0, '']);
  assert.equal(scraped.stdout, readFileSync(`${GOLDEN}/${CASE}/expected.prom`, 'utf8'));
  const topic = await root.run(path, [...promfold, 'help', 'flags']);
  assert.match(topic.stdout, /--web\.listen-address/);

  const daemon = await root.serve(path, promfold);
  const page = await daemon.answer('/metrics');
  assert.match(page, /^promfold_up 1/m);
  for (const line of scraped.stdout.split('\n')) assert.ok(page.includes(line), line);
  // Its threads are files of the bundle.
  assert.match(page, /^promfold_dead_processes \d/m);
  assert.equal(await daemon.stop(), 0);
}
