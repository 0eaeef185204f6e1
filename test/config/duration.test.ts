import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseDuration } from '../../src/config/duration.js';

describe("Go's durations", () => {
  const known: [text: string, seconds: number | undefined][] = [
    ['1s', 1],
    ['0', 0],
    ['0s', 0],
    ['100ms', 0.1],
    ['1m30s', 90],
    ['1.5h', 5_400],
    ['.5s', 0.5],
    ['2us', 2e-6],
    ['-1s', -1],
    ['+1s', 1],
    ['', undefined],
    ['1', undefined],
    ['s', undefined],
    ['1d', undefined],
    ['1s ', undefined],
    ['1s2', undefined],
    ['--1s', undefined],
  ];
  for (const [text, seconds] of known) {
    it(`${JSON.stringify(text)} is ${seconds}`, () => assert.equal(parseDuration(text), seconds));
  }
});
