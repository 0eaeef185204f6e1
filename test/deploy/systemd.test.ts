/**
 * The units for systemd: what systemd itself says of them, and whether the rights of the discovering one are enough
 * to reach a directory of another user in another mount namespace.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { currentPython, systemdAnalyze } from '../support/parts.js';
import { MAIN, ROOT } from '../support/paths.js';
import { run, start } from '../support/process.js';
import { tempDirectory } from '../support/temp.js';
import { VllmLike } from '../support/vllm-like.js';

const FOLDER = `${ROOT}/scripts/deploy/systemd`;
const units = readdirSync(FOLDER).filter((name) => name.endsWith('.service'));
const python = currentPython();
const asRoot = process.getuid?.() === 0 ? python.skip : 'needs root';
const NOBODY = '65534';

/** The settings of a unit; those given twice in one list. */
function settingsOf(unit: string): Map<string, string[]> {
  const settings = new Map<string, string[]>();
  for (const line of readFileSync(join(FOLDER, unit), 'utf8').split('\n')) {
    const [, name, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (name !== undefined) settings.set(name, [...(settings.get(name) ?? []), value!]);
  }
  return settings;
}

const one = (unit: string, name: string) => settingsOf(unit).get(name)?.[0];

describe('the units', () => {
  it('are what systemd takes', {
    skip: systemdAnalyze().skip,
  }, async () => {
    const directory = tempDirectory();
    for (const unit of [...units, 'promfold.socket']) {
      // It looks whether the program is there.
      const text = readFileSync(join(FOLDER, unit), 'utf8').replace(
        /^ExecStart=\S+/m,
        'ExecStart=/bin/true',
      );
      writeFileSync(join(directory, unit), text);
    }
    const files = [...units, 'promfold.socket'].map((unit) => join(directory, unit));
    const { exitCode, stdout, stderr } = await run(systemdAnalyze().path, ['verify', ...files]);
    const own = (stdout + stderr).split('\n').filter((line) => line.includes('promfold'));
    assert.deepEqual([exitCode, own], [0, []]);
  });

  // Tenths, as systemd-analyze rates it: 0 for the least exposed.
  for (const [unit, tenths] of [
    ['promfold.service', 12],
    ['promfold-discover.service', 29],
  ] as const) {
    it(`${unit} is exposed as little as it was`, { skip: systemdAnalyze().skip }, async () => {
      const args = ['security', '--offline=true', '--no-pager', `--threshold=${tenths}`];
      const rated = await run(systemdAnalyze().path, [...args, join(FOLDER, unit)]);
      assert.equal(rated.exitCode, 0, rated.stdout + rated.stderr);
    });
  }

  for (const unit of units) {
    it(`${unit} lets V8 compile and does not start without end`, () => {
      assert.equal(one(unit, 'MemoryDenyWriteExecute'), undefined);
      assert.equal(one(unit, 'Restart'), 'on-failure');
      // serve exits 0 after at most 5 s.
      assert.ok(Number(one(unit, 'TimeoutStopSec')) > 5);
    });
  }

  it('promfold.service has no right and sees no process', () => {
    const unit = 'promfold.service';
    assert.equal(one(unit, 'DynamicUser'), 'yes');
    assert.equal(one(unit, 'CapabilityBoundingSet'), '');
    assert.equal(one(unit, 'ProtectProc'), 'invisible');
    // Its PrivateTmp hides /tmp.
    assert.doesNotMatch(one(unit, 'Environment')!, /=\/tmp/);
  });

  it('promfold-discover.service hides nothing of what it has to see', () => {
    const unit = 'promfold-discover.service';
    assert.equal(one(unit, 'DynamicUser'), undefined);
    assert.equal(one(unit, 'PrivateUsers'), undefined);
    assert.equal(one(unit, 'PrivateTmp'), 'no');
    assert.equal(one(unit, 'ProtectProc'), 'default');
    assert.equal(one(unit, 'AmbientCapabilities'), one(unit, 'CapabilityBoundingSet'));
  });

  it('promfold-discover.service has the rights to reach a directory of mode 0700 in another mount namespace', {
    skip: asRoot,
  }, async () => {
    const unit = 'promfold-discover.service';
    const capabilities = one(unit, 'AmbientCapabilities')!
      .split(' ')
      .map((name) => `+${name.toLowerCase().replace('cap_', '')}`)
      .join(',');
    const [, ...command] = one(unit, 'ExecStart')!.split(' ');
    const place = tempDirectory();
    const wrapper = ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs none "$0" && exec "$@"'];
    const vllm = await VllmLike.start(python.path, {
      wrapper: [...wrapper, place],
      environment: { TMPDIR: place },
    });
    try {
      await vllm.facts();
      await vllm.serve(0, { requests: 3 });
      const answers = async (rights: string) => {
        const daemon = start(
          'setpriv',
          [
            `--reuid=${NOBODY}`,
            `--regid=${NOBODY}`,
            '--clear-groups',
            '--no-new-privs',
            `--bounding-set=-all${rights}`,
            `--inh-caps=-all${rights}`,
            `--ambient-caps=-all${rights}`,
            ...[process.execPath, MAIN, ...command, '--web.listen-address=127.0.0.1:0'],
          ],
          { env: { PATH: process.env.PATH } },
        );
        let log = '';
        for (const stream of [daemon.stdout!, daemon.stderr!]) {
          stream.on('data', (chunk: Buffer) => {
            log += chunk;
          });
        }
        try {
          let page = '';
          // The first scan takes a moment; without the rights it never finds anything.
          for (let tries = 0; tries < 100 && !/^vllm:prompt_tokens_total/m.test(page); tries += 1) {
            const port = /127\.0\.0\.1:([1-9]\d*)/.exec(log)?.[1];
            if (port !== undefined) {
              const response = await fetch(`http://127.0.0.1:${port}/metrics`);
              page = await response.text();
              if (rights === '' && page !== '' && tries > 20) break;
            }
            await sleep(100);
          }
          return { page, log };
        } finally {
          daemon.kill('SIGTERM');
        }
      };
      const { page, log } = await answers(`,${capabilities}`);
      assert.match(page, /^vllm:prompt_tokens_total\{.*\} 300\.0$/m, log);
      assert.doesNotMatch((await answers('')).page, /vllm:/);
    } finally {
      await vllm.stop();
    }
  });
});
