/**
 * The npm package where there is Node with npm and nothing else: on a minimal Debian 11, installed without scripts and
 * without a network into a prefix of the user's, and run from a read-only root. On each Node that promfold supports.
 */
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { before, describe, it } from 'node:test';
import { VERSION } from '../../src/cli/version.js';
import { assertWorks, BareRoot, noBareRoot } from '../support/bare-root.js';
import { makePackage, nodes, npmFolder } from '../support/packages.js';
import { ROOT } from '../support/paths.js';
import { run } from '../support/process.js';

describe('the npm package', { skip: noBareRoot('debian') }, () => {
  let tarball = '';
  before(async () => {
    tarball = await makePackage('npm');
    assert.ok(tarball.endsWith(`/promfold-${VERSION}.tgz`), tarball);
  });

  const listed = async () => (await run('tar', ['tzf', tarball])).stdout.trimEnd().split('\n');

  it('has what package.json of the tree says, and both addons', async () => {
    const { files, bin } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8'));
    const names = (await listed()).map((name) => name.replace(/^package\//, ''));
    const rules = ['package.json', 'LICENSE', 'README.md', ...files].map((rule: string) => {
      const pattern = rule.replaceAll('.', '\\.').replaceAll('*', '[^/]+');
      return new RegExp(`^${pattern}${rule.endsWith('/') ? '' : '$'}`);
    });
    assert.deepEqual(
      names.filter((name) => !rules.some((rule) => rule.test(name))),
      [],
    );
    // No rule is without a file.
    for (const rule of rules)
      assert.ok(
        names.some((name) => rule.test(name)),
        String(rule),
      );
    for (const path of Object.values(bin)) assert.ok(names.includes(path as string));
    for (const arch of ['x64', 'arm64']) {
      assert.ok(names.includes(`native/prebuilds/linux-${arch}/promfold.node`), arch);
    }
  });

  it('runs nothing when it is installed, and brings no other package', async () => {
    const { stdout } = await run('tar', ['xzOf', tarball, 'package/package.json']);
    const published = JSON.parse(stdout);
    for (const key of ['scripts', 'dependencies', 'devDependencies', 'private']) {
      assert.ok(!(key in published), key);
    }
    assert.deepEqual(
      [published.name, published.version, published.license],
      ['promfold', VERSION, 'Apache-2.0'],
    );
  });

  it('takes less than the 22 MB of the packages it has in it', async () => {
    const { stdout } = await run('sh', ['-c', 'gzip -dc "$0" | wc -c', tarball]);
    assert.ok(Number(stdout) < 10e6, `${stdout} bytes`);
  });

  for (const [version, node] of nodes()) {
    it(`is installed and runs on Node ${version}`, async () => {
      const folders = { '/node': dirname(node), '/npm': npmFolder() };
      const root = new BareRoot('debian', folders);
      copyFileSync(tarball, join(root.shared, 'promfold.tgz'));
      const options = ['--offline', '--ignore-scripts', '--prefix=/srv/prefix', '--cache=/srv/npm'];
      const installed = await root.run('/node:/usr/bin', [
        ...['/node/node', '/npm/bin/npm-cli.js', 'install', '-g', ...options, '/srv/promfold.tgz'],
      ]);
      assert.equal(installed.exitCode, 0, installed.stderr);
      assert.match(installed.stdout, /^added 1 package/m);
      await assertWorks(root, '/node:/srv/prefix/bin:/usr/bin', ['promfold']);
    });
  }
});
