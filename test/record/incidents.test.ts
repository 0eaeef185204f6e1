/** What is saved when writers ended: which, how much, how often, and where. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Incident } from '../../src/record/incident.js';
import { IncidentFolder, MAX_INCIDENTS } from '../../src/record/incident-folder.js';
import type { IncidentPolicy } from '../../src/record/incident-policy.js';
import { type FileSystem, onFileSystem } from '../faults/file-system.js';
import { tempDirectory } from '../support/temp.js';
import { BlackBox, folderOf, REPLACED, ROLLOUT, T0, VANISHED } from './black-box.js';

describe('incidents', () => {
  const policies: [policy: IncidentPolicy, saved: string[], counts: Record<string, number>][] = [
    [
      'all',
      ['vanished', 'replaced', 'rollout', 'stalled'],
      { vanished: 1, replaced: 1, rollout: 1, stalled: 1 },
    ],
    ['stalled', ['vanished', 'stalled'], { vanished: 1, stalled: 1 }],
    ['unexplained', ['vanished'], { vanished: 1 }],
    ['none', [], {}],
  ];
  for (const [policy, saved, counts] of policies) {
    it(`are those that are asked for: ${policy}`, async () => {
      const box = new BlackBox(policy);
      for (const ends of [VANISHED, REPLACED, ROLLOUT]) {
        await box.add(ends);
        box.ms += 60_000;
      }
      await box.stall();
      assert.deepEqual(
        box.log.map(({ reason }) => reason),
        saved,
      );
      assert.deepEqual(box.counts(), counts);
      assert.equal(box.asked.length, saved.length);
    });
  }

  it('are counted from 0, by source', async () => {
    const box = new BlackBox('unexplained');
    assert.deepEqual(box.counts('one'), { vanished: 0 });
    assert.equal(box.incidents.countsOf('one'), box.incidents.countsOf('one'));
    await box.add(VANISHED, 'two');
    assert.deepEqual([box.counts('one'), box.counts('two')], [{ vanished: 0 }, { vanished: 1 }]);
  });

  it('have the 15 minutes before the first end, and are told', async () => {
    const box = new BlackBox('unexplained');
    await box.add(VANISHED);
    assert.deepEqual(box.asked, [[T0 - 900, 1000]]);
    const id = 'incident-recording-20261130T022000.000Z';
    assert.deepEqual(box.log, [
      {
        message: 'incident',
        path: '/run/prom',
        reason: 'vanished',
        processes: '1',
        role: 'worker',
        id,
        bytes: 9,
      },
    ]);
  });

  it('are saved once a minute at most, and counted', async () => {
    const box = new BlackBox('unexplained');
    await box.add(VANISHED);
    box.ms = 59_999;
    await box.add(VANISHED);
    assert.equal(box.asked.length, 1);
    assert.match(String(box.log[1]!.cause), /within a minute/);
    box.ms = 60_000;
    await box.add(VANISHED);
    assert.equal(box.asked.length, 2);
    assert.deepEqual(box.counts(), { vanished: 3 });
  });

  it('stay in memory without a folder: the last one', async () => {
    const box = new BlackBox('unexplained');
    assert.deepEqual(await box.incidents.list(), []);
    for (const source of ['one', 'two']) {
      await box.add(VANISHED, source);
      box.ms += 60_000;
    }
    const [incident, ...others] = await box.incidents.list();
    assert.deepEqual(others, []);
    assert.equal(incident!.id, 'incident-two-20261130T022000.000Z');
    assert.equal(incident!.source, 'two');
    assert.equal(String(await box.incidents.read(incident!.id)), 'recording');
    assert.equal(await box.incidents.read('incident-one-20261130T022000.000Z'), undefined);
  });

  it('are files that only the owner can read, and that the next run has', async () => {
    const folder = folderOf();
    const box = new BlackBox('unexplained', folder);
    await box.add(VANISHED);
    const path = join(folder.path, 'incidents');
    const id = 'incident-recording-20261130T022000.000Z';
    assert.deepEqual(readdirSync(path).sort(), [`${id}.json`, `${id}.rec`]);
    for (const name of readdirSync(path)) {
      assert.equal(statSync(join(path, name)).mode & 0o777, 0o600);
    }
    assert.equal(statSync(path).mode & 0o777, 0o700);
    assert.equal(box.log[0]!.file, join(path, `${id}.rec`));
    const next = new BlackBox('unexplained', folder);
    const [incident] = await next.incidents.list();
    assert.deepEqual(incident, (await box.incidents.list())[0]);
    assert.deepEqual(
      incident!.processes.map(({ pid, state }) => [pid, state]),
      [
        [1, 'vanished'],
        [2, 'alive'],
      ],
    );
    assert.equal(String(await next.incidents.read(id)), 'recording');
    assert.equal(await next.incidents.read('../../etc/passwd'), undefined);
  });

  it('stay in memory where the folder cannot be written, and say so', async () => {
    const folder = folderOf();
    // A file is in the place of the folder: it fails for root, too.
    writeFileSync(folder.path, '');
    const box = new BlackBox('unexplained', folder);
    await box.add(VANISHED);
    assert.match(String(box.log[0]!.cause), /^in memory only: not a directory/);
    const [{ id }] = (await box.incidents.list()) as [Incident];
    assert.equal(String(await box.incidents.read(id)), 'recording');
  });

  const mounts: [type: FileSystem, cause: RegExp][] = [
    ['small-tmpfs', /^in memory only: no space left on device/],
    ['read-only', /^in memory only: read-only file system/],
  ];
  for (const [type, cause] of mounts) {
    const skip = process.getuid!() === 0 ? false : 'not root';
    it(`stay in memory on a file system that is full or read-only: ${type}`, { skip }, () =>
      onFileSystem(
        type,
        async (path) => {
          const box = new BlackBox('unexplained', { path, maxBytes: 10_000_000 });
          box.bytes = Buffer.alloc(1_000_000);
          await box.add(VANISHED);
          assert.match(String(box.log[0]!.cause), cause);
          const [incident, ...others] = await box.incidents.list();
          assert.deepEqual(others, []);
          assert.equal((await box.incidents.read(incident!.id))!.length, 1_000_000);
          const own = join(path, 'incidents');
          assert.deepEqual(existsSync(own) ? readdirSync(own) : [], []);
        },
        tempDirectory(),
      ),
    );
  }

  it('are not there where nothing could be read of what was recorded', async () => {
    const box = new BlackBox('unexplained', folderOf());
    box.fails = true;
    await box.add(VANISHED);
    assert.equal(box.log[0]!.cause, 'not saved: out of memory');
    assert.deepEqual(await box.incidents.list(), []);
  });
});

describe('the folder of incidents', () => {
  const incident = (second: number): Incident => ({
    id: `incident-recording-20261130T0220${String(second).padStart(2, '0')}.000Z`,
    timeSeconds: T0 + second,
    reason: 'vanished',
    path: '/run/prom',
    processes: [],
    bytes: 100,
  });
  const TEXT_BYTES = Buffer.byteLength(`${JSON.stringify(incident(1))}\n`);
  const seconds = (incidents: readonly Incident[]) =>
    incidents.map(({ timeSeconds }) => timeSeconds - T0);

  it(`has ${MAX_INCIDENTS} at most: the oldest goes`, async () => {
    const { path } = folderOf();
    const folder = new IncidentFolder(path, 1_000_000);
    const all = Array.from({ length: MAX_INCIDENTS }, (_, i) => i);
    for (const second of all) await folder.add(incident(second), Buffer.alloc(100));
    assert.deepEqual(seconds(await folder.list()), all);
    await folder.add(incident(MAX_INCIDENTS), Buffer.alloc(100));
    assert.deepEqual(seconds(await folder.list()), [...all.slice(1), MAX_INCIDENTS]);
    assert.equal(readdirSync(join(path, 'incidents')).length, 2 * MAX_INCIDENTS);
  });

  it('has no more bytes than allowed: exactly as many, and with one more the oldest goes', async () => {
    const folder = new IncidentFolder(folderOf().path, 2 * (100 + TEXT_BYTES));
    for (const second of [1, 2]) await folder.add(incident(second), Buffer.alloc(100));
    assert.deepEqual(seconds(await folder.list()), [1, 2]);
    await folder.add(incident(3), Buffer.alloc(101));
    assert.deepEqual(seconds(await folder.list()), [3]);
  });

  it('removes what an earlier run left unfinished, and nothing else', async () => {
    const { path } = folderOf();
    const folder = new IncidentFolder(path, 1_000_000);
    await folder.add(incident(1), Buffer.alloc(100));
    const own = join(path, 'incidents');
    for (const name of [`.${incident(2).id}.rec.tmp`, `${incident(2).id}.json`, 'notes.rec']) {
      writeFileSync(join(own, name), '');
    }
    await folder.add(incident(3), Buffer.alloc(100));
    const expected = [1, 3].flatMap((second) => {
      const { id } = incident(second);
      return [`${id}.json`, `${id}.rec`];
    });
    assert.deepEqual(readdirSync(own).sort(), [...expected, 'notes.rec']);
  });

  const damages: [title: string, damage: (path: string, id: string) => void][] = [
    ['its text is cut', (path, id) => truncateSync(join(path, `${id}.json`), 20)],
    [
      'its text is of another one',
      (path, id) => writeFileSync(join(path, `${id}.json`), '{"id":"x"}'),
    ],
    [
      'a number is none',
      (path, id) => {
        const text = readFileSync(join(path, `${id}.json`), 'utf8');
        writeFileSync(
          join(path, `${id}.json`),
          text.replace(/"timeSeconds":\d+/, '"timeSeconds":"x"'),
        );
      },
    ],
  ];
  for (const [title, damage] of damages) {
    it(`leaves out one that is damaged: ${title}`, async () => {
      const { path } = folderOf();
      const folder = new IncidentFolder(path, 1_000_000);
      for (const second of [1, 2]) await folder.add(incident(second), Buffer.alloc(100));
      damage(join(path, 'incidents'), incident(1).id);
      assert.deepEqual(seconds(await folder.list()), [2]);
      assert.equal(await folder.read(incident(1).id), undefined);
    });
  }

  it('follows no link', async () => {
    const { path } = folderOf();
    const own = join(path, 'incidents');
    mkdirSync(own, { recursive: true });
    const secret = join(tempDirectory(), 'secret');
    writeFileSync(secret, 'secret');
    chmodSync(secret, 0o600);
    const { id } = incident(1);
    writeFileSync(join(own, `${id}.json`), JSON.stringify(incident(1)));
    symlinkSync(secret, join(own, `${id}.rec`));
    const folder = new IncidentFolder(path, 1_000_000);
    assert.deepEqual(await folder.list(), []);
    assert.equal(await folder.read(id), undefined);
    await folder.add(incident(1), Buffer.from('mine'));
    assert.equal(String(await folder.read(id)), 'mine');
    assert.equal(readFileSync(secret, 'utf8'), 'secret');
  });
});
