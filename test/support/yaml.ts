/** Reads YAML with an independent parser: PyYAML, which scripts/test installs with the Python client. */
import { execFileSync } from 'node:child_process';

const READ = `
import json, sys, yaml
print(json.dumps([each for each in yaml.safe_load_all(sys.stdin.buffer) if each is not None]))
`;

/** The documents of a file's text that hold anything. */
export function parseYaml(python: string, text: string): unknown[] {
  return JSON.parse(execFileSync(python, ['-c', READ], { input: text, encoding: 'utf8' }));
}
