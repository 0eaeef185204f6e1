import { describe } from 'node:test';
import { fusePython } from '../support/parts.js';
import { itSurvives } from './fault.js';
import { HANGING_FAULTS } from './hanging-faults.js';

// As root: it mounts.
const skip = process.getuid!() === 0 ? fusePython().skip : 'not root';
describe('a daemon outlives', { skip, concurrency: 3 }, () => itSurvives(HANGING_FAULTS));
