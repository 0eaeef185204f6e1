import { describe } from 'node:test';
import { currentPython } from '../support/parts.js';
import { itSurvives } from './fault.js';
import { SYSTEM_FAULTS } from './system-faults.js';

// As root: it takes mounts and namespaces.
const skip = process.getuid!() === 0 ? currentPython().skip : 'not root';
describe('a daemon outlives', { skip }, () => itSurvives(SYSTEM_FAULTS));
