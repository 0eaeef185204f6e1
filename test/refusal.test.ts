/** Which Node and which system promfold refuses. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { OLDEST_NODE, refusal } from '../src/refusal.js';
import { ROOT } from './support/paths.js';

describe('refusal', () => {
  it('asks for the Node of package.json', () => {
    const { engines } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8'));
    assert.equal(engines.node, `>=${OLDEST_NODE}`);
  });

  for (const node of ['20.19.0', '20.19.1', '20.100.0', '22.0.0', '26.12.1', '24.0.0-nightly']) {
    it(`runs on Node ${node}`, () => assert.equal(refusal(node, 'linux'), undefined));
  }

  for (const node of ['20.18.3', '20.9.0', '18.20.8', '10.24.1', '0.12.18']) {
    it(`refuses Node ${node}`, () => assert.match(refusal(node, 'linux')!, /^expected Node 20/));
  }

  for (const platform of ['darwin', 'win32', 'freebsd']) {
    it(`refuses ${platform}`, () => assert.match(refusal('22.0.0', platform)!, /^expected Linux/));
  }
});
