/** All rows of the fault matrix, in the order of the README. */
import type { Fault } from './fault.js';
import { FILE_FAULTS } from './file-faults.js';

export const FAULTS: readonly Fault[] = [...FILE_FAULTS];
