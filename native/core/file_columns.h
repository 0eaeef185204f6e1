// What a file holds, entry by entry, in columns: where its value is, where it goes, what it was.
#ifndef PROMFOLD_CORE_FILE_COLUMNS_H_
#define PROMFOLD_CORE_FILE_COLUMNS_H_

#include "entry_index.h"
#include "rows.h"
#include "value_columns.h"

namespace promfold {

struct FileColumns {
  EntryIndex index;
  Rows rows;            // may be fewer than entries
  ValueColumns values;  // likewise
};

}  // namespace promfold

#endif  // PROMFOLD_CORE_FILE_COLUMNS_H_
