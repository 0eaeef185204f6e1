// Columns in one block of the core's memory, as typed arrays: not copied, and shared with the
// threads to which they are passed back. So a thread may be at work with columns that were released
// meanwhile, or whose environment is gone.
#ifndef PROMFOLD_BINDING_COLUMN_MEMORY_H_
#define PROMFOLD_BINDING_COLUMN_MEMORY_H_

#include <napi.h>

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "convert.h"
#include "core/block_pool.h"

namespace binding {

// One ArrayBuffer over a block, and the columns in it.
class ColumnMemory {
 public:
  ColumnMemory(Napi::Env env, promfold::Block block);

  // REQUIRES: the column is in the block.
  template <typename T>
  Napi::Value ToArray(std::span<const T> column) const {
    const auto* const first = reinterpret_cast<const char*>(column.data());
    const size_t offset = column.empty() ? 0 : static_cast<size_t>(first - memory_);
    return Napi::TypedArrayOf<T>::New(env_, column.size(), buffer_, offset);
  }

 private:
  const Napi::Env env_;
  const char* const memory_;
  Napi::ArrayBuffer buffer_;
};

// The block under a typed array; null where it is not one of ColumnMemory.
std::shared_ptr<const promfold::Block> SharedBlock(Napi::TypedArray array);

// A column passed in that any thread may read, also when the call is over: it shares the memory of
// ColumnMemory, and is a copy of any other.
template <typename T>
class PassedColumn {
 public:
  std::span<const T> view() const { return block_ != nullptr ? in_block_ : std::span(copy_); }

  // For anything but such an array: none, and an exception pending.
  static std::optional<PassedColumn> From(Napi::Value value, const char* expected) {
    const auto column = Column<T>(value, expected);
    if (!column) return std::nullopt;
    PassedColumn passed;
    passed.block_ = SharedBlock(value.As<Napi::TypedArray>());
    if (passed.block_ != nullptr) {
      passed.in_block_ = *column;
    } else {
      passed.copy_.assign(column->begin(), column->end());
    }
    return passed;
  }

 private:
  std::shared_ptr<const promfold::Block> block_;
  std::span<const T> in_block_;
  std::vector<T> copy_;
};

// What src/native.ts calls releaseColumns. Takes the memory of columns from JavaScript, which sees
// a length of 0 from now on.
Napi::Value ReleaseColumns(const Napi::CallbackInfo& info);

}  // namespace binding

#endif  // PROMFOLD_BINDING_COLUMN_MEMORY_H_
