/**
 * The error code of each fault that the addon finds, and how long an empty file is not a fault.
 */
import type { ErrorCode } from '../errors.js';
import { FAULT } from '../native.js';

/** The creation grace period: how long a new file may stay empty, counted from its ctime (`src/reference.md` N1). */
export const CREATION_GRACE_SECONDS = 5;

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
