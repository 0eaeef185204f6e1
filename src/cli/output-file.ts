/**
 * Writes a file so that a reader sees the old content or the new, never half of it.
 *
 * node_exporter's textfile collector reads whatever ends in `.prom` at any moment, so the temporary
 * file beside it must not end so.
 */
import { open, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { UsageError } from '../errors.js';
import { systemErrorText } from './system-error.js';

/** @throws UsageError `FILE: no such file or directory`; the file is then as it was */
export async function writeFileAtomically(file: string, content: Uint8Array): Promise<void> {
  try {
    const found = await stat(file).catch(() => undefined);
    if (found && !found.isFile()) {
      // A pipe or a device, /dev/stdout say, is written to; renaming onto it would replace it.
      await writeFile(file, content);
    } else {
      // A link stays a link; what it points to is replaced.
      await replace(found ? await realpath(file) : file, content);
    }
  } catch (error) {
    throw new UsageError(`${file}: ${systemErrorText(error)}`);
  }
}

async function replace(file: string, content: Uint8Array): Promise<void> {
  const temporary = join(dirname(file), `.${basename(file)}.${process.pid}.tmp`);
  try {
    const handle = await open(temporary, 'w', 0o644);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
