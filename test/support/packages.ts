/** Packages as scripts/package makes them, and the Nodes that they are tried on. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { dirname } from 'node:path';
import { ROOT } from './paths.js';
import { run } from './process.js';
import { tempDirectory } from './temp.js';

export type Format = 'npm' | 'wheel' | 'tarball';

/** Compressed little, in a fraction of the time. @returns the path, which is the last line that the script prints */
export async function makePackage(
  format: Format,
  args: readonly string[] = [],
  out = tempDirectory(),
  given = process.env,
): Promise<string> {
  const script = `${ROOT}/scripts/package/${format}`;
  const env = { ...given, XZ_OPT: '-0' };
  const { exitCode, stdout, stderr } = await run(script, [...args, out], { env });
  assert.equal(exitCode, 0, stderr);
  return stdout.trimEnd().split('\n').at(-1)!;
}

/** What install_node of scripts/setup.sh has put into .nodes, by version, and the one that runs this. */
export function nodes(): ReadonlyMap<string, string> {
  const script = '. scripts/setup.sh; tested_node_paths';
  const found = execFileSync('bash', ['-c', script], { cwd: ROOT, encoding: 'utf8' });
  const programs = [process.execPath, ...found.trim().split('\n')];
  return new Map(
    programs.map((program) => [
      execFileSync(program, ['--version'], { encoding: 'utf8' }).trim(),
      program,
    ]),
  );
}

/** The Node that is packed, of another architecture. */
export function nodeForArm64(): string {
  const script = '. scripts/setup.sh; node_path "$packed_node" arm64';
  return execFileSync('bash', ['-c', script], { cwd: ROOT, encoding: 'utf8' }).trim();
}

/** The folder of npm itself, which is JavaScript. */
export function npmFolder(): string {
  const program = execFileSync('sh', ['-c', 'readlink -f "$(command -v npm)"'], {
    encoding: 'utf8',
  });
  return dirname(dirname(program.trim()));
}
