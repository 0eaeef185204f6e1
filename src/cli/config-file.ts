/**
 * The file of `--config.file`: flags by name, for users who keep configuration in files.
 *
 *     web.listen-address: [":19925"]
 *     web.max-requests: 20
 *     process-metrics: true
 *
 * Flags on the command line and environment variables take precedence.
 */
import { readFileSync } from 'node:fs';
import { UsageError } from '../errors.js';
import { environmentVariable, type FlagText } from './flag.js';
import { FLAGS } from './flags.js';
import { systemErrorText } from './system-error.js';

/** The values of a flag in the file. */
export interface FileTexts {
  readonly texts: readonly string[];
  /** `FILE:3:1: web.max-requests`, for messages. */
  readonly source: string;
}

export type ConfigFile = ReadonlyMap<string, FileTexts>;

/**
 * It may have all flags with an environment variable, so that several commands can share a file.
 *
 * @throws UsageError
 */
export async function readConfigFile(path: string): Promise<ConfigFile> {
  // Rarely used, and loading YAML takes as long as loading a command.
  const { ConfigError, parseYaml } = await import('../config/yaml-node.js');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`--config.file: cannot read ${path}: ${systemErrorText(error)}`);
  }
  const flags = new Map(
    Object.values(FLAGS)
      .filter((flag) => environmentVariable(flag) !== undefined && flag !== FLAGS.configFile)
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
