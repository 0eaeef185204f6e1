#include "archive.h"

#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "../load.h"
#include "sum_rounding.h"

namespace promfold {

namespace {

constexpr uint32_t kNoSlot = std::numeric_limits<uint32_t>::max();

bool IsSame(double a, double b) {
  return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b) ||
         (std::isnan(a) && std::isnan(b));
}

template <typename Take>
void ForEachEntry(std::span<const std::byte> file, const FileFormat& format, Take take) {
  if (format.entries == 0) return;
  uint32_t cursor = kHeaderBytes;
  Entry entry;
  while (cursor < format.end &&
         NextEntry(file, format.end, format.value_bytes, &cursor, &entry).ok()) {
    take(entry);
  }
}

double TimestampAt(std::span<const std::byte> file, const FileFormat& format, const Entry& entry) {
  if (format.value_bytes != kPairBytes) return 0;
  return LoadDouble(file.data(), entry.value_offset + kValueBytes);
}

}  // namespace

std::string Archive::Bytes(const KeyTable& keys) {
  std::string bytes(kHeaderBytes, '\0');
  value_offset.clear();
  for (size_t i = 0; i < key.size(); ++i) {
    const double timestamp = entries.timestamp.empty() ? 0 : entries.timestamp[i];
    value_offset.push_back(
        AppendEntry(keys.Text(key[i]), value_bytes, entries.value[i], timestamp, &bytes));
  }
  const auto used = static_cast<int32_t>(bytes.size());
  std::memcpy(bytes.data(), &used, sizeof used);
  return bytes;
}

size_t ArchiveKind::AddArchive(const std::string& name, uint32_t value_bytes) {
  archive_.emplace_back();
  archive_.back().name = name;
  archive_.back().value_bytes = value_bytes;
  folded_.emplace_back();
  return archive_.size() - 1;
}

uint32_t ArchiveKind::SlotOf(std::string_view key, uint32_t* key_id) {
  *key_id = keys_.Intern(key);
  if (*key_id < slot_of_key_.size()) return slot_of_key_[*key_id];
  slot_of_key_.push_back(kNoSlot);
  const auto same = same_series_->find(std::string(key));
  uint32_t first = 0;
  const uint32_t slot = same == same_series_->end() ? slots_++ : SlotOf(same->second, &first);
  slot_of_key_[*key_id] = slot;
  return slot;
}

void ArchiveKind::AddFolded(const std::string& name, size_t archive,
                            std::span<const std::byte> file, const FileFormat& format) {
  EntryColumns& entries = column_[name];
  entries = {};
  folded_[archive].push_back(name);
  Archive& into = archive_[archive];
  ForEachEntry(file, format, [&](const Entry& entry) {
    uint32_t key = 0;
    const uint32_t slot = SlotOf(entry.key, &key);
    entries.slot.push_back(slot);
    entries.value.push_back(LoadDouble(file.data(), entry.value_offset));
    const double timestamp = TimestampAt(file, format, entry);
    if (operation_ == Operation::kMostRecent) entries.timestamp.push_back(timestamp);
    // A key that was seen has a slot; whether this archive has it is found when they are joined.
    into.entries.slot.push_back(slot);
    into.key.push_back(key);
  });
}

void ArchiveKind::SetStaying(const std::string& name, std::span<const std::byte> file,
                             const FileFormat& format) {
  EntryColumns& entries = column_[name];
  entries = {};
  ForEachEntry(file, format, [&](const Entry& entry) {
    const bool is_alias = same_series_->contains(std::string(entry.key));
    if (!is_alias && !keys_.Has(entry.key)) return;
    uint32_t key = 0;
    const uint32_t slot = SlotOf(entry.key, &key);
    entries.slot.push_back(slot);
    entries.value.push_back(LoadDouble(file.data(), entry.value_offset));
    if (operation_ == Operation::kMostRecent) {
      entries.timestamp.push_back(TimestampAt(file, format, entry));
    }
  });
}

void ArchiveKind::FoldInto(const EntryColumns& entries, Slots* slots) const {
  const auto rows = static_cast<uint32_t>(entries.slot.size());
  const Run run = {operation_, 0, rows};
  Fold({&run, 1}, rows, entries.value.data(), entries.timestamp, entries.slot.data(), slots);
}

void ArchiveKind::Join() {
  joined_.clear();
  for (size_t a = 0; a < archive_.size(); ++a) {
    Archive& archive = archive_[a];
    Slots slots;
    slots.Reset(slots_);
    // The first value of what was never set: its family has HELP and TYPE, and no sample.
    std::vector<double> first(slots_);
    std::vector<double> first_timestamp(slots_);
    std::vector<uint8_t> is_seen(slots_);
    for (const std::string& name : folded_[a]) {
      const EntryColumns& entries = column_[name];
      FoldInto(entries, &slots);
      for (size_t i = 0; i < entries.slot.size(); ++i) {
        const uint32_t slot = entries.slot[i];
        if (std::exchange(is_seen[slot], uint8_t{1}) != 0) continue;
        first[slot] = entries.value[i];
        first_timestamp[slot] = entries.timestamp.empty() ? 0 : entries.timestamp[i];
      }
    }
    // Each slot once, with its first key.
    EntryColumns joined;
    std::vector<uint32_t> key;
    for (size_t i = 0; i < archive.entries.slot.size(); ++i) {
      const uint32_t slot = archive.entries.slot[i];
      if (std::exchange(is_seen[slot], uint8_t{0}) == 0) continue;
      const bool is_set = slots.present[slot] != 0;
      joined.slot.push_back(slot);
      joined.value.push_back(is_set ? slots.value[slot] : first[slot]);
      key.push_back(archive.key[i]);
      if (operation_ != Operation::kMostRecent) continue;
      joined.timestamp.push_back(is_set ? slots.timestamp[slot] : first_timestamp[slot]);
    }
    joined_.push_back(joined.value);
    archive.entries = std::move(joined);
    archive.key = std::move(key);
  }
}

const EntryColumns* ArchiveKind::Find(const std::string& name) const {
  for (const Archive& archive : archive_) {
    if (archive.name == name) return &archive.entries;
  }
  const auto found = column_.find(name);
  return found == column_.end() ? nullptr : &found->second;
}

Slots ArchiveKind::Total(const std::vector<std::string>& names) const {
  Slots slots;
  slots.Reset(slots_);
  for (const std::string& name : names) {
    if (const EntryColumns* const entries = Find(name)) FoldInto(*entries, &slots);
  }
  return slots;
}

std::vector<size_t> ArchiveKind::Settle(std::span<const Order> orders, uint32_t* rounded) {
  *rounded = 0;
  for (size_t a = 0; a < archive_.size(); ++a) archive_[a].entries.value = joined_[a];

  // The totals that differ, and in sums the term that may be moved: that of the last archive.
  std::vector<Slots> before;
  std::vector<uint8_t> differs(slots_);
  for (const Order& order : orders) {
    before.push_back(Total(order.before));
    const Slots after = Total(order.after);
    for (uint32_t s = 0; s < slots_; ++s) {
      if (before.back().present[s] != after.present[s] ||
          !IsSame(before.back().value[s], after.value[s])) {
        differs[s] = 1;
      }
    }
  }
  std::vector<uint32_t> movable(slots_, kNoSlot);
  for (size_t a = 0; a < archive_.size(); ++a) {
    for (const uint32_t slot : archive_[a].entries.slot) {
      if (differs[slot] != 0) movable[slot] = static_cast<uint32_t>(a);
    }
  }

  std::vector<std::vector<SumOrder>> sums(slots_);
  if (operation_ == Operation::kSum) {
    for (size_t o = 0; o < orders.size(); ++o) {
      for (uint32_t s = 0; s < slots_; ++s) {
        if (movable[s] != kNoSlot) sums[s].push_back({before[o].value[s], {}, SIZE_MAX});
      }
      for (const std::string& name : orders[o].after) {
        const EntryColumns* const entries = Find(name);
        if (entries == nullptr) continue;
        for (size_t i = 0; i < entries->slot.size(); ++i) {
          const uint32_t slot = entries->slot[i];
          if (movable[slot] == kNoSlot) continue;
          SumOrder& sum = sums[slot].back();
          if (entries == &archive_[movable[slot]].entries) sum.place = sum.term.size();
          sum.term.push_back(entries->value[i]);
        }
      }
    }
  }

  std::vector<size_t> unfit;
  for (size_t a = 0; a < archive_.size(); ++a) {
    EntryColumns& entries = archive_[a].entries;
    bool is_fit = true;
    for (size_t i = 0; i < entries.slot.size(); ++i) {
      const uint32_t slot = entries.slot[i];
      if (differs[slot] == 0) continue;
      if (operation_ != Operation::kSum) {
        is_fit = false;
        break;
      }
      if (movable[slot] != a) continue;
      const double moved = RoundTerm(entries.value[i], sums[slot]);
      if (!IsSame(moved, entries.value[i])) ++*rounded;
      entries.value[i] = moved;
      for (const SumOrder& sum : sums[slot]) {
        const double total = SumOf(sum, moved);
        // An infinity, or none, where it was otherwise: numbers that are no counter's.
        if (std::isfinite(total) != std::isfinite(sum.total)) is_fit = false;
      }
    }
    if (!is_fit) unfit.push_back(a);
  }
  return unfit;
}

}  // namespace promfold
