/** The rules of scripts/deploy/prometheus, by promtool: they are valid, and each does what its unit tests say. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { promtool } from '../support/parts.js';
import { ROOT } from '../support/paths.js';
import { run } from '../support/process.js';

const { path: tool, skip } = promtool();
const PROMETHEUS = `${ROOT}/scripts/deploy/prometheus`;
const UNIT_TESTS = `${ROOT}/test/deploy`;

const ruleFiles = readdirSync(PROMETHEUS).filter((name) => /-(rules|alerts)\.yml$/.test(name));

describe('the rules for Prometheus', () => {
  it('are valid, and prometheus.yml names all of them', { skip }, async () => {
    const { exitCode, stdout, stderr } = await run(tool, [
      'check',
      'config',
      `${PROMETHEUS}/prometheus.yml`,
    ]);
    assert.equal(exitCode, 0, stdout + stderr);
    for (const name of ruleFiles) assert.match(stdout, new RegExp(`${name}\\n *SUCCESS`));
  });

  for (const name of ruleFiles) {
    const unitTest = `${UNIT_TESTS}/${name.replace('.yml', '.test.yml')}`;

    it(`${name} does what its unit tests say`, { skip }, async () => {
      const { exitCode, stdout, stderr } = await run(tool, ['test', 'rules', unitTest]);
      assert.equal(exitCode, 0, stdout + stderr);
    });

    it(`${name} has a unit test of each rule`, () => {
      const tests = readFileSync(unitTest, 'utf8');
      const rules = readFileSync(`${PROMETHEUS}/${name}`, 'utf8').matchAll(
        /- (?:alert|record): (\S+)/g,
      );
      for (const [, rule] of rules) {
        // A recording rule that others are made of is tested by them.
        if (rule!.startsWith('model_le:')) continue;
        assert.ok(tests.includes(rule!), `${rule} has no unit test`);
      }
    });
  }
});
