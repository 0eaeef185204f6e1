/**
 * scripts/release, in a clone elsewhere: what it makes there from nothing is what is made here, byte for byte; and what
 * it refuses.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { before, describe, it } from 'node:test';
import { VERSION } from '../../src/cli/version.js';
import { makePackage } from '../support/packages.js';
import { part } from '../support/parts.js';
import { ROOT } from '../support/paths.js';
import { run } from '../support/process.js';
import { tempDirectory } from '../support/temp.js';

const compiler = part('a compiler for arm64', '/usr/bin/aarch64-linux-gnu-g++-12', existsSync);
const skip = compiler.skip || (process.arch === 'x64' ? false : 'needs x64');

/** As the commit of the clone below. */
const EPOCH = '1700000000';
const env = {
  ...process.env,
  SOURCE_DATE_EPOCH: EPOCH,
  XZ_OPT: '-0',
  GIT_AUTHOR_NAME: 'a',
  GIT_AUTHOR_EMAIL: 'a@b',
  GIT_COMMITTER_NAME: 'a',
  GIT_COMMITTER_EMAIL: 'a@b',
};

/** A repository of what is tracked here, as it is now, with the packages and Nodes that are installed here. */
function cloneElsewhere(): string {
  const clone = join(tempDirectory(), 'elsewhere/promfold');
  mkdirSync(clone, { recursive: true });
  const shell = (script: string) =>
    execFileSync('bash', ['-euo', 'pipefail', '-c', script, '-', ROOT], { cwd: clone, env });
  shell(`clone=$PWD; cd "$1"
    git ls-files -z --cached --others --exclude-standard -- ':!test' |
      tar c --null --files-from=- --ignore-failed-read | tar x -C "$clone"`);
  // Not linked: the paths of what is bundled are those of the files themselves.
  shell('cp -a "$1/node_modules" .');
  // One addon is compiled anew; the other would take as long once more.
  shell(`flock "$1/.sysroots/lock" node "$1/scripts/package/portable-addon.js" x64
    mkdir -p native/build/portable-x64
    cp -p "$1/native/build/portable-x64/promfold.node" native/build/portable-x64/`);
  symlinkSync(`${ROOT}/.nodes`, join(clone, '.nodes'));
  shell('git init -q . && git add -A && git commit -qm all');
  return clone;
}

describe('scripts/release', { skip }, () => {
  const out = tempDirectory();
  let clone = '';
  const release = (...args: string[]) =>
    run(join(clone, 'scripts/release'), args, { cwd: '/', env });

  before(async () => {
    clone = cloneElsewhere();
    const { exitCode, stdout, stderr } = await release(VERSION, out);
    assert.equal(exitCode, 0, stderr);
    assert.equal(stdout, `${out}\n`);
  });

  const wheel = (machine: string) => `promfold-${VERSION}-py3-none-manylinux_2_28_${machine}.whl`;

  it('makes each format for each architecture, with sums, an SBOM and notes', async () => {
    assert.deepEqual(
      readdirSync(out).sort(),
      [
        'notes.txt',
        'SHA256SUMS',
        `promfold-${VERSION}.cdx.json`,
        `promfold-${VERSION}-linux-arm64.tar.xz`,
        `promfold-${VERSION}-linux-x64.tar.xz`,
        wheel('aarch64'),
        wheel('x86_64'),
        `promfold-${VERSION}.tgz`,
      ].sort(),
    );
    const { exitCode, stdout } = await run('sha256sum', ['--check', 'SHA256SUMS'], { cwd: out });
    assert.equal(exitCode, 0);
    assert.equal(stdout.trim().split('\n').length, readdirSync(out).length - 1);
    assert.match(readFileSync(join(out, 'notes.txt'), 'utf8'), /^## \[.*\] - .*\n(?:.*\n)*- /);
  });

  it('makes the same bytes as another run, elsewhere, with other objects', async () => {
    const again = tempDirectory();
    for (const [format, ...args] of [
      ['npm'],
      ['wheel', '--arch', 'x64'],
      ['wheel', '--arch=arm64'],
      ['tarball', '--arch', 'x64'],
    ] as const) {
      const path = await makePackage(format, args, again, env);
      const [own, other] = [path, join(out, basename(path))].map((each) => readFileSync(each));
      assert.ok(own!.equals(other!), basename(path));
    }
    const sbom = await run('node', ['scripts/package/sbom.js'], { cwd: clone, env });
    assert.equal(sbom.stdout, readFileSync(join(out, `promfold-${VERSION}.cdx.json`), 'utf8'));
  });

  it('makes an SBOM that the schema of CycloneDX allows, of all that is in the bundle', async () => {
    const schemas = `${ROOT}/node_modules/@cyclonedx/cyclonedx-library/res/schema`;
    const read = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
    const { Ajv } = await import('ajv');
    const ajv = new Ajv({ strict: false, validateFormats: false });
    for (const name of readdirSync(schemas).filter((each) =>
      /^(?:jsf|spdx|crypto).*json$/.test(each),
    )) {
      const { $id, ...schema } = read(`${schemas}/${name}`);
      ajv.addSchema(schema, `http://cyclonedx.org/schema/${name}`);
    }
    const isValid = ajv.compile(read(`${schemas}/bom-1.6.SNAPSHOT.schema.json`));
    const sbom = read(join(out, `promfold-${VERSION}.cdx.json`));
    const valid: boolean = isValid(sbom);
    assert.ok(valid, JSON.stringify(isValid.errors));
    const { metadata, components } = read(join(out, `promfold-${VERSION}.cdx.json`));
    assert.equal(metadata.timestamp, '2023-11-14T22:13:20.000Z');
    const names = components.map(({ name }: { name: string }) => name);
    for (const name of ['fastify', 'pino', 'node-addon-api', 'libstdc++', 'node']) {
      assert.ok(names.includes(name), name);
    }
    // What it says it refuses.
    assert.ok(!isValid({ bomFormat: 'CycloneDX', specVersion: '1.6', serialNumber: 'urn:uuid:1' }));
  });

  it('refuses another version, changes that are not committed, and a version without changes', async () => {
    const refused = async (line: RegExp, ...args: string[]) => {
      const { exitCode, stderr } = await release(...args);
      assert.notEqual(exitCode, 0);
      assert.match(stderr, line);
    };
    await refused(/^scripts\/release: expected VERSION \[OUTDIR\], got ''$/m);
    await refused(
      /^scripts\/release: expected .*, the version of package\.json, got 99\.0\.0;/m,
      '99.0.0',
    );
    appendFileSync(join(clone, 'README.md'), 'more\n');
    await refused(/^scripts\/release: there are changes that are not committed/m, VERSION, out);
    execFileSync('npm', ['version', '--no-git-tag-version', '99.0.0'], { cwd: clone, env });
    execFileSync('git', ['commit', '-qam', 'more'], { cwd: clone, env });
    await refused(
      /^promfold: \.github\/CHANGELOG\.md has no changes under "## \[99\.0\.0\] - DATE"/m,
      '99.0.0',
      out,
    );
  });

  it('refuses a package with a file that no rule allows', async () => {
    const place = tempDirectory();
    const tarball = join(out, `promfold-${VERSION}.tgz`);
    await run('tar', ['xzf', tarball, '-C', place]);
    const list = (path: string) => run('node', [`${ROOT}/scripts/package/packed-list.js`, path]);
    assert.equal((await list(tarball)).exitCode, 0);
    const odd = join(place, 'odd.tgz');
    appendFileSync(join(place, 'package/.env'), 'SECRET=1\n');
    await run('tar', ['czf', odd, '-C', place, 'package']);
    const { exitCode, stderr } = await list(odd);
    assert.equal(exitCode, 1);
    assert.match(stderr, /has files of no rule: .*\.env/);
    rmSync(join(place, 'package/.env'));
    rmSync(join(place, 'package/src'), { recursive: true });
    await run('tar', ['czf', odd, '-C', place, 'package']);
    assert.match((await list(odd)).stderr, /has nothing of src\/manual/);
  });
});
