import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { readConfigFile } from '../../src/cli/config-file.js';
import { flagValues } from '../../src/cli/flag-values.js';
import { UsageError } from '../../src/errors.js';
import { tempDirectory } from '../support/temp.js';

function write(text: string): string {
  const path = join(tempDirectory(), 'promfold.yml');
  writeFileSync(path, text);
  return path;
}

const KEYS = ['maxRequests', 'include', 'processMetrics', 'listenAddress', 'limit'] as const;

describe('a configuration file', () => {
  it('has flags by their names: text, switches and lists', async () => {
    const file = await readConfigFile(
      write(
        'web.max-requests: 7\nmetrics.include: [vllm, http]\nprocess-metrics: yes\nlimit: series=5\n',
      ),
    );
    const values = flagValues(KEYS, {}, {}, {}, file);
    assert.equal(values.maxRequests, 7);
    assert.deepEqual(values.include, ['vllm', 'http']);
    assert.equal(values.processMetrics, true);
    assert.equal(values.limit.length, 1);
    assert.equal(values.listenAddress[0]!.text, '127.0.0.1:19925');
  });

  it('counts less than the environment, and that less than the command line', async () => {
    const file = await readConfigFile(write('web.max-requests: 7\n'));
    const environment = { PROMFOLD_WEB_MAX_REQUESTS: '8' };
    const max = (given: Record<string, string[]>, env: Record<string, string>) =>
      flagValues(['maxRequests'], given, env, { maxRequests: '3' }, file).maxRequests;
    assert.equal(max({}, {}), 7);
    assert.equal(max({}, environment), 8);
    assert.equal(max({ 'web.max-requests': ['9'] }, environment), 9);
  });

  it('may be empty', async () => {
    assert.equal((await readConfigFile(write('# nothing\n'))).size, 0);
  });

  const refused: [title: string, text: string, message: RegExp][] = [
    [
      'an unknown flag',
      'web.max-request: 7\n',
      /:1:1: unknown key 'web\.max-request'; known: web\.listen-address/,
    ],
    ['a flag of a terminal', 'json: true\n', /unknown key 'json'/],
    ['itself', 'config.file: a\n', /unknown key 'config\.file'/],
    [
      'a mapping',
      'web.max-requests: {a: 1}\n',
      /:1:19: expected text for web\.max-requests, got a mapping/,
    ],
    [
      'a list of what is not repeatable',
      'web.max-requests: [1]\n',
      /expected text for web\.max-requests, got a list/,
    ],
    [
      'a switch that is neither',
      'strict: maybe\n',
      /:1:9: expected true or false for strict, got 'maybe'/,
    ],
    ['what is not YAML', 'a: [1\n', /promfold\.yml:\d+:\d+: /],
  ];
  for (const [title, text, message] of refused) {
    it(`is refused with ${title}`, async () => {
      await assert.rejects(readConfigFile(write(text)), (error: unknown) => {
        assert.ok(error instanceof UsageError);
        assert.match(error.message, message);
        return true;
      });
    });
  }

  it('that is not there, and values that are wrong, are named', async () => {
    await assert.rejects(
      readConfigFile('/nowhere.yml'),
      /--config\.file: cannot read \/nowhere\.yml: no such file/,
    );
    const file = await readConfigFile(write('\nweb.max-requests: many\n'));
    assert.throws(
      () => flagValues(['maxRequests'], {}, {}, {}, file),
      /promfold\.yml:2:19: web\.max-requests: expected a whole number, 0 or more, got 'many'/,
    );
  });
});
