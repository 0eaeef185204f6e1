/** `check`: what is wrong with a directory, the effect on the numbers, and the cure. */
import { UsageError } from '../../errors.js';
import { check as checkReading } from '../../inspect/check.js';
import { checkExposition, EXPOSITION_RULES } from '../../inspect/findings/exposition.js';
import type { CheckView, Finding, Rule, Severity } from '../../inspect/findings/finding.js';
import { readHostFacts } from '../../inspect/findings/host-facts.js';
import { RULES } from '../../inspect/findings/rules.js';
import { openInput } from '../../inspect/input.js';
import { toJson } from '../../inspect/json.js';
import { counted, formatCount } from '../../inspect/quantity.js';
import type { Reading } from '../../inspect/reading.js';
import type { RecordedPast } from '../../inspect/recorded-reading.js';
import { recordedVerdicts } from '../../live/watch/recorded-verdicts.js';
import { withChosen } from '../../plan/budget.js';
import { defaultLimits } from '../../scrape/default-limits.js';
import type { Command, Terminal } from '../command.js';
import { chooseDirectory, INSTEAD_OF_DIRECTORY } from '../directory.js';
import { explanationOf } from '../explain-code.js';
import type { FlagKey, FlagValues } from '../flags.js';
import { manualText } from '../manual-text.js';
import { readOpened } from '../past.js';
import { textOf } from '../stdout.js';
import { type Paint, painter, takesColour, terminalWidth } from '../terminal.js';
import { wrapText } from '../text-width.js';
import { type CheckFormat, failsFor } from './choices.js';
import { junit } from './junit.js';
import { sarif } from './sarif.js';

/** Pieces of evidence printed for each finding. */
const SHOWN_EVIDENCE = 5;

const LABEL_WIDTH = 9;

/** Prose is no wider than this, and no wider than the terminal. */
const PROSE_WIDTH = 100;

/** If stdout is not a terminal. There evidence is on one line, so that it can be searched. */
const PIPED_WIDTH = 80;

const FLAGS = [
  'all',
  'failOn',
  'checkFormat',
  'explain',
  'at',
  'limit',
  'watchdogSilence',
  'watchdogProfile',
  'color',
  'json',
] as const satisfies readonly FlagKey[];

type Flags = FlagValues<(typeof FLAGS)[number]>;

export const check: Command<(typeof FLAGS)[number]> = {
  name: 'check',
  summary: 'Find what is wrong with a directory, and say what to do.',
  details: [
    `${INSTEAD_OF_DIRECTORY} Of a page in a file, names, labels and lines are checked.`,
    'What is stuck is said of a running promfold, and of a recording that has the ten minutes before: a directory alone has no past.',
  ],
  flags: FLAGS,
  exitCodes: [
    ['0', 'no error was found; there may be warnings and notes (--fail-on)'],
    ['1', 'an error was found'],
  ],
  topic: 'checking',
  examples: [
    'check /run/prom',
    'check --format=sarif /run/prom',
    'check --fail-on=warning metrics.prom',
    'check --explain DEAD_ALL_GAUGE',
  ],

  async run({ directory: given, flags }, terminal) {
    if (flags.explain !== undefined) {
      if (given !== undefined) throw new UsageError('--explain: expected no DIR, got one');
      const page = explanationOf(flags.explain);
      await terminal.print(
        flags.json ? toJson(page) : manualText(page.text, terminalWidth(terminal.environment)),
      );
      return 0;
    }
    const format = formatOf(flags);
    const path = chooseDirectory(given, terminal.environment, terminal.complain);
    const { view, rules } = await found(path, flags, terminal);
    await terminal.print(printed(view, rules, format, flags, terminal));
    return view.findings.some(({ severity }) => failsFor(severity, flags.failOn)) ? 1 : 0;
  },
};

function formatOf({ json, checkFormat }: Flags): CheckFormat {
  if (!json) return checkFormat ?? 'text';
  if (checkFormat === undefined || checkFormat === 'json') return 'json';
  throw new UsageError(`--json: expected no other format with it, got --format=${checkFormat}`);
}

interface Found {
  readonly view: CheckView;
  /** That were looked at. */
  readonly rules: readonly Omit<Rule, 'find'>[];
}

async function found(path: string, flags: Flags, terminal: Terminal): Promise<Found> {
  const input = await openInput(path, flags.at !== undefined);
  if (input.kind === 'text' && input.isExposition && flags.at === undefined) {
    return { view: checkExposition(path, await input.text()), rules: EXPOSITION_RULES };
  }
  const { kind, reading: read, past } = await readOpened(path, input, flags.at, terminal);
  const reading = past === undefined ? read : await withVerdicts(read, past, flags);
  // A snapshot, a recording or a single file may come from another machine: facts of this one do not apply.
  const hostFacts = kind === 'directory' ? await readHostFacts(path) : undefined;
  const limits = withChosen(defaultLimits(false), flags.limit);
  return { view: checkReading(reading, hostFacts, RULES, limits), rules: RULES };
}

async function withVerdicts(
  reading: Reading,
  past: RecordedPast,
  { watchdogSilence: silenceSeconds, watchdogProfile: profile }: Flags,
): Promise<Reading> {
  if (silenceSeconds === 0) return reading;
  const options = { silenceSeconds, profile };
  return { ...reading, verdicts: await recordedVerdicts(past, reading.takenAtSeconds, options) };
}

function printed(
  view: CheckView,
  rules: Found['rules'],
  format: CheckFormat,
  { all, color, failOn }: Flags,
  { environment }: Terminal,
): Iterable<string> | string {
  switch (format) {
    case 'json':
      return toJson(view);
    case 'sarif':
      return toJson(sarif(view, rules));
    case 'junit':
      return junit(view, rules, failOn);
    case 'text': {
      const width = terminalWidth(environment);
      const paint = painter(takesColour(color, environment));
      return textOf(reportLines(view, all ? Infinity : SHOWN_EVIDENCE, width, paint));
    }
  }
}

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
