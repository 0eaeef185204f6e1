import { describe } from 'node:test';
import { itSurvives } from './fault.js';
import { FILE_FAULTS } from './file-faults.js';

// Side by side: some wait for a creation grace period to end.
describe('a daemon outlives', { concurrency: 4 }, () => itSurvives(FILE_FAULTS));
