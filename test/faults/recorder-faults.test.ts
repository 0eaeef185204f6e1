import { describe } from 'node:test';
import { itSurvives } from './fault.js';
import { RECORDER_FAULTS } from './recorder-faults.js';

// As root: it mounts, and takes another user. Two wait until a folder is tried again.
const skip = process.getuid!() === 0 ? false : 'not root';
describe('a recording outlives', { skip, concurrency: 3 }, () => itSurvives(RECORDER_FAULTS));
