#include "tick_format.h"

#include <bit>
#include <cmath>
#include <utility>

namespace promfold {

namespace {

constexpr uint8_t kHasStructure = 1;
constexpr uint8_t kHasBlob = 2;

enum Mode : uint8_t { kInteger, kScaled, kXor, kOneMore };

constexpr double kScale = 4194304.0;           // 2^22
constexpr double kExact = 9007199254740992.0;  // 2^53

// Numbers that ascend, as gaps.
class Gaps {
 public:
  uint64_t To(uint32_t number) {
    const uint64_t gap = number - next_;
    next_ = uint64_t{number} + 1;
    return gap;
  }
  // False where it would be above 32 bits.
  bool From(uint64_t gap, uint32_t* number) {
    if (gap > UINT32_MAX || next_ + gap > UINT32_MAX) return false;
    *number = static_cast<uint32_t>(next_ + gap);
    next_ += gap + 1;
    return true;
  }

 private:
  uint64_t next_ = 0;
};

void WriteStructure(const StructureChange& change, ByteWriter* writer) {
  writer->Varint(change.lists.size());
  for (const StructureChange::List& list : change.lists) {
    writer->Varint(uint64_t{list.list} * 2 + (list.is_new ? 1 : 0));
    if (list.is_new) {
      writer->Varint(list.base_count);
      if (list.base_count > 0) writer->Varint(list.base);
    }
    writer->Varint(list.keys.size());
    int64_t before = -1;
    for (const uint32_t key : list.keys) {
      writer->Varint(ZigZag(int64_t{key} - before - 1));
      before = key;
    }
  }
  writer->Varint(change.removed.size());
  Gaps removed;
  for (const uint32_t place : change.removed) writer->Varint(removed.To(place));
  writer->Varint(change.inserted.size());
  Gaps inserted;
  for (const auto& [at, file] : change.inserted) {
    writer->Varint(inserted.To(at));
    writer->Varint(file.id);
    writer->Varint(file.generation);
    writer->Text(file.name);
    writer->Text(file.identity);
    writer->Byte(file.value_bytes);
    writer->Varint(file.list);
    writer->Varint(file.entries);
  }
  writer->Varint(change.grown.size());
  Gaps grown;
  for (const StructureChange::Grown& file : change.grown) {
    writer->Varint(grown.To(file.at));
    writer->Varint(file.list);
    writer->Varint(file.entries);
  }
}

bool ReadList(ByteReader* reader, StructureChange::List* list) {
  const uint64_t number = reader->Varint();
  list->is_new = number % 2 == 1;
  if (number / 2 > UINT32_MAX) return false;
  list->list = static_cast<uint32_t>(number / 2);
  list->base = list->base_count = 0;
  if (list->is_new) {
    list->base_count = reader->Varint32();
    if (list->base_count > 0) list->base = reader->Varint32();
  }
  const uint64_t count = reader->Varint();
  if (count > reader->left()) return false;
  list->keys.reserve(count);
  int64_t before = -1;
  for (uint64_t i = 0; i < count; ++i) {
    const int64_t difference = UnZigZag(reader->Varint());
    if (difference > UINT32_MAX || difference < -int64_t{UINT32_MAX}) return false;
    const int64_t key = before + 1 + difference;
    if (key < 0 || key > UINT32_MAX) return false;
    list->keys.push_back(static_cast<uint32_t>(key));
    before = key;
  }
  return reader->ok();
}

bool ReadPlace(ByteReader* reader, Gaps* gaps, uint32_t* place) {
  return gaps->From(reader->Varint(), place) && reader->ok();
}

bool ReadStructure(ByteReader* reader, StructureChange* change) {
  for (uint64_t count = reader->Varint(); count > 0; --count) {
    if (!ReadList(reader, &change->lists.emplace_back())) return false;
  }
  Gaps removed;
  for (uint64_t count = reader->Varint(); count > 0; --count) {
    if (!ReadPlace(reader, &removed, &change->removed.emplace_back())) return false;
  }
  Gaps inserted;
  for (uint64_t count = reader->Varint(); count > 0; --count) {
    auto& [at, file] = change->inserted.emplace_back();
    if (!ReadPlace(reader, &inserted, &at)) return false;
    file.id = reader->Varint32();
    file.generation = reader->Varint32();
    file.name = reader->Text();
    file.identity = reader->Text();
    file.value_bytes = reader->Byte();
    file.list = reader->Varint32();
    file.entries = reader->Varint32();
    if (!reader->ok()) return false;
  }
  Gaps grown;
  for (uint64_t count = reader->Varint(); count > 0; --count) {
    StructureChange::Grown& file = change->grown.emplace_back();
    if (!ReadPlace(reader, &grown, &file.at)) return false;
    file.list = reader->Varint32();
    file.entries = reader->Varint32();
  }
  return reader->ok();
}

// In parts of 1 / scale. False where it is not a whole number of them, or not exact.
bool ToParts(uint64_t bits, double scale, int64_t* parts) {
  const double scaled = std::bit_cast<double>(bits) * scale;
  if (!(std::fabs(scaled) <= kExact)) return false;
  *parts = static_cast<int64_t>(scaled);
  return static_cast<double>(*parts) == scaled;
}

uint64_t FromParts(int64_t parts, double scale) {
  return std::bit_cast<uint64_t>(static_cast<double>(parts) / scale);
}

// False where the difference does not lead from one to the other.
bool Difference(uint64_t from, uint64_t to, double scale, int64_t* difference) {
  int64_t from_parts;
  int64_t to_parts;
  if (!ToParts(from, scale, &from_parts) || !ToParts(to, scale, &to_parts)) return false;
  *difference = to_parts - from_parts;
  return FromParts(to_parts, scale) == to;  // not so of -0
}

void WriteChange(uint64_t gap, uint64_t from, uint64_t to, ByteWriter* writer) {
  int64_t difference = 0;
  if (Difference(from, to, 1, &difference)) {
    if (difference == 1) return writer->Varint(gap * 4 + kOneMore);
    writer->Varint(gap * 4 + kInteger);
    return writer->Varint(ZigZag(difference));
  }
  if (Difference(from, to, kScale, &difference)) {
    writer->Varint(gap * 4 + kScaled);
    return writer->Varint(ZigZag(difference));
  }
  const uint64_t different = from ^ to;
  const int zeros = std::countr_zero(different) / 8;
  const int bytes = 8 - std::countl_zero(different) / 8 - zeros;
  writer->Varint(gap * 4 + kXor);
  writer->Byte(static_cast<uint8_t>(zeros * 16 + bytes));
  writer->Word(different >> (8 * zeros), static_cast<size_t>(bytes));
}

bool Add(uint64_t from, int64_t difference, double scale, uint64_t* to) {
  int64_t parts;
  if (!ToParts(from, scale, &parts)) return false;
  // Neither is above 2^54, so that the sum fits.
  constexpr int64_t kMost = int64_t{1} << 54;
  if (difference > kMost || difference < -kMost) return false;
  *to = FromParts(parts + difference, scale);
  return true;
}

bool ReadPayload(ByteReader* reader, Mode mode, uint64_t from, uint64_t* to) {
  switch (mode) {
    case kInteger:
      return Add(from, UnZigZag(reader->Varint()), 1, to);
    case kScaled:
      return Add(from, UnZigZag(reader->Varint()), kScale, to);
    case kOneMore:
      return Add(from, 1, 1, to);
    case kXor:
      break;
  }
  const uint8_t sizes = reader->Byte();
  const uint32_t zeros = sizes / 16;
  const uint32_t bytes = sizes % 16;
  if (bytes == 0 || zeros + bytes > 8) return false;
  *to = from ^ (reader->Word(bytes) << (8 * zeros));
  return true;
}

uint64_t BitsOf(const std::vector<uint64_t>& column, uint32_t entry) {
  return column.empty() ? 0 : column[entry];
}

// `count` changes of a file that has so many entries.
bool ReadChanges(ByteReader* reader, const std::vector<uint64_t>& column, uint32_t entries,
                 uint64_t count, std::vector<Change>* changes) {
  Gaps gaps;
  for (; count > 0; --count) {
    const uint64_t head = reader->Varint();
    Change change;
    if (!gaps.From(head / 4, &change.entry) || change.entry >= entries) return false;
    const uint64_t from = BitsOf(column, change.entry);
    if (!ReadPayload(reader, static_cast<Mode>(head % 4), from, &change.bits)) return false;
    if (!reader->ok()) return false;
    changes->push_back(change);
  }
  return true;
}

}  // namespace

void WritePrelude(const TickPrelude& prelude, std::string* out) {
  ByteWriter writer(out);
  const bool has_structure = !prelude.structure.empty();
  writer.Double(prelude.time);
  writer.Byte(
      static_cast<uint8_t>((has_structure ? kHasStructure : 0) | (prelude.blob ? kHasBlob : 0)));
  if (has_structure) WriteStructure(prelude.structure, &writer);
  if (prelude.blob) writer.Text(*prelude.blob);
}

bool ReadPrelude(ByteReader* reader, TickPrelude* prelude) {
  prelude->time = reader->Double();
  if (!std::isfinite(prelude->time)) return false;
  const uint8_t flags = reader->Byte();
  if (flags > (kHasStructure | kHasBlob)) return false;
  if ((flags & kHasStructure) != 0 && !ReadStructure(reader, &prelude->structure)) return false;
  if ((flags & kHasBlob) != 0) prelude->blob = reader->Text();
  return reader->ok();
}

void WriteValues(const RecordedState& state, const TickChanges& changes, std::string* out) {
  ByteWriter writer(out);
  Gaps places;
  uint32_t at = 0;
  for (const TickChanges::File& of_file : changes.file) {
    const RecordedFile& file = *state.files()[of_file.place];
    const uint32_t times = of_file.time_end - of_file.value_end;
    writer.Varint(places.To(of_file.place));
    writer.Varint(uint64_t{of_file.value_end - at} * 2 + (times > 0 ? 1 : 0));
    if (times > 0) writer.Varint(times);
    const auto write = [&](const std::vector<uint64_t>& column, uint32_t end) {
      Gaps gaps;
      for (; at < end; ++at) {
        const auto& [entry, bits] = changes.change[at];
        WriteChange(gaps.To(entry), BitsOf(column, entry), bits, &writer);
      }
    };
    write(file.value, of_file.value_end);
    write(file.time, of_file.time_end);
  }
}

bool ReadValues(ByteReader* reader, const RecordedState& state, TickChanges* changes) {
  changes->Clear();
  Gaps places;
  while (!reader->AtEnd()) {
    TickChanges::File of_file = {};
    if (!ReadPlace(reader, &places, &of_file.place)) return false;
    if (of_file.place >= state.files().size()) return false;
    const RecordedFile& file = *state.files()[of_file.place];
    const uint64_t values = reader->Varint();
    const uint64_t times = values % 2 == 1 ? reader->Varint() : 0;
    if (values / 2 > file.entries || times > file.entries) return false;
    std::vector<Change>* const change = &changes->change;
    if (!ReadChanges(reader, file.value, file.entries, values / 2, change)) return false;
    of_file.value_end = static_cast<uint32_t>(change->size());
    if (!ReadChanges(reader, file.time, file.entries, times, change)) return false;
    of_file.time_end = static_cast<uint32_t>(change->size());
    changes->file.push_back(of_file);
  }
  return reader->ok();
}

}  // namespace promfold
