/** `snapshot`: a copy of a directory for a bug report. */
import { UsageError } from '../errors.js';
import { toJson } from '../inspect/json.js';
import { counted, formatBytes, formatCount } from '../inspect/quantity.js';
import { Redactor } from '../inspect/redact.js';
import { fetchSnapshot, isUrl } from '../inspect/remote.js';
import { readSnapshot, type Snapshot, takeSnapshot } from '../inspect/snapshot.js';
import type { Command } from './command.js';
import { chooseDirectory } from './directory.js';
import { writeOutputFile } from './output-file.js';
import { VERSION } from './version.js';

export const snapshot: Command<'output' | 'redact' | 'json'> = {
  name: 'snapshot',
  summary:
    'Copy a directory for a bug report: a small tar.gz that ls, cat, explain, check and diff read.',
  flags: ['output', 'redact', 'json'],
  exitCodes: [['0', 'the snapshot is written']],
  topic: 'comparing',
  examples: [
    'snapshot /run/prom -o prom.tar.gz',
    'snapshot --redact user /run/prom -o prom.tar.gz',
    'snapshot /run/prom -o - | ssh desk "cat > prom.tar.gz"',
  ],

  async run({ directory: given, flags: { output, redact, json } }, terminal) {
    if (output === undefined) throw new UsageError('--output: expected a file or -, got nothing');
    if (output === '-' && json)
      throw new UsageError('--json: expected --output with a file, got -');
    const directory = chooseDirectory(given, terminal.environment, terminal.complain);
    const redactor = redact.length > 0 ? new Redactor(redact) : undefined;
    if (redactor !== undefined && isUrl(directory)) {
      throw new UsageError(`--redact: expected a directory, got the URL ${directory}`);
    }
    const { archive, files, damaged, unreadable, usedBytes } = isUrl(directory)
      ? await summarize(directory, await fetchSnapshot(directory))
      : await takeSnapshot(directory, VERSION, { redactor });
    if (output === '-') {
      await terminal.print(archive);
      return 0;
    }
    // It contains label values and help texts, which may not be meant for others.
    await writeOutputFile(output, archive, { isPrivate: true });
    const facts = {
      path: directory,
      snapshot: output,
      bytes: archive.length,
      files,
      damaged,
      unreadable,
      usedBytes,
    };
    if (json) await terminal.print(toJson(facts));
    else {
      const parts = [
        ...(damaged > unreadable ? [`${formatCount(damaged - unreadable)} of them damaged`] : []),
        ...(unreadable > 0 ? [`${formatCount(unreadable)} not read`] : []),
      ];
      terminal.complain(
        `${output}: ${formatBytes(archive.length)}, ${[counted(files, 'file'), ...parts].join(', ')}, of ${formatBytes(usedBytes)} in use`,
      );
    }
    return 0;
  },
};

/** The facts of a snapshot taken by a daemon, as takeSnapshot returns them. */
async function summarize(url: string, archive: Buffer): Promise<Snapshot> {
  const { files } = await readSnapshot(url, archive);
  const faults = files.flatMap(({ fault }) => fault?.code ?? []);
  return {
    archive,
    files: files.length,
    damaged: faults.length,
    unreadable: faults.filter((code) => code === 'FILE_UNREADABLE').length,
    usedBytes: files.reduce((sum, { usedBytes }) => sum + Math.max(0, usedBytes), 0),
  };
}
