/**
 * Findings as SARIF 2.1.0, for code scanning: a rule for each code, a result for each piece of evidence, at the file or
 * the directory that it is about.
 *
 * Source: OASIS, Static Analysis Results Interchange Format (SARIF) 2.1.0.
 */
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type {
  CheckView,
  Evidence,
  Finding,
  Rule,
  Severity,
} from '../../inspect/findings/finding.js';
import { isUrl } from '../../inspect/remote.js';
import { VERSION } from '../version.js';

const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json';

const LEVEL = { error: 'error', warning: 'warning', info: 'note' } as const satisfies Record<
  Severity,
  string
>;

/** @param rules all that were looked at, in the order of ruleIndex */
export function sarif(
  { path, takenAtSeconds, findings }: CheckView,
  rules: readonly Omit<Rule, 'find'>[],
): object {
  const indexOf = new Map(rules.map(({ code }, i) => [code, i]));
  return {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'promfold',
            version: VERSION,
            rules: rules.map(ruleOf),
          },
        },
        invocations: [
          {
            executionSuccessful: true,
            endTimeUtc: new Date(takenAtSeconds * 1000).toISOString(),
          },
        ],
        columnKind: 'utf16CodeUnits',
        results: findings.flatMap((finding) => {
          const ruleIndex = indexOf.get(finding.code)!;
          return finding.evidence.map((evidence) => resultOf(finding, ruleIndex, path, evidence));
        }),
      },
    ],
  };
}

function ruleOf({ code, severity, title, effect, cure }: Omit<Rule, 'find'>): object {
  return {
    id: code,
    shortDescription: { text: title },
    fullDescription: { text: effect },
    help: { text: cure },
    defaultConfiguration: { level: LEVEL[severity] },
  };
}

function resultOf(
  { code, severity }: Finding,
  ruleIndex: number,
  path: string,
  { text, file, family, processId }: Evidence,
): object {
  const logical = [
    ...(family === undefined ? [] : [{ name: family, kind: 'family' }]),
    ...(processId === undefined ? [] : [{ name: processId, kind: 'process' }]),
  ];
  return {
    ruleId: code,
    ruleIndex,
    level: LEVEL[severity],
    message: { text },
    locations: [
      {
        physicalLocation: { artifactLocation: { uri: uriOf(path, file) } },
        ...(logical.length > 0 && { logicalLocations: logical }),
      },
    ],
  };
}

function uriOf(path: string, file: string | undefined): string {
  const isIn = file !== undefined && basename(path) !== file;
  if (isUrl(path)) return isIn ? `${path.replace(/\/$/, '')}/${encodeURIComponent(file)}` : path;
  const absolute = path === '-' ? '/dev/stdin' : resolve(path);
  return pathToFileURL(isIn ? join(absolute, file) : absolute).href;
}
