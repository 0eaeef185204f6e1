/** `scrape`: prints one exposition, as a daemon on the directory would, without self-metrics. */
import { UsageError } from '../errors.js';
import { dialectFor } from '../expose/negotiate.js';
import { withChosen } from '../plan/budget.js';
import { defaultLimits } from '../scrape/default-limits.js';
import { Scraper } from '../scrape/scraper.js';
import type { Command } from './command.js';
import { writeFileAtomically } from './output-file.js';
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
  examples: [
    'scrape /run/prom',
    'scrape --name http_requests /run/prom',
    'scrape --metrics.include=vllm: --label=pod=llm-0 /run/prom',
    'scrape -o /var/lib/node_exporter/app.prom /run/prom',
  ],

  async run({ directory: given, flags }, terminal) {
    const { format, escaping, name: names, output, strict } = flags;
    if (escaping !== undefined && format === 'text') {
      throw new UsageError(
        `--escaping: expected --format text-1.0.0 or openmetrics with it, got ${format}`,
      );
    }
    const directory = chooseSources(given, flags, terminal.environment, terminal.complain);
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
      const exposition = await scraper.scrape({
        dialect: dialectFor(format, escaping),
        ...(names.length > 0 && { names }),
      });
      refuseLabelInUse(scraper, flags);
      const problems = scraper.problems();
      for (const { message, code } of problems) terminal.complain(`${message} [${code}]`);

      if (output === undefined || output === '-') await terminal.print(exposition);
      else await writeFileAtomically(output, exposition);
      // What the others hold is printed all the same.
      return problems.some(({ code }) => code === 'DIRECTORY_UNREADABLE') ? 2 : 0;
    } finally {
      await scraper.close();
      await writers.close();
    }
  },
};
