/**
 * Workers that work between two scrapes: a tenth of the values in up to 300 files changes, in place.
 * What is kept from one scrape to the next because it did not change helps less then than in a
 * directory where nothing moves.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '../../test/support/random.js';
import type { FileImage } from './file-image.js';
import { fileName, type MadeShape, roleOf } from './shapes.js';

const SHARE = 0.1;
const MAX_FILES = 300;

export class MovingValues {
  readonly #random = new Random(4);
  readonly #files: { readonly image: FileImage; readonly bytes: Buffer; readonly fd: number }[] =
    [];

  /** The newest processes' files: in the graveyard, the live ones are among them. */
  constructor({ directory, shape }: MadeShape) {
    for (let p = shape.processes - 1; p >= 0; p--) {
      for (const [kind, image] of roleOf(shape, p)) {
        if (this.#files.length >= MAX_FILES) return;
        const fd = openSync(join(directory, fileName(kind, p)), 'r+');
        this.#files.push({ image, bytes: image.bytes(this.#random), fd });
      }
    }
  }

  move(): void {
    for (const { image, bytes, fd } of this.#files) {
      image.changeSome(bytes, SHARE, this.#random);
      writeSync(fd, bytes, 0, bytes.length, 0);
    }
  }

  close(): void {
    for (const { fd } of this.#files) closeSync(fd);
  }
}
