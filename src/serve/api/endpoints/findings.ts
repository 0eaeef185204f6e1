/** What is wrong with the directory. */
import { findingsOf } from '../../../live/findings-watch.js';
import { viewEndpoint } from '../api-endpoint.js';
import { limitOf } from '../parameters.js';
import { COUNT, list, object, ref, SECONDS, STRING } from '../schema.js';

const MAX_EVIDENCE = 100_000;

export const FINDINGS = viewEndpoint({
  path: '/findings',
  answers:
    'What is wrong with the directory, as `check --json`, but for processes that write elsewhere.',
  parameters: { evidence: limitOf('pieces of evidence of each finding', 100, MAX_EVIDENCE) },
  schema: object({
    path: STRING,
    takenAtSeconds: SECONDS,
    count: object({ error: COUNT, warning: COUNT, info: COUNT }),
    findings: list(ref('Finding')),
  }),
  example: '',
  async view({ reading }, { evidence: shown }, { limits }) {
    const view = await findingsOf(reading, limits);
    const findings = view.findings.map(({ evidence, ...finding }) => ({
      ...finding,
      evidenceCount: evidence.length,
      evidence: evidence.slice(0, shown),
    }));
    return { body: { ...view, findings } };
  },
});
