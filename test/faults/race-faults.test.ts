import { describe } from 'node:test';
import { currentPython } from '../support/parts.js';
import { itSurvives } from './fault.js';
import { RACE_FAULTS } from './race-faults.js';

describe('a daemon outlives', { skip: currentPython().skip }, () => itSurvives(RACE_FAULTS));
