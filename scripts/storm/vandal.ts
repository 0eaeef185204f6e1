/**
 * A process that damages a metrics directory as fast as it can, until its standard input closes.
 *
 *   vandal.js DIRECTORY SEED PACE
 *
 * Files named `…_wild<n>.db` are its own: made, grown, truncated, stretched, zeroed, overwritten with
 * noise, replaced, linked and removed. Those of witnesses.ts that may be held are only damaged in
 * ways that can be noticed, and repaired. Now and then the whole directory is moved away for a moment.
 *
 * Prints JSON lines: {"operations": n} several times a second, {"gone": ms} and {"back": ms} round an
 * absence. At the end it repairs what it damaged and removes what it made.
 */
import {
  chmodSync,
  closeSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  counter,
  entryBytes,
  fileBytes,
  gauge,
  int32,
  keyOf,
  type Layout,
  type TestEntry,
  valueBytesOf,
} from '../../test/support/metric-file.js';
import { Random } from '../../test/support/random.js';
import { Pace } from './pace.js';
import { HELD, type Image } from './witnesses.js';

const [directory, seed, share] = [
  process.argv[2]!,
  Number(process.argv[3]),
  Number(process.argv[4]),
];
const random = new Random(seed);

const LAYOUTS: readonly Layout[] = ['list4-8', 'dict3-8', 'dict4-8', 'dict4-16'];
const KINDS = ['counter', 'histogram', 'summary', 'gauge_all', 'gauge_mostrecent', 'gauge_livesum'];
const WILD: readonly string[] = Array.from(
  { length: 48 },
  (_, n) => `${KINDS[n % KINDS.length]}_wild${n}.db`,
);
/** Nothing is read that far; a sparse file takes no space. */
const STRETCHED_BYTES = 2 ** 31;

let operations = 0;

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Opens a file that is there, for writing; what is not a file of ours is skipped. */
function change(name: string, work: (fd: number) => void): void {
  let fd: number;
  try {
    // 0o4000 is O_NONBLOCK: a FIFO may be there.
    fd = openSync(join(directory, name), 2 | 0o4000);
  } catch {
    return;
  }
  try {
    work(fd);
  } catch {
    // A FIFO or a file too large for the file system: this blow went wrong.
  } finally {
    closeSync(fd);
  }
}

function noise(length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.below(256)));
}

function entries(): TestEntry[] {
  return Array.from({ length: random.below(6) + 1 }, () => {
    const labels = { n: String(random.below(30)) };
    const value = random.pick([0, 1, 2.5, -1, 1e300, Number.NaN, Number.POSITIVE_INFINITY]);
    switch (random.below(3)) {
      case 0:
        return counter('wild_jobs', value, labels);
      case 1:
        return gauge('wild_depth', value, random.below(1e9), labels);
      default:
        return {
          family: 'wild_seconds',
          sampleName: `wild_seconds_${random.pick(['bucket', 'sum'])}`,
          labels: { le: random.pick(['1.0', '2.0', '+Inf', 'x']) },
          value,
        };
    }
  });
}

const wildImage = (): Buffer =>
  fileBytes(random.pick(LAYOUTS), entries(), random.pick([0, 0, 4_096, 65_536]));

const HEADERS = [0, -1, 5, 8, 9, 24, 4_096, 70_000, 2 ** 31 - 1, -(2 ** 31)];

const wildBlows: readonly ((name: string, path: string) => void)[] = [
  (_, path) => {
    rmSync(path, { force: true, recursive: true });
    writeFileSync(path, wildImage());
  },
  (_, path) => {
    writeFileSync(`${path}.new`, wildImage());
    rmSync(path, { force: true, recursive: true });
    renameSync(`${path}.new`, path);
  },
  (_, path) => rmSync(path, { force: true, recursive: true }),
  (name) => change(name, (fd) => ftruncateSync(fd, random.below(300))),
  (name) => change(name, (fd) => ftruncateSync(fd, 0)),
  (name) => change(name, (fd) => ftruncateSync(fd, random.pick([4_096, 65_536, STRETCHED_BYTES]))),
  (name) => change(name, (fd) => writeSync(fd, Buffer.alloc(random.below(600)), 0, null, 0)),
  (name) =>
    change(name, (fd) => writeSync(fd, noise(random.below(40)), 0, null, random.below(500))),
  (name) => change(name, (fd) => writeSync(fd, noise(1), 0, null, random.below(200))),
  (name) => change(name, (fd) => writeSync(fd, int32(random.pick(HEADERS)), 0, 4, 0)),
  // Truncated and written again in place.
  (name) =>
    change(name, (fd) => {
      ftruncateSync(fd, 0);
      writeSync(fd, wildImage(), 0, null, 0);
    }),
  // Grown as a writer does.
  (name) =>
    change(name, (fd) => {
      const layout = random.pick(LAYOUTS);
      const first = fileBytes(layout, entries(), 4_096);
      writeSync(fd, first, 0, null, 0);
      const [more] = entries();
      const bytes = entryBytes(valueBytesOf(layout), keyOf(layout, more!), more!.value);
      const used = first.readInt32LE(0);
      writeSync(fd, bytes, 0, null, used);
      writeSync(fd, int32(used + bytes.length), 0, 4, 0);
    }),
  (_, path) => {
    rmSync(path, { force: true, recursive: true });
    writeFileSync(path, noise(random.below(5)));
  },
  (_, path) => {
    rmSync(path, { force: true, recursive: true });
    symlinkSync(random.pick(['/nowhere', path, '/dev/zero', join(directory, WILD[0]!)]), path);
  },
  (_, path) => {
    rmSync(path, { force: true, recursive: true });
    linkSync(join(directory, random.pick(WILD)), path);
  },
  (_, path) => {
    rmSync(path, { force: true, recursive: true });
    mkdirSync(path);
  },
  (_, path) => chmodSync(path, random.pick([0, 0o600, 0o644])),
  // A name of bytes that are not UTF-8.
  () => {
    const name = Buffer.from([
      ...Buffer.from(`${directory}/counter_wild`),
      0xff,
      0xfe,
      0x2e,
      0x64,
      0x62,
    ]);
    if (random.chance(0.5)) writeFileSync(name, wildImage());
    else rmSync(name, { force: true });
  },
];

function wildBlow(): void {
  const name = random.pick(WILD);
  try {
    random.pick(wildBlows)(name, join(directory, name));
  } catch {
    // The target was in no state for it: a link to itself, a directory.
  }
}

/** Damages that leave a trace, so that last good values can be held. */
const heldDamages: readonly ((fd: number, image: Image, used: number) => void)[] = [
  (fd) => ftruncateSync(fd, 0),
  (fd) => ftruncateSync(fd, random.below(8)),
  (fd, _, used) => ftruncateSync(fd, 8 + random.below(used - 8)),
  // Zeros from the start on: the last slot goes last.
  (fd, _, used) => writeSync(fd, Buffer.alloc(used), 0, null, 0),
  (fd, _, used) =>
    writeSync(fd, int32(random.pick([-1, 5, used + 1, 2 ** 30, -(2 ** 31)])), 0, 4, 0),
  // The first length word: whatever is read anew stops there.
  (fd) => writeSync(fd, int32(random.pick([0, -5, 2 ** 30])), 0, 4, 8),
  (fd, _, used) => {
    ftruncateSync(fd, 8 + random.below(used - 64));
    ftruncateSync(fd, used + random.below(10_000));
  },
];

const damaged = new Set<Image>();

function damage(image: Image): void {
  damaged.add(image);
  const used = image.bytes.readInt32LE(0);
  change(image.name, (fd) => random.pick(heldDamages)(fd, image, used));
}

/** `used` last, as a writer does: what is half written counts for nothing. */
function repair(image: Image): void {
  damaged.delete(image);
  const fd = openSync(join(directory, image.name), 'r+');
  try {
    writeSync(fd, Buffer.alloc(4), 0, 4, 0);
    ftruncateSync(fd, image.bytes.length);
    writeSync(fd, image.bytes, 8, image.bytes.length - 8, 8);
    writeSync(fd, image.bytes, 0, 4, 0);
  } finally {
    closeSync(fd);
  }
}

async function moveAway(): Promise<void> {
  const away = `${directory}.away`;
  say({ gone: Date.now() });
  renameSync(directory, away);
  await sleep(20 + random.below(150));
  renameSync(away, directory);
  say({ back: Date.now() });
}

/** Milliseconds of work between two rests, and of time between two absences of the directory. */
const SLICE_MS = 5;
const ABSENCE_MS = 4_000;

let ended = false;
process.stdin.on('close', () => {
  ended = true;
});
process.stdin.resume();

const pace = new Pace(share);
let told = performance.now();
let absence = performance.now() + ABSENCE_MS / share;
while (!ended) {
  const until = performance.now() + SLICE_MS;
  while (performance.now() < until) {
    operations += 1;
    if (random.chance(0.7)) {
      wildBlow();
    } else {
      const image = random.pick(HELD);
      if (damaged.has(image)) repair(image);
      else damage(image);
    }
  }
  if (performance.now() > told + 200) {
    say({ operations });
    told = performance.now();
  }
  if (performance.now() > absence) {
    await moveAway();
    absence = performance.now() + ABSENCE_MS / share;
  }
  await pace.rest();
}
for (const image of HELD) repair(image);
for (const name of readdirSync(directory, { encoding: 'buffer' })) {
  if (!name.includes('_wild')) continue;
  try {
    unlinkSync(Buffer.concat([Buffer.from(`${directory}/`), name]));
  } catch {
    rmSync(join(directory, String(name)), { recursive: true });
  }
}
say({ operations });
