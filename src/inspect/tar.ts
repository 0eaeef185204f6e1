/**
 * A tar archive of plain files, written and read in memory: ustar, names of at most 100 bytes, no links, no
 * directories. All that a snapshot needs; other members of an archive are skipped.
 *
 * Source: POSIX.1-2017 pax, "ustar Interchange Format".
 */

export interface TarMember {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const BLOCK = 512;

/** Most bytes of a name: without the prefix field. */
export const MAX_NAME_BYTES = 100;

/** REQUIRES: names of at most MAX_NAME_BYTES. */
export function writeTar(members: readonly TarMember[], modifiedSeconds: number): Buffer {
  const parts: Uint8Array[] = [];
  for (const { name, bytes } of members) {
    parts.push(header(name, bytes.length, modifiedSeconds), bytes);
    parts.push(Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK));
  }
  parts.push(Buffer.alloc(2 * BLOCK));
  return Buffer.concat(parts);
}

function header(name: string, size: number, modifiedSeconds: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, width: number) =>
    Math.floor(value).toString(8).padStart(width, '0');
  block.write(name, 0, MAX_NAME_BYTES, 'utf8');
  block.write(`${octal(0o644, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0`, 100);
  block.write(`${octal(size, 11)}\0${octal(modifiedSeconds, 11)}\0`, 124);
  block.write('        0', 148);
  block.write('ustar\x0000', 257);
  block.write(`${octal(checksum(block), 6)}\0 `, 148);
  return block;
}

/** The sum of all bytes, those of the checksum itself counted as blanks. */
function checksum(block: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < BLOCK; i++) sum += i >= 148 && i < 156 ? 0x20 : block[i]!;
  return sum;
}

/**
 * The plain files of an archive; their bytes point into it.
 *
 * @throws Error where it is not an archive or ends early, as a phrase
 */
export function readTar(archive: Buffer): TarMember[] {
  const members: TarMember[] = [];
  let at = 0;
  while (at + BLOCK <= archive.length) {
    const block = archive.subarray(at, at + BLOCK);
    if (block.every((byte) => byte === 0)) return members;
    if (readOctal(block, 148, 8) !== checksum(block))
      throw new Error(`no tar header at byte ${at}`);
    const size = readOctal(block, 124, 12);
    const from = at + BLOCK;
    if (size === undefined || from + size > archive.length) {
      throw new Error(`member at byte ${at} runs past the archive`);
    }
    const type = block[156]!;
    if (type === 0 || type === '0'.charCodeAt(0)) {
      members.push({ name: textOf(block, 0, 100), bytes: archive.subarray(from, from + size) });
    }
    at = from + Math.ceil(size / BLOCK) * BLOCK;
  }
  throw new Error('archive ends early');
}

function readOctal(block: Buffer, from: number, width: number): number | undefined {
  const text = textOf(block, from, width).trim();
  return /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : undefined;
}

function textOf(block: Buffer, from: number, width: number): string {
  const field = block.subarray(from, from + width);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? width : end);
}
