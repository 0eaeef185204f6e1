// Prints pages from the slots of an earlier moment (instant_columns.h), byte for byte as the scrape
// printed them that gathered it.
#ifndef PROMFOLD_CORE_PRINT_COLUMNS_H_
#define PROMFOLD_CORE_PRINT_COLUMNS_H_

#include <cstddef>
#include <span>
#include <vector>

#include "precondition.h"
#include "render.h"

namespace promfold {

// One body for each page; its memory is null where it ran out. `slot` may be written meanwhile by
// whoever gave it.
PreconditionError PrintColumns(const Pages& pages, std::span<const double> slot, size_t tail,
                               std::vector<Body>* bodies);

}  // namespace promfold

#endif  // PROMFOLD_CORE_PRINT_COLUMNS_H_
