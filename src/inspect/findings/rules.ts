/**
 * The table of `check`: every rule, in the order of the report within one severity.
 *
 * Add rules at the end of a group; a code never changes its meaning. The topic `findings` of the manual has this order.
 */
import { overBudget } from './budget.js';
import { labelCardinality, pidExplosion } from './cardinality.js';
import {
  bucketConflict,
  helpConflict,
  identicalSeries,
  modeConflict,
  typeConflict,
} from './conflicts.js';
import {
  damagedFile,
  linkToOtherOwner,
  repairedText,
  twoWriters,
  unreadableFile,
  unrecognisedFile,
  unusableEntry,
} from './damage.js';
import { beforeBoot, deadAllGauge, deadLiveGauge, previousLife } from './dead.js';
import { diskFull, diskGrowth, manyFiles } from './disk.js';
import { networkFileSystem, overlayFileSystem } from './file-system.js';
import type { Rule } from './finding.js';
import { mixedLayouts, oldClient } from './layouts.js';
import { lint } from './lint.js';
import {
  engineSilent,
  engineStalled,
  processSilent,
  processSlow,
  processStalled,
} from './stuck.js';
import { minHeldByZero, staleGauge, sumOfTimes } from './values.js';
import {
  noVllmFamily,
  noWriter,
  variableEmpty,
  variableLowerCase,
  variableTooLate,
  variableUnset,
  writesElsewhere,
} from './variable.js';

export const RULES: readonly Rule[] = [
  engineStalled,
  processStalled,
  damagedFile,
  unreadableFile,
  unusableEntry,
  twoWriters,
  unrecognisedFile,
  linkToOtherOwner,
  repairedText,
  engineSilent,
  processSilent,
  processSlow,
  deadLiveGauge,
  deadAllGauge,
  previousLife,
  beforeBoot,
  mixedLayouts,
  oldClient,
  typeConflict,
  modeConflict,
  bucketConflict,
  identicalSeries,
  helpConflict,
  sumOfTimes,
  minHeldByZero,
  staleGauge,
  overBudget,
  labelCardinality,
  pidExplosion,
  manyFiles,
  diskGrowth,
  diskFull,
  variableUnset,
  variableEmpty,
  variableLowerCase,
  variableTooLate,
  writesElsewhere,
  noWriter,
  noVllmFamily,
  networkFileSystem,
  overlayFileSystem,
  lint,
];
