#include "entry_index.h"

#include <cassert>
#include <vector>

#include "text.h"

namespace promfold {

void EntryIndex::Reserve(uint32_t entries) {
  key_id_.Own()->reserve(entries);
  value_offset_.Own()->reserve(entries);
}

void EntryIndex::SetUsed(uint32_t used, uint32_t value_bytes) {
  used_ = used;
  value_bytes_ = value_bytes;
}

void EntryIndex::Append(const std::byte* file, uint32_t end, KeyTable* keys) {
  std::vector<uint32_t>* const key_id = key_id_.Own();
  std::vector<uint32_t>* const value_offset = value_offset_.Own();
  while (end_ < end) {
    last_entry_ = end_;
    Entry entry;
    const Fault fault = NextEntry({file, end}, end, value_bytes_, &end_, &entry);
    assert(fault.ok());
    if (!fault.ok()) break;
    key_id->push_back(keys->Intern(entry.key));
    value_offset->push_back(entry.value_offset);
    is_padded_ = is_padded_ && file[entry.value_offset - 1] == std::byte{' '};
  }
}

void EntryIndex::AppendKey(uint32_t key_id) { key_id_.Own()->push_back(key_id); }

void EntryIndex::Rekey(const KeyTable& from, KeyTable* to) {
  for (uint32_t& key : *key_id_.Own()) key = to->Intern(from.Text(key));
}

bool EntryIndex::LeadsTo(uint32_t used, std::span<const std::byte> file, uint32_t* entries) const {
  *entries = 0;
  for (uint32_t cursor = end_; cursor < used; ++*entries) {
    Entry entry;
    if (!NextEntry(file, used, value_bytes_, &cursor, &entry).ok()) return false;
  }
  return true;
}

bool EntryIndex::Continues(std::span<const std::byte> file, const FileFormat& format,
                           const KeyTable& keys) const {
  if (format.end < end_) return false;
  if (empty()) return true;
  if (format.value_bytes != value_bytes_ || format.entries < size()) return false;
  uint32_t cursor = kHeaderBytes;
  for (size_t i = 0; i < size(); ++i) {
    Entry entry;
    const Fault fault = NextEntry(file, format.end, value_bytes_, &cursor, &entry);
    if (!fault.ok() || entry.value_offset != value_offset_[i] ||
        entry.key != keys.Text(key_id_[i])) {
      return false;
    }
  }
  return true;
}

// A file cut inside a key and stretched again, or with a double stored over a key by another
// process, still has all its length words: the chain is whole, and where a key was are bytes that
// are not text.
Fault EntryIndex::FindErasedKey(std::span<const std::byte> file, const FileFormat& format,
                                const KeyTable& keys) const {
  uint32_t cursor = kHeaderBytes;
  for (size_t i = 0; i < size() && cursor < format.end; ++i) {
    const uint32_t begin = cursor;
    Entry entry;
    if (!NextEntry(file, format.end, format.value_bytes, &cursor, &entry).ok()) break;
    if (entry.key != keys.Text(key_id_[i]) && !IsText(entry.key)) {
      return {Found::kKeyErased, begin};
    }
  }
  return {};
}

void EntryIndex::ShareIn(ColumnPool* pool) {
  key_id_.ShareIn(pool);
  value_offset_.ShareIn(pool);
}

}  // namespace promfold
