// Which entries a metric file has: the key of each, and where its value is. And whether bytes at
// hand are still those of the file that was indexed.
//
// Entries never move, and more only ever follow. So while `used` did not shrink and the last entry
// has its key (CheckEnd: two loads and a comparison), all entries are where they were. What is read
// as a whole is compared key by key (Continues).
#ifndef PROMFOLD_CORE_ENTRY_INDEX_H_
#define PROMFOLD_CORE_ENTRY_INDEX_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "fault.h"
#include "file_format.h"
#include "key_table.h"
#include "load.h"
#include "shared_column.h"

namespace promfold {

class EntryIndex {
 public:
  uint32_t size() const { return key_id_.size(); }
  bool empty() const { return key_id_.empty(); }
  std::span<const uint32_t> key_ids() const { return key_id_.view(); }
  std::span<const uint32_t> value_offsets() const { return value_offset_.view(); }
  // Bytes of a value: 8 or 16; 0 while it is not known.
  uint32_t value_bytes() const { return value_bytes_; }
  // `used` of the file when its entries were last walked.
  uint32_t used() const { return used_; }
  // Where the next entry begins, and where the last one does; 0: there is none.
  uint32_t end() const { return end_; }
  uint32_t last_entry() const { return last_entry_; }
  // Whether there is a blank before every value.
  bool is_padded() const { return is_padded_; }
  // Byte at which an entry begins. REQUIRES: entry < size().
  uint32_t EntryOffset(uint32_t entry) const {
    return entry == 0 ? kHeaderBytes : value_offset_[entry - 1] + value_bytes_;
  }
  // Empty where there is no entry.
  std::string_view LastKey(const KeyTable& keys) const {
    return empty() ? std::string_view() : keys.Text(key_id_.back());
  }

  void Reserve(uint32_t entries);
  void SetUsed(uint32_t used, uint32_t value_bytes);
  // Indexes the entries in [end(), end). REQUIRES: the walk over them was seen to succeed, in bytes
  // that nothing else writes; value_bytes is set.
  void Append(const std::byte* file, uint32_t end, KeyTable* keys);
  // An entry of a file that is on no disk.
  void AppendKey(uint32_t key_id);
  // The ids of `to` for the keys, instead of those of `from`.
  void Rekey(const KeyTable& from, KeyTable* to);

  // Whether more entries can be walked from end() on. Not where the file has none yet, whose first
  // ones decide its format; nor where `used` cut the last one short (file_format.h).
  bool CanGrow() const { return end_ == used_ && value_bytes_ != 0; }
  // Whether entries lead from end() exactly to `used`, and how many.
  bool LeadsTo(uint32_t used, std::span<const std::byte> file, uint32_t* entries) const;

  // Whether header and last entry are as they were when they were indexed, and then `used` now. May
  // run inside a guarded scope.
  Fault CheckEnd(const std::byte* file, std::string_view last_key, uint32_t* used) const {
    const int32_t stored = LoadInt32(file, 0);
    if (stored < static_cast<int32_t>(used_)) return {Found::kUsedShrank, 0, stored, used_};
    *used = static_cast<uint32_t>(stored);
    // On arm64 entries could be loaded before `used`. What it may see of the writer's stores: L3.
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if (last_entry_ == 0) return {};
    if (LoadInt32(file, last_entry_) != static_cast<int32_t>(last_key.size()) ||
        std::memcmp(file + last_entry_ + kLengthBytes, last_key.data(), last_key.size()) != 0) {
      return {Found::kLastEntryChanged, last_entry_};
    }
    return {};
  }

  // Whether these are the entries that are indexed, and perhaps more. REQUIRES: `file` is in
  // `format`.
  bool Continues(std::span<const std::byte> file, const FileFormat& format,
                 const KeyTable& keys) const;
  // Finds bytes that are not text where an indexed entry had its key. Such a file was damaged, and
  // is not another one that was written in its place.
  Fault FindErasedKey(std::span<const std::byte> file, const FileFormat& format,
                      const KeyTable& keys) const;

  void ShareIn(ColumnPool* pool);
  // Of the keys, as SharedColumn::identity.
  const void* keys_identity() const { return key_id_.identity(); }

 private:
  SharedColumn key_id_;
  SharedColumn value_offset_;
  uint32_t used_ = 0;
  uint32_t end_ = kHeaderBytes;
  uint32_t last_entry_ = 0;
  uint32_t value_bytes_ = 0;
  bool is_padded_ = true;
};

}  // namespace promfold

#endif  // PROMFOLD_CORE_ENTRY_INDEX_H_
