/** What is wrong with the directory. */

import { readDiskFacts } from '../../../inspect/findings/disk-facts.js';
import { findInSteps } from '../../../inspect/findings/find-in-steps.js';
import type { CheckView } from '../../../inspect/findings/finding.js';
import { Subject } from '../../../inspect/findings/subject.js';
import type { Reading } from '../../../inspect/reading.js';
import { Memo } from '../../../memo.js';
import type { Limits } from '../../../plan/budget.js';
import { inSlices } from '../../../steps.js';
import { viewEndpoint } from '../api-endpoint.js';
import { limitOf } from '../parameters.js';
import { COUNT, list, object, ref, SECONDS, STRING } from '../schema.js';

const MAX_EVIDENCE = 100_000;

const views = new Memo<Reading, Promise<CheckView>>();

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
    const view = await views.get(reading, () => findAll(reading, limits));
    const findings = view.findings.map(({ evidence, ...finding }) => ({
      ...finding,
      evidenceCount: evidence.length,
      evidence: evidence.slice(0, shown),
    }));
    return { body: { ...view, findings } };
  },
});

async function findAll(reading: Reading, limits: Limits): Promise<CheckView> {
  const diskFacts = await readDiskFacts(reading.path);
  return inSlices(findInSteps(new Subject(reading, diskFacts, limits)));
}
