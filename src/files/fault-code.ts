/**
 * What a fault that the addon finds is called, and how long an empty file is none.
 */
import type { ErrorCode } from '../errors.js';
import { FAULT } from '../native.js';

/** How long a file may stay empty after it was made; its ctime says when that was (`src/reference.md` N1). */
export const CREATION_SECONDS = 5;

export const CODE_OF_FAULT: Readonly<Record<number, ErrorCode>> = {
  [FAULT.empty]: 'FILE_EMPTY',
  [FAULT.usedOutOfRange]: 'FILE_CORRUPT',
  [FAULT.keyOutOfRange]: 'FILE_CORRUPT',
  [FAULT.valueOutOfRange]: 'FILE_CORRUPT',
  [FAULT.changedInPlace]: 'FILE_CORRUPT',
  [FAULT.readFault]: 'FILE_UNREADABLE',
  [FAULT.ioError]: 'FILE_UNREADABLE',
  [FAULT.notRegular]: 'FILE_NOT_REGULAR',
  [FAULT.tooManyEntries]: 'BUDGET_EXCEEDED',
  [FAULT.tooManyKeyBytes]: 'BUDGET_EXCEEDED',
  [FAULT.linkToOtherOwner]: 'LINK_TO_OTHER_OWNER',
};
