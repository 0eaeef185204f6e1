/** Segments in a folder: names, access, room, and what happens where the folder cannot be written. */
import assert from 'node:assert/strict';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { AddedTick } from '../../src/native.js';
import { RecorderFolder } from '../../src/record/recorder-folder.js';
import { SegmentFiles } from '../../src/record/segment-files.js';
import { until } from '../support/session.js';
import { tempDirectory } from '../support/temp.js';

const T0 = Date.UTC(2026, 10, 30, 2, 20) / 1000;

class Folder {
  readonly path = join(tempDirectory(), 'recorded');
  readonly log: string[] = [];
  ms = 0;

  files(source: string | undefined, maxBytes = 1_000_000): [SegmentFiles, RecorderFolder] {
    const log = (message: string, { cause = '' }: Record<string, unknown>) =>
      this.log.push(`${message} ${cause}`.trim());
    const folder = new RecorderFolder(this.path, {
      maxBytes,
      log: { info: log, warn: log },
      nowMs: () => this.ms,
    });
    return [new SegmentFiles(folder, source), folder];
  }

  names(): string[] {
    return readdirSync(this.path).sort();
  }

  text(name: string): string {
    return readFileSync(join(this.path, name), 'utf8');
  }
}

function added(segment: number, text: string, sealed?: string): AddedTick {
  return {
    bytes: 0,
    changedValues: 0,
    tickBytes: 0,
    cpuSeconds: 0,
    sealSeconds: 0,
    droppedSegments: 0,
    fromSeconds: 0,
    segment,
    toAppend: Buffer.from(text),
    ...(sealed !== undefined && {
      sealed: { segment: segment - 1, bytes: Buffer.from(sealed) },
    }),
  };
}

describe('segments on disk', () => {
  it('are files of their own, which only the owner can read', async () => {
    const folder = new Folder();
    const [files] = folder.files(undefined);
    files.write(added(0, 'a'), T0);
    files.write(added(0, 'b'), T0 + 1);
    files.write(added(1, 'c', 'A B'), T0 + 300);
    await files.close();
    const [first, second] = [
      'recording-20261130T022000.000Z.rec',
      'recording-20261130T022500.000Z.rec',
    ];
    assert.deepEqual(folder.names(), [first, second]);
    assert.equal(folder.text(first), 'A B');
    assert.equal(folder.text(second), 'c');
    for (const name of folder.names()) {
      assert.equal(statSync(join(folder.path, name)).mode & 0o777, 0o600);
    }
    assert.equal(statSync(folder.path).mode & 0o777, 0o700);
    assert.deepEqual(folder.log, []);
  });

  it('have names that lead nowhere else, whatever the source is called', async () => {
    const folder = new Folder();
    for (const source of ['../up', '.hidden', 'a/b', 'x'.repeat(300), 'naïve']) {
      const [files] = folder.files(source);
      files.write(added(0, 'a'), T0);
      await files.close();
    }
    assert.equal(folder.names().length, 5);
    assert.ok(
      folder.names().every((name) => /^[\w%-][\w%.-]*-20261130T022000.000Z\.rec$/.test(name)),
    );
    assert.deepEqual(folder.log, []);
  });

  it('continue beside those of an earlier run, also in the same millisecond', async () => {
    const folder = new Folder();
    for (const text of ['first', 'second']) {
      const [files] = folder.files('api');
      files.write(added(0, text), T0);
      await files.close();
    }
    const [first, second] = ['api-20261130T022000.000Z.rec', 'api-20261130T022000.000Z-1.rec'];
    assert.equal(folder.text(first), 'first');
    assert.equal(folder.text(second), 'second');
  });

  it('go beyond the size of the folder, oldest first, whoever wrote them; nothing else does', async () => {
    const folder = new Folder();
    mkdirSync(folder.path);
    const old = ['z-20261130T020000.000Z.rec', 'a-20261130T021000.000Z.rec'];
    for (const name of old) writeFileSync(join(folder.path, name), 'x'.repeat(400));
    const others = ['notes.rec', 'a-20261130T000000.000Z.rec.bak', 'b.txt'];
    for (const name of others) writeFileSync(join(folder.path, name), 'x'.repeat(4000));
    symlinkSync('/etc/hostname', join(folder.path, 'l-20261130T000000.000Z.rec'));
    mkdirSync(join(folder.path, 'd-20261130T000000.000Z.rec'));
    const [files] = folder.files('api', 1_000);
    files.write(added(0, 'x'.repeat(300)), T0);
    await files.close();
    const kept = ['d-20261130T000000.000Z.rec', 'l-20261130T000000.000Z.rec', ...others];
    const own = 'api-20261130T022000.000Z.rec';
    assert.deepEqual(folder.names(), [old[1]!, own, ...kept].sort());
  });

  it('are never removed while they are written', async () => {
    const folder = new Folder();
    const [files, shared] = folder.files('api', 10);
    const other = new SegmentFiles(shared, 'web');
    files.write(added(0, 'x'.repeat(300)), T0);
    other.write(added(0, 'y'.repeat(300)), T0 + 1);
    other.write(added(0, 'y'.repeat(300)), T0 + 2);
    await files.close();
    assert.equal(folder.names().length, 2);
    other.write(added(1, 'y'), T0 + 300);
    await other.close();
    assert.deepEqual(folder.names(), ['web-20261130T022500.000Z.rec']);
  });

  it('leave no remainder of a promfold that was killed while it sealed one', async () => {
    const folder = new Folder();
    mkdirSync(folder.path);
    const [left, fresh] = ['.a-20261130T020000.000Z.rec.tmp', '.a-20261130T020100.000Z.rec.tmp'];
    for (const name of [left, fresh]) writeFileSync(join(folder.path, name), 'x');
    utimesSync(join(folder.path, left), 1, 1);
    const [files] = folder.files('api');
    files.write(added(0, 'a'), T0);
    await files.close();
    assert.deepEqual(folder.names(), [fresh, 'api-20261130T022000.000Z.rec']);
  });

  it('that cannot be written are told once, tried again later, and whole when they are sealed', async () => {
    const folder = new Folder();
    const elsewhere = `${folder.path}.away`;
    writeFileSync(folder.path, 'a file in its place');
    const [files, shared] = folder.files('api');
    // Writes happen behind the ticks.
    const written = (failures: number, lines: number) =>
      until(
        () => shared.failures === failures && folder.log.length === lines,
        () => `${failures} failures, ${lines} lines`,
      );
    files.write(added(0, 'a'), T0);
    files.write(added(0, 'b'), T0 + 1);
    await written(1, 1);
    assert.match(folder.log[0]!, /memory only.*not a directory|memory only.*file already exists/);
    assert.equal(files.wantsSegment, false);
    folder.ms = 30_000;
    assert.equal(files.wantsSegment, true);
    files.write(added(1, 'c', 'a b'), T0 + 30);
    await written(2, 1);
    renameSync(folder.path, elsewhere);
    folder.ms = 60_000;
    assert.equal(files.wantsSegment, true);
    files.write(added(2, 'd', 'c ...'), T0 + 60);
    await written(2, 2);
    assert.match(folder.log[1]!, /again/);
    assert.equal(files.wantsSegment, false);
    await files.close();
    assert.equal(folder.text('api-20261130T022030.000Z.rec'), 'c ...');
    assert.equal(folder.text('api-20261130T022100.000Z.rec'), 'd');
    rmSync(elsewhere);
  });
});
