#include "shared_column.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

namespace promfold {

ColumnPool::Column ColumnPool::Find(Column column) {
  const std::string_view bytes(reinterpret_cast<const char*>(column->data()),
                               column->size() * sizeof(uint32_t));
  std::weak_ptr<std::vector<uint32_t>>& known = by_hash_[std::hash<std::string_view>()(bytes)];
  // An owner may have changed it since it was put here.
  Column other = known.lock();
  if (other != nullptr && *other == *column) return other;
  known = column;
  if (by_hash_.size() > forget_at_) ForgetUnused();
  return column;
}

void ColumnPool::ForgetUnused() {
  std::erase_if(by_hash_, [](const auto& entry) { return entry.second.expired(); });
  forget_at_ = std::max<size_t>(64, 2 * by_hash_.size());
}

std::vector<uint32_t>* SharedColumn::Own() {
  is_shared_ = false;
  if (column_ == nullptr) {
    column_ = std::make_shared<std::vector<uint32_t>>();
  } else if (column_.use_count() > 1) {
    column_ = std::make_shared<std::vector<uint32_t>>(*column_);
  }
  return column_.get();
}

void SharedColumn::ShareIn(ColumnPool* pool) {
  if (is_shared_ || column_ == nullptr) return;
  column_ = pool->Find(std::move(column_));
  is_shared_ = true;
}

}  // namespace promfold
