#include "read_budget.h"

#include <algorithm>

#include "file_format.h"

namespace promfold {

namespace {

Fault Excess(Found found, uint64_t a, uint64_t b) {
  return {found, -1, static_cast<int64_t>(a), static_cast<int64_t>(b)};
}

}  // namespace

Fault ReadBudget::FindExcess(const NewEntries& added, const KeyTable& keys) const {
  const uint64_t all_entries = uint64_t{added.before} + added.count;
  if (all_entries > limits.file_entries) {
    return Excess(Found::kTooManyEntries, all_entries, limits.file_entries);
  }
  // With padding, which is less than the rest of an entry.
  const uint64_t key_bytes =
      added.end - added.from - uint64_t{added.count} * (kLengthBytes + added.value_bytes);
  if (key_bytes > limits.file_key_bytes) {
    return Excess(Found::kTooManyKeyBytes, key_bytes, limits.file_key_bytes);
  }
  const uint64_t others = entries - added.replaced;
  const uint64_t room = limits.entries - std::min(limits.entries, others);
  if (added.count > room) return Excess(Found::kNoRoomForEntries, all_entries, room);

  const uint64_t key_room = limits.key_bytes - std::min(limits.key_bytes, keys.text_bytes());
  if (key_bytes <= key_room) return {};
  // Most files of a program have the keys that others have.
  uint64_t new_bytes = 0;
  for (uint32_t cursor = added.from; cursor < added.end;) {
    Entry entry;
    if (!NextEntry({added.file, added.end}, added.end, added.value_bytes, &cursor, &entry).ok()) {
      break;
    }
    if (!keys.Has(entry.key)) new_bytes += entry.key.size();
  }
  return new_bytes > key_room ? Excess(Found::kNoRoomForKeys, new_bytes, key_room) : Fault{};
}

}  // namespace promfold
