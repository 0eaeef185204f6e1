/** `scrape`: prints one exposition, as a daemon on the directory would, without self-metrics. */
import { UsageError } from '../errors.js';
import type { Dialect } from '../expose/dialect.js';
import { dialectFor, ESCAPABLE } from '../expose/formats.js';
import { refuseAllButDirectory } from '../inspect/input.js';
import { nearest } from '../inspect/near-names.js';
import { withChosen } from '../plan/budget.js';
import { defaultLimits } from '../scrape/default-limits.js';
import { Scraper } from '../scrape/scraper.js';
import type { Command } from './command.js';
import { writeOutputFile } from './output-file.js';
import { appendedPages, planRules, SELECT_AND_LABEL } from './select-and-label.js';
import { chooseSources, refuseLabelInUse, SOURCES } from './sources.js';
import { WRITER_FLAGS, writerOptions } from './writer-options.js';

const FLAGS = [
  ...SOURCES,
  'format',
  'escaping',
  'name',
  ...SELECT_AND_LABEL,
  'appendUrl',
  'limit',
  ...WRITER_FLAGS,
  'output',
  'strict',
] as const;

export const scrape: Command<(typeof FLAGS)[number]> = {
  name: 'scrape',
  summary: 'Print the metrics of a directory once.',
  flags: FLAGS,
  exitCodes: [
    ['0', 'the exposition is printed'],
    ['1', 'no --name matches a family or sample'],
  ],
  topic: 'output-files',
  examples: [
    'scrape /run/prom',
    'scrape --name http_requests /run/prom',
    'scrape --metrics.include=vllm: --label=pod=llm-0 /run/prom',
    'scrape -o /var/lib/node_exporter/app.prom /run/prom',
  ],

  async run({ directory: given, flags }, terminal) {
    const { format, escaping, name: names, output, strict } = flags;
    if (escaping !== undefined && !ESCAPABLE.includes(format)) {
      throw new UsageError(
        `--escaping: expected --format ${ESCAPABLE.join(' or ')} with it, got ${format}`,
      );
    }
    const directory = chooseSources(given, flags, terminal.environment, terminal.complain);
    const directories = typeof directory === 'string' ? [{ directory }] : directory;
    for (const { directory: path } of directories) await refuseAllButDirectory(path);
    const writers = writerOptions(flags);
    const scraper = new Scraper(directory, {
      ...writers.scraper,
      strict,
      rules: planRules(flags),
      sourceLabel: flags.sourceLabel,
      appended: appendedPages(flags),
      limits: withChosen(defaultLimits(typeof directory !== 'string'), flags.limit),
      required: true,
      watch: false,
    });
    try {
      const dialect = dialectFor(format, escaping);
      const [exposition, missing] = await Promise.all([
        scraper.scrape({ dialect, ...(names.length > 0 && { names }) }),
        missingNames(scraper, dialect, names),
      ]);
      refuseLabelInUse(scraper, flags);
      const problems = scraper.problems();
      for (const { message, code } of problems) terminal.complain(`${message} [${code}]`);
      for (const { name, near } of missing) {
        const hint = near.length > 0 ? `; near names: ${near.join(', ')}` : '';
        terminal.complain(`promfold: --name: no family and no sample is called ${name}${hint}`);
      }

      if (output === undefined || output === '-') await terminal.print(exposition);
      else await writeOutputFile(output, exposition);
      // The metrics of other sources are printed anyway.
      if (problems.some(({ code }) => code === 'DIRECTORY_UNREADABLE')) return 2;
      return missing.length > 0 && missing.length === new Set(names).size ? 1 : 0;
    } finally {
      await scraper.close();
      await writers.close();
    }
  },
};

/** An empty page of OpenMetrics still ends in this line; an empty page of text has no bytes. */
const EMPTY_PAGE_BYTES = '# EOF\n'.length;

interface MissingName {
  readonly name: string;
  /** Existing names that it may be a misspelling of. */
  readonly near: readonly string[];
}

/** Names without a family or sample. Pages that are requested together come from one reading. */
async function missingNames(
  scraper: Scraper,
  dialect: Dialect,
  names: readonly string[],
): Promise<MissingName[]> {
  const distinct = [...new Set(names)];
  const pages = await Promise.all(
    distinct.map((name) => scraper.scrape({ dialect, names: [name] })),
  );
  const missing = distinct.filter((_, i) => pages[i]!.length <= EMPTY_PAGE_BYTES);
  if (missing.length === 0) return [];
  const whole = (await scraper.scrape({ dialect })).toString();
  const present = [...whole.matchAll(/^# TYPE "?([^\s"]+)/gm)].map(([, name]) => name!);
  return missing.map((name) => ({ name, near: nearest(name, present) }));
}
