/**
 * The file of `--config.file`: flags by their names, for those who keep configuration in files.
 *
 *     web.listen-address: [":19925"]
 *     web.max-requests: 20
 *     process-metrics: true
 *
 * A flag on the command line and an environment variable win over it.
 */
import { readFileSync } from 'node:fs';
import { UsageError } from '../errors.js';
import { environmentVariable, type FlagText } from './flag.js';
import { FLAGS } from './flags.js';
import { systemErrorText } from './system-error.js';

/** What the file has for a flag. */
export interface FileTexts {
  readonly texts: readonly string[];
  /** `FILE:3:1: web.max-requests`, for messages. */
  readonly source: string;
}

export type ConfigFile = ReadonlyMap<string, FileTexts>;

/** Of the command line alone, or about this file itself. */
const NOT_IN_FILE = ['config.file'];

/**
 * All flags that have an environment variable may be in it: one file does for several commands.
 *
 * @throws UsageError
 */
export async function readConfigFile(path: string): Promise<ConfigFile> {
  // Few have one, and this is as much to load as a whole command.
  const { ConfigError, parseYaml } = await import('../config/yaml-node.js');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`--config.file: cannot read ${path}: ${systemErrorText(error)}`);
  }
  const flags = new Map(
    Object.values(FLAGS)
      .filter((flag) => environmentVariable(flag) !== undefined && !NOT_IN_FILE.includes(flag.name))
      .map((flag): [string, FlagText] => [flag.name, flag]),
  );
  try {
    const found = new Map<string, FileTexts>();
    for (const [name, node] of parseYaml(text, path).mapping([...flags.keys()])) {
      const { value, repeatable } = flags.get(name)!;
      const source = node.error(name).message;
      if (value === undefined) found.set(name, { texts: [String(node.boolean())], source });
      else if (repeatable && node.isList) {
        found.set(name, { texts: node.list().map((item) => item.text()), source });
      } else found.set(name, { texts: [node.text()], source });
    }
    return found;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new UsageError(error.message);
  }
}
