/** `scrape`: prints one exposition, as a daemon on the directory would, without self-metrics. */
import { UsageError } from '../errors.js';
import { dialectFor, ESCAPABLE } from '../expose/formats.js';
import { refuseAllButDirectory } from '../inspect/input.js';
import type { Moment } from '../inspect/moment.js';
import { nearest } from '../inspect/near-names.js';
import { ReadingPages } from '../live/reading-page.js';
import { withChosen } from '../plan/budget.js';
import { defaultLimits } from '../scrape/default-limits.js';
import { Scraper } from '../scrape/scraper.js';
import type { Command, Terminal } from './command.js';
import { chooseDirectory } from './directory.js';
import { FLAGS as FLAG_TABLE, type FlagKey, type FlagValues } from './flags.js';
import { writeOutputFile } from './output-file.js';
import { readAt } from './past.js';
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
  'at',
  'output',
  'strict',
] as const;

type Flags = FlagValues<(typeof FLAGS)[number]>;

/** What also applies to a page of the past; the others are about the directory as it is now. */
const OF_THE_PAST: ReadonlySet<FlagKey> = new Set<FlagKey>([
  'format',
  'escaping',
  'name',
  ...SELECT_AND_LABEL,
  'at',
  'output',
]);

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
    'scrape --at 02:20 /var/lib/promfold',
    'scrape -o /var/lib/node_exporter/app.prom /run/prom',
  ],

  async run({ directory: given, flags, given: typed }, terminal) {
    const { format, escaping, name: names, output, strict } = flags;
    if (escaping !== undefined && !ESCAPABLE.includes(format)) {
      throw new UsageError(
        `--escaping: expected --format ${ESCAPABLE.join(' or ')} with it, got ${format}`,
      );
    }
    if (flags.at !== undefined) {
      const other = FLAGS.map((key) => [key, FLAG_TABLE[key].name] as const).find(
        ([key, name]) => !OF_THE_PAST.has(key) && (typed[name] ?? []).length > 0,
      );
      if (other !== undefined) throw new UsageError(`--at: expected no --${other[1]} with it`);
      const path = chooseDirectory(given, terminal.environment, terminal.complain);
      return scrapePast(path, flags.at, flags, terminal);
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
        missingNames((some) => scraper.scrape({ dialect, ...(some && { names: some }) }), names),
      ]);
      refuseLabelInUse(scraper, flags);
      const problems = scraper.problems();
      for (const { message, code } of problems) terminal.complain(`${message} [${code}]`);
      await printPage(exposition, missing, output, terminal);
      // The metrics of other sources are printed anyway.
      if (problems.some(({ code }) => code === 'DIRECTORY_UNREADABLE')) return 2;
      return exitCodeOf(missing, names);
    } finally {
      await scraper.close();
      await writers.close();
    }
  },
};

/** `--at`: the page of a moment that was recorded. */
async function scrapePast(
  path: string,
  at: Moment,
  flags: Flags,
  terminal: Terminal,
): Promise<number> {
  const { format, escaping, name: names, output } = flags;
  const { reading } = await readAt(path, at, terminal);
  const pages = new ReadingPages(reading, { rules: planRules(flags) });
  const dialect = dialectFor(format, escaping);
  const print = (some: readonly string[] | undefined) => pages.print({ dialect, names: some });
  const exposition = await print(names.length > 0 ? names : undefined);
  const missing = await missingNames(print, names);
  await printPage(exposition, missing, output, terminal);
  return exitCodeOf(missing, names);
}

async function printPage(
  exposition: Uint8Array,
  missing: readonly MissingName[],
  output: string | undefined,
  terminal: Terminal,
): Promise<void> {
  for (const { name, near } of missing) {
    const hint = near.length > 0 ? `; near names: ${near.join(', ')}` : '';
    terminal.complain(`promfold: --name: no family and no sample is called ${name}${hint}`);
  }
  if (output === undefined || output === '-') await terminal.print(exposition);
  else await writeOutputFile(output, exposition);
}

function exitCodeOf(missing: readonly MissingName[], names: readonly string[]): 0 | 1 {
  return missing.length > 0 && missing.length === new Set(names).size ? 1 : 0;
}

/** An empty page of OpenMetrics still ends in this line; an empty page of text has no bytes. */
const EMPTY_PAGE_BYTES = '# EOF\n'.length;

interface MissingName {
  readonly name: string;
  /** Existing names that it may be a misspelling of. */
  readonly near: readonly string[];
}

/** Names without a family or sample. Pages that are requested together come from one reading. */
async function missingNames(
  print: (names: readonly string[] | undefined) => Promise<Buffer>,
  names: readonly string[],
): Promise<MissingName[]> {
  const distinct = [...new Set(names)];
  const pages = await Promise.all(distinct.map((name) => print([name])));
  const missing = distinct.filter((_, i) => pages[i]!.length <= EMPTY_PAGE_BYTES);
  if (missing.length === 0) return [];
  const whole = (await print(undefined)).toString();
  const present = [...whole.matchAll(/^# TYPE "?([^\s"]+)/gm)].map(([, name]) => name!);
  return missing.map((name) => ({ name, near: nearest(name, present) }));
}
