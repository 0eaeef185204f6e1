// How the values of a file that is gone are retained: added up, key by key, in a file that is on no
// disk; and raised where a sum would go back.
#ifndef PROMFOLD_CORE_RETAINED_VALUES_H_
#define PROMFOLD_CORE_RETAINED_VALUES_H_

#include <cstdint>

#include "file_columns.h"
#include "fold.h"

namespace promfold {

// Adds what a file held to what is retained. Entries that count for nothing are left. Returns
// whether keys are new there. REQUIRES: both have their key ids from a table of `keys` keys.
bool AddToRetained(const FileColumns& gone, uint32_t keys, FileColumns* retained);

// Raises retained values where `now` is below `before`, by the least that may make up for it.
// Returns whether there was any.
bool RaiseRetained(const Slots& before, const Slots& now, FileColumns* retained);

}  // namespace promfold

#endif  // PROMFOLD_CORE_RETAINED_VALUES_H_
