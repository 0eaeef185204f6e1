import { describe } from 'node:test';
import { DIRECTORY_FAULTS } from './directory-faults.js';
import { itSurvives } from './fault.js';

// As root: it takes mounts and other users.
describe('a daemon outlives', { skip: process.getuid!() !== 0 }, () =>
  itSurvives(DIRECTORY_FAULTS),
);
