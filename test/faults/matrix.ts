/** All rows of the fault matrix, in the order of the manual. */
import { DIRECTORY_FAULTS } from './directory-faults.js';
import { ENDPOINT_FAULTS } from './endpoint-faults.js';
import type { Fault } from './fault.js';
import { FILE_FAULTS } from './file-faults.js';
import { HANGING_FAULTS } from './hanging-faults.js';
import { RACE_FAULTS } from './race-faults.js';
import { RECORDER_FAULTS } from './recorder-faults.js';
import { SYSTEM_FAULTS } from './system-faults.js';

export const FAULTS: readonly Fault[] = [
  ...FILE_FAULTS,
  ...RACE_FAULTS,
  ...DIRECTORY_FAULTS,
  ...SYSTEM_FAULTS,
  ...HANGING_FAULTS,
  ...ENDPOINT_FAULTS,
  ...RECORDER_FAULTS,
];
