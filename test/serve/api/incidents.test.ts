/** GET /api/v1/incidents, and the recording of one. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { openRecording } from '../../../src/native.js';
import type { Ends } from '../../../src/record/ends.js';
import { counter, writeMetricFile } from '../../support/metric-file.js';
import { keysOf } from '../../support/recording.js';
import { until } from '../../support/session.js';
import { tempDirectory } from '../../support/temp.js';
import { Served } from './served.js';

function directory(): string {
  const path = tempDirectory();
  writeMetricFile(join(path, 'counter_1.db'), [counter('jobs', 7)]);
  return path;
}

function ends(lastSeenSeconds: number): Ends {
  const [ended, other] = [1, 2].map((pid) => ({
    processId: String(pid),
    pid,
    role: pid === 1 ? 'worker' : undefined,
    program: 'python3',
    startSeconds: 1000,
    lastSeenSeconds,
  }));
  return { before: [ended!, other!], ended: [ended!], began: [] };
}

describe('the incidents of a daemon', () => {
  it('are listed, and each has a recording', async () => {
    const path = directory();
    const served = new Served(path, { intervalSeconds: 0.02 });
    try {
      const { incidents } = served.recorder!;
      assert.deepEqual(await served.ok('/incidents'), { incidents: [] });
      served.recorder!.start();
      await until(
        () => served.recorder!.ticks > 3,
        () => 'ticks',
      );
      const timeSeconds = Date.now() / 1000;
      incidents!.add(ends(timeSeconds), {
        source: 'a/b %',
        path,
        save: (from) => served.recorder!.save(undefined, from),
      });
      await incidents!.close();
      const { incidents: listed } = await served.ok('/incidents');
      const [{ id, bytes, ...incident }] = listed;
      assert.equal(listed.length, 1);
      assert.match(id, /^incident-a%2Fb%20%25-\d{8}T\d{6}\.\d{3}Z$/);
      const about = { program: 'python3', startSeconds: 1000 };
      assert.deepEqual(incident, {
        timeSeconds,
        reason: 'vanished',
        source: 'a/b %',
        path,
        processes: [
          {
            processId: '1',
            pid: 1,
            state: 'vanished',
            role: 'worker',
            ...about,
            lastSeenSeconds: timeSeconds,
          },
          { processId: '2', pid: 2, state: 'alive', ...about },
        ],
      });
      const { statusCode, headers, rawPayload } = await served.server.inject(
        `/api/v1/incidents/${encodeURIComponent(id)}`,
      );
      assert.equal(statusCode, 200, String(rawPayload));
      assert.equal(headers['content-type'], 'application/octet-stream');
      assert.equal(headers['cache-control'], 'no-store');
      assert.equal(headers['content-disposition'], `attachment; filename="${id}.rec"`);
      assert.equal(rawPayload.length, bytes);
      assert.match(keysOf(await openRecording([rawPayload]))[0]!, /jobs_total/);
    } finally {
      await served.close();
    }
  });

  it('are none where nothing is recorded', async () => {
    const served = new Served(directory());
    try {
      assert.deepEqual(await served.ok('/incidents'), { incidents: [] });
      assert.equal(await served.refused('/incidents/x', 404), 'no such incident');
    } finally {
      await served.close();
    }
  });

  const refused: [url: string, status: number, expected: string][] = [
    ['/incidents/incident-recording-20261130T022000.000Z', 404, 'no such incident'],
    ['/incidents/..%2F..%2Fetc%2Fpasswd', 404, 'no such incident'],
    ['/incidents?limit=1', 400, "expected no parameter, got 'limit'"],
    ['/incidents/x?id=y', 400, "expected no parameter, got 'id'"],
  ];
  for (const [url, status, expected] of refused) {
    it(`are refused: ${url}`, async () => {
      const served = new Served(directory(), { intervalSeconds: 1 });
      try {
        assert.equal(await served.refused(url, status), expected);
      } finally {
        await served.close();
      }
    });
  }
});
