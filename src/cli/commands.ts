/**
 * The table of commands. Each is loaded only when it is used: loading all of them takes as long as running one, and
 * delays the start of `serve`.
 */
import type { Command } from './command.js';
import type { FlagKey } from './flags.js';

/** In the order of --help. */
const LOADERS = {
  serve: async () => (await import('./serve.js')).serve,
  run: async () => (await import('./run.js')).run,
  scrape: async () => (await import('./scrape.js')).scrape,
  ls: async () => (await import('./ls.js')).ls,
  cat: async () => (await import('./cat.js')).cat,
  explain: async () => (await import('./explain/explain.js')).explain,
  check: async () => (await import('./check/check.js')).check,
  top: async () => (await import('./top.js')).top,
  diff: async () => (await import('./diff.js')).diff,
  snapshot: async () => (await import('./snapshot.js')).snapshot,
  record: async () => (await import('./record.js')).record,
  page: async () => (await import('./page.js')).page,
  export: async () => (await import('./export.js')).exportCommand,
  compact: async () => (await import('./compact.js')).compact,
  discover: async () => (await import('./discover.js')).discover,
  'check-config': async () => (await import('./check-config.js')).checkConfig,
  completion: async () => (await import('./completion.js')).completionCommand(loadCommands),
  man: async () => (await import('./man.js')).manCommand(loadCommands),
  help: async () => (await import('./help.js')).helpCommand(commandNames),
} satisfies Record<string, () => Promise<Command<FlagKey>>>;

type CommandName = keyof typeof LOADERS;

function commandNames(): readonly string[] {
  return Object.keys(LOADERS);
}

export function isCommandName(word: string): word is CommandName {
  return Object.hasOwn(LOADERS, word);
}

export function loadCommand(name: CommandName): Promise<Command> {
  return LOADERS[name]();
}

export async function loadCommands(): Promise<readonly Command[]> {
  return Promise.all(Object.values(LOADERS).map((load): Promise<Command> => load()));
}
