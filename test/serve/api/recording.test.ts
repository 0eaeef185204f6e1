/** GET /api/v1/recording, and what the status says of the recorder. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { openRecording } from '../../../src/native.js';
import { counter, writeMetricFile } from '../../support/metric-file.js';
import { keysOf } from '../../support/recording.js';
import { until } from '../../support/session.js';
import { tempDirectory } from '../../support/temp.js';
import { Served } from './served.js';

function directoryOf(family: string): string {
  const directory = tempDirectory();
  writeMetricFile(join(directory, 'counter_1.db'), [counter(family, 7, { user: 'alice' })]);
  return directory;
}

async function recorded(served: Served, ticks: number): Promise<void> {
  served.recorder!.start();
  await until(
    () => served.recorder!.ticks > ticks,
    () => `${ticks} ticks`,
  );
}

describe('the recording of a daemon', () => {
  const one = directoryOf('jobs');
  const served = new Served(one, { intervalSeconds: 0.02 });
  before(() => recorded(served, 5));
  after(() => served.close());

  it('is one file', async () => {
    const { statusCode, headers, rawPayload } = await served.server.inject(
      '/api/v1/recording?last=1h',
    );
    assert.equal(statusCode, 200);
    assert.equal(headers['content-type'], 'application/octet-stream');
    assert.equal(headers['cache-control'], 'no-store');
    assert.match(String(headers['content-disposition']), /filename="promfold-recording\.rec"/);
    const recording = await openRecording([rawPayload]);
    assert.ok(recording.times().length >= 5);
    assert.match(keysOf(recording)[0]!, /jobs_total/);
  });

  it('has no more than was asked for', async () => {
    await until(
      () => served.recorder!.secondsOf(undefined)! >= 1,
      () => 'a second',
    );
    const { rawPayload } = await served.server.inject('/api/v1/recording?last=300ms');
    const times = (await openRecording([rawPayload])).times();
    assert.ok(times.at(-1)! - times[0]! < 0.4, `${times[0]} to ${times.at(-1)}`);
  });

  it('is saved one at a time', async () => {
    const asked = await Promise.all(
      Array.from({ length: 5 }, () => served.server.inject('/api/v1/recording')),
    );
    const codes = asked.map(({ statusCode }) => statusCode);
    assert.ok(codes.includes(200), `${codes}`);
    assert.ok(codes.every((code) => code === 200 || code === 503));
    const { statusCode } = await served.server.inject('/api/v1/recording');
    assert.equal(statusCode, 200);
  });

  it('is in the status', async () => {
    const { recorder } = await served.ok('/status');
    const [source, ...others] = recorder.sources;
    assert.deepEqual(others, []);
    assert.equal(source.path, one);
    assert.ok(source.fromSeconds < source.toSeconds);
    assert.ok(source.bytes > 0 && source.bytes === recorder.bytes);
    assert.equal(recorder.maxBytes, 2 ** 24);
    assert.equal(recorder.intervalSeconds, 0.02);
    assert.ok(recorder.ticks >= 5);
  });

  it('has hashes in place of the values of a label', async () => {
    const { rawPayload } = await served.server.inject('/api/v1/recording?redact=user');
    const keys = keysOf(await openRecording([rawPayload]));
    assert.match(keys.join(), /"user":"redacted-[0-9a-f]{16}"/);
    assert.doesNotMatch(keys.join(), /alice/);
    const { rawPayload: plain } = await served.server.inject('/api/v1/recording');
    assert.match(keysOf(await openRecording([plain])).join(), /"user":"alice"/);
  });

  const refused: [query: string, expected: string][] = [
    ['redact=usr&redact=user', "redact: expected a label that a series has, got 'usr'"],
    ['last=15', "last: expected a duration such as 30s, 15m or 1h, got '15'"],
    ['last=-15m', "last: expected a duration such as 30s, 15m or 1h, got '-15m'"],
    ['last=1000h', "last: expected a duration such as 30s, 15m or 1h, got '1000h'"],
    ['last=1m&last=2m', 'last: expected one, got 2'],
    ['first=1m', "expected one of the parameters source, last, redact, got 'first'"],
  ];
  for (const [query, expected] of refused) {
    it(`is refused: ${query}`, async () => {
      const { statusCode, json } = await served.get(`/recording?${query}`);
      assert.equal(statusCode, 400);
      assert.equal(json.error.message, expected);
    });
  }
});

describe('a recording that is not there', () => {
  it('is 404 where nothing is recorded, and the status has none', async () => {
    const served = new Served(directoryOf('jobs'));
    try {
      const { statusCode, json } = await served.get('/recording');
      assert.equal(statusCode, 404);
      assert.match(json.error.message, /--recorder\.size=0/);
      assert.equal((await served.ok('/status')).recorder, undefined);
    } finally {
      await served.close();
    }
  });

  it('is 404 before the first tick', async () => {
    const served = new Served(directoryOf('jobs'), { intervalSeconds: 1 });
    try {
      assert.equal((await served.get('/recording')).statusCode, 404);
      assert.deepEqual((await served.ok('/status')).recorder.sources, []);
    } finally {
      await served.close();
    }
  });
});

describe('a recording of several directories', () => {
  it('is that of the source that is named, also of one that is gone', async () => {
    const served = new Served(
      ['one', 'two'].map((name) => ({ name, directory: directoryOf(name) })),
      { intervalSeconds: 0.02 },
    );
    try {
      await recorded(served, 5);
      const keysIn = async (source: string) => {
        const url = `/api/v1/recording?source=${source}`;
        const { statusCode, rawPayload } = await served.server.inject(url);
        assert.equal(statusCode, 200, String(rawPayload));
        return keysOf(await openRecording([rawPayload])).map((key) => JSON.parse(key)[0]);
      };
      assert.deepEqual(await keysIn('one'), ['one']);
      assert.deepEqual(await keysIn('two'), ['two']);
      await served.scraper.detach('two');
      await sleepTicks(served);
      assert.deepEqual(await keysIn('two'), ['two']);
      assert.equal((await served.get('/recording?source=three')).statusCode, 404);
      assert.equal((await served.ok('/status')).recorder.sources.length, 2);
    } finally {
      await served.close();
    }
  });
});

async function sleepTicks({ recorder }: Served): Promise<void> {
  const { ticks } = recorder!;
  await until(
    () => recorder!.ticks > ticks + 2,
    () => 'further ticks',
  );
}
