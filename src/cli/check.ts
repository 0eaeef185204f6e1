/** `check`: what is wrong with a directory, the effect on the numbers, and the cure. */
import { UsageError } from '../errors.js';
import { check as checkReading } from '../inspect/check.js';
import type { CheckView, Finding, Severity } from '../inspect/findings/finding.js';
import { readHostFacts } from '../inspect/findings/host-facts.js';
import { RULES } from '../inspect/findings/rules.js';
import { toJson } from '../inspect/json.js';
import { counted, formatCount } from '../inspect/quantity.js';
import { withChosen } from '../plan/budget.js';
import { defaultLimits } from '../scrape/default-limits.js';
import type { Command } from './command.js';
import { chooseDirectory, INSTEAD_OF_DIRECTORY } from './directory.js';
import { explanationOf } from './explain-code.js';
import { manualText } from './manual-text.js';
import { readAt } from './past.js';
import { textOf } from './stdout.js';
import { type Paint, painter, takesColour, terminalWidth } from './terminal.js';
import { wrapText } from './text-width.js';

/** Pieces of evidence printed for each finding. */
const SHOWN_EVIDENCE = 5;

const LABEL_WIDTH = 9;

/** Prose is no wider than this, and no wider than the terminal. */
const PROSE_WIDTH = 100;

/** If stdout is not a terminal. There evidence is on one line, so that it can be searched. */
const PIPED_WIDTH = 80;

export const check: Command<'json' | 'all' | 'limit' | 'color' | 'explain' | 'at'> = {
  name: 'check',
  summary: 'Find what is wrong with a directory, and say what to do.',
  details: [INSTEAD_OF_DIRECTORY],
  flags: ['all', 'explain', 'at', 'limit', 'color', 'json'],
  exitCodes: [
    ['0', 'no error was found; there may be warnings and notes'],
    ['1', 'an error was found'],
  ],
  topic: 'checking',
  examples: ['check /run/prom', 'check --json /run/prom', 'check --explain DEAD_ALL_GAUGE'],

  async run({ directory: given, flags }, terminal) {
    if (flags.explain !== undefined) {
      if (given !== undefined) throw new UsageError('--explain: expected no DIR, got one');
      const page = explanationOf(flags.explain);
      await terminal.print(
        flags.json ? toJson(page) : manualText(page.text, terminalWidth(terminal.environment)),
      );
      return 0;
    }
    const path = chooseDirectory(given, terminal.environment, terminal.complain);
    const { kind, reading } = await readAt(path, flags.at, terminal);
    // A snapshot, a recording or a single file may come from another machine: facts of this one do not apply.
    const hostFacts = kind === 'directory' ? await readHostFacts(path) : undefined;
    const limits = withChosen(defaultLimits(false), flags.limit);
    const view = checkReading(reading, hostFacts, RULES, limits);
    if (flags.json) await terminal.print(toJson(view));
    else {
      const width = terminalWidth(terminal.environment);
      const paint = painter(takesColour(flags.color, terminal.environment));
      const lines = reportLines(view, flags.all ? Infinity : SHOWN_EVIDENCE, width, paint);
      await terminal.print(textOf(lines));
    }
    return view.count.error > 0 ? 1 : 0;
  },
};

const STYLE = { error: 'red', warning: 'yellow', info: 'cyan' } as const satisfies Record<
  Severity,
  string
>;

function reportLines(
  { path, count, findings }: CheckView,
  shownEvidence: number,
  width: number,
  paint: Paint,
): string[] {
  const lines = findings.flatMap((finding) => [
    ...findingLines(finding, shownEvidence, width, paint),
    '',
  ]);
  const counts = [
    counted(count.error, 'error'),
    counted(count.warning, 'warning'),
    counted(count.info, 'note'),
  ];
  const summary = findings.length === 0 ? 'nothing found' : counts.join(', ');
  return [...lines, ...wrapText(`${path}: ${summary}`, width)];
}

function findingLines(
  { code, severity, title, effect, cure, evidence }: Finding,
  shownEvidence: number,
  width: number,
  paint: Paint,
): string[] {
  const prose = width === Number.POSITIVE_INFINITY ? PIPED_WIDTH : Math.min(width, PROSE_WIDTH);
  const head = `${paint(STYLE[severity], severity)} ${paint('bold', code)} ${title}`;
  const shown = evidence.slice(0, shownEvidence).flatMap(({ text }) => labelled('', text, width));
  const hidden = evidence.length - shownEvidence;
  if (hidden > 0)
    shown.push(`${' '.repeat(LABEL_WIDTH)}… ${formatCount(hidden)} more; --all shows them`);
  return [head, ...shown, ...labelled('effect', effect, prose), ...labelled('cure', cure, prose)];
}

/** A text after its label; further lines are aligned with the first. */
function labelled(label: string, text: string, width: number): string[] {
  return wrapText(text, width - LABEL_WIDTH).map(
    (line, i) => `  ${(i === 0 ? label : '').padEnd(LABEL_WIDTH - 2)}${line}`,
  );
}
