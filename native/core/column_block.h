// Columns that are handed over as they are: end to end in one block of memory (block_pool.h), so
// that the next ones of this size take it over.
#ifndef PROMFOLD_CORE_COLUMN_BLOCK_H_
#define PROMFOLD_CORE_COLUMN_BLOCK_H_

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "block_pool.h"

namespace promfold {

// Instead of a Template::id: a block of columns is taken for columns rather than for a page.
inline constexpr uint64_t kColumnsText = UINT64_MAX;

class ColumnBlock {
 public:
  // Room for so many doubles, and after them for so many numbers of 32 bits.
  ColumnBlock(size_t doubles, size_t words)
      : block_(doubles * sizeof(double) + words * sizeof(uint32_t), kColumnsText),
        end_(block_.memory()) {
    CachedPiece columns;
    columns.text = kColumnsText;
    block_.cached_pieces.assign(1, columns);
  }

  // False where memory ran out: then nothing may be taken.
  bool has_memory() const { return block_.memory() != nullptr; }

  // The next `count` elements, uninitialised. REQUIRES: there is room, and doubles come first.
  template <typename T>
  std::span<T> Take(size_t count) {
    assert(static_cast<size_t>(end_ - block_.memory()) + count * sizeof(T) <= block_.bytes() ||
           count == 0);
    auto* const first = reinterpret_cast<T*>(end_);
    end_ += count * sizeof(T);
    return {first, count};
  }

  // The memory of all that was taken.
  Block TakeBlock() { return std::move(block_); }

 private:
  Block block_;
  char* end_;
};

}  // namespace promfold

#endif  // PROMFOLD_CORE_COLUMN_BLOCK_H_
