import { describe } from 'node:test';
import { ENDPOINT_FAULTS } from './endpoint-faults.js';
import { itSurvives } from './fault.js';

// As root: it takes a mount, and the port of a name server.
const skip = process.getuid!() === 0 ? false : 'not root';
describe('a daemon outlives', { skip }, () => itSurvives(ENDPOINT_FAULTS));
