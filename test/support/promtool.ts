/** Has promtool check a text exposition. */
import { run } from './process.js';

/**
 * @returns whether promtool could parse it, and what it printed: complaints about names and helps
 *   when it could (exit 3), the parse error when it could not (exit 1)
 */
export async function metricLint(
  promtool: string,
  exposition: string,
): Promise<{ parses: boolean; output: string }> {
  const { exitCode, stdout, stderr } = await run(promtool, ['check', 'metrics'], {
    input: exposition,
  });
  return { parses: exitCode === 0 || exitCode === 3, output: stdout + stderr };
}
