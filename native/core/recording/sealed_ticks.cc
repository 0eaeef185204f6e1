#include "sealed_ticks.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <span>

namespace promfold {

namespace {

constexpr uint8_t kActiveTicks = 32;
constexpr uint8_t kInactive = UINT8_MAX;

constexpr int kLeastScale = -127;
constexpr int kMostScale = 127;
// Differences and their ends are below.
constexpr double kMostParts = 4611686018427387904.0;  // 2^62

// What is known of a row.
struct Row {
  uint8_t history = 0;       // flags, the lowest bit of the tick before
  uint8_t idle = kInactive;  // ticks since it changed
  int8_t scale = 0;
  uint8_t size = 0;  // of its last difference; 0: there was none
};

// Of a file: its values, or its times.
struct Column {
  std::vector<Row> row;
  std::vector<uint32_t> active;  // ascending
};

constexpr uint32_t kSizeBits = 6;

struct NumberChances {
  std::array<Chance, 1 << kSizeBits> size;
  std::array<std::array<Chance, 8>, 1 << kSizeBits> top;
};

struct ValueChances {
  std::array<Chance, 2> is_other;
  Chance is_raw;
  std::array<Chance, 8> scale_bit;
  std::array<Chance, 64> same_size;
  std::array<std::array<Chance, 64>, 64> size;
  std::array<Chance, 64> sign;
  std::array<std::array<Chance, 8>, 64> top;
};

struct ColumnChances {
  std::array<Chance, 1024 + 16> flag;
  std::array<Chance, 2> any_new;
  NumberChances count;
  NumberChances gap;
  std::array<Chance, 2> is_repeated_base;
  std::array<ValueChances, 2> value;  // by whether the base is repeated
};

uint64_t MaskOf(uint32_t bits) { return (uint64_t{1} << bits) - 1; }

constexpr uint64_t kExponentBits = 0x7ff;

uint64_t ExponentField(double number) {
  return (std::bit_cast<uint64_t>(number) >> 52) & kExponentBits;
}

// REQUIRES: it is that of a normal number.
double PowerOfTwo(int exponent) {
  return std::bit_cast<double>(static_cast<uint64_t>(exponent + 1023) << 52);
}

// The exponent of the lowest bit that the number has room for, but not below kLeastScale.
int RoomExponent(double number) {
  const uint64_t field = ExponentField(number);
  if (field == kExponentBits) return kLeastScale;
  return std::max(static_cast<int>(field) - 1023 - 52, kLeastScale);
}

// In parts of 2^scale. False where that is no whole number, or too large.
bool ToParts(double number, int scale, int64_t* parts) {
  const double scaled = number * PowerOfTwo(-scale);
  if (!(std::fabs(scaled) < kMostParts)) return false;
  *parts = static_cast<int64_t>(scaled);
  return static_cast<double>(*parts) == scaled;
}

uint64_t FromParts(int64_t parts, int scale) {
  return std::bit_cast<uint64_t>(static_cast<double>(parts) * PowerOfTwo(scale));
}

// The exponent of the lowest bit that is set. False where there is none, or no scale is as low.
bool LowestExponent(double number, int* exponent) {
  const uint64_t field = ExponentField(number);
  if (field == 0 || field == kExponentBits) return false;
  const uint64_t fraction = std::bit_cast<uint64_t>(number) & ((uint64_t{1} << 52) - 1);
  const int zeros = fraction == 0 ? 52 : std::countr_zero(fraction);
  *exponent = static_cast<int>(field) - 1023 - 52 + zeros;
  return *exponent >= kLeastScale && *exponent <= kMostScale;
}

// How one number leads to another, as parts of 2^scale.
bool Difference(uint64_t from, uint64_t to, int scale, int64_t* difference) {
  int64_t from_parts;
  int64_t to_parts;
  if (!ToParts(std::bit_cast<double>(from), scale, &from_parts)) return false;
  if (!ToParts(std::bit_cast<double>(to), scale, &to_parts)) return false;
  *difference = to_parts - from_parts;
  // Not so of -0, and of one that is the same.
  return *difference != 0 && FromParts(to_parts, scale) == to;
}

}  // namespace

struct FilePredictor {
  uint8_t history = 0;
  std::array<Column, 2> column;  // values, times
};

struct SealedChances {
  std::array<Chance, 256> changed;
  std::array<ColumnChances, 2> column;  // values, times
};

namespace {

// Writes the changes of a tick, or reads them: what is written is the same list that is read.
// Where it reads, arguments that say what to write are ignored.
template <typename Coder>
class TickCoder {
 public:
  TickCoder(SealedChances* chances, Coder* coder) : chances_(chances), coder_(coder) {}

  // Whether a file has changes.
  bool CodeChanged(RecordedFile* file, bool changed) {
    if (file->predictor == nullptr) file->predictor = std::make_shared<FilePredictor>();
    uint8_t& history = file->predictor->history;
    changed = coder_->Bit(&chances_->changed[history], changed);
    history = static_cast<uint8_t>((history << 1) | (changed ? 1 : 0));
    return changed;
  }

  // Of the values (0) or times (1) of a file. Appends what is read, ascending. False where it is
  // damaged.
  bool CodeColumn(const RecordedFile& file, size_t which, std::span<const Change> written,
                  std::vector<Change>* read) {
    Column& column = file.predictor->column[which];
    ColumnChances& chances = chances_->column[which];
    before_ = which == 0 ? &file.value : &file.time;
    is_time_ = which == 1;
    has_base_ = false;
    const size_t first = read == nullptr ? 0 : read->size();
    if (!CodeActive(&column, &chances, written, read)) return false;
    const size_t middle = read == nullptr ? 0 : read->size();
    if (!CodeNew(file, &column, &chances, read)) return false;
    if constexpr (!Coder::kWrites) {
      std::inplace_merge(At(read, first), At(read, middle), read->end(),
                         [](const Change& a, const Change& b) { return a.entry < b.entry; });
    }
    return true;
  }

 private:
  uint64_t Before(uint32_t entry) const { return before_->empty() ? 0 : (*before_)[entry]; }

  template <typename T>
  static auto At(std::vector<T>* all, size_t i) {
    return all->begin() + static_cast<std::ptrdiff_t>(i);
  }

  // What is written of rows that are not active is left in new_.
  bool CodeActive(Column* column, ColumnChances* chances, std::span<const Change> written,
                  std::vector<Change>* read) {
    new_.clear();
    flagged_.resize(column->active.size());
    size_t flagged = 0;
    size_t next = 0;
    size_t kept = 0;
    uint32_t flags = 0;  // of the two rows before
    for (const uint32_t entry : column->active) {
      Row& row = column->row[entry];
      if constexpr (Coder::kWrites) {
        while (next < written.size() && written[next].entry < entry) {
          new_.push_back(written[next++]);
        }
      }
      const bool is_next = next < written.size() && written[next].entry == entry;
      const uint32_t of_row = row.history != 0 ? row.history * 4u : 1024u + (row.idle / 8u) * 4u;
      const bool flag = coder_->Bit(&chances->flag[of_row + flags], is_next);
      const uint8_t bit = flag ? 1 : 0;
      flags = ((flags << 1) | bit) & 3;
      row.history = static_cast<uint8_t>((row.history << 1) | bit);
      row.idle = flag ? 0 : static_cast<uint8_t>(row.idle + 1);
      // No branch on the flag, which no processor can foresee.
      flagged_[flagged].entry = entry;
      if constexpr (Coder::kWrites) flagged_[flagged].bits = is_next ? written[next].bits : 0;
      flagged += bit;
      next += Coder::kWrites ? bit : 0;
      const bool stays = row.idle < kActiveTicks;
      if (!stays) row.idle = kInactive;
      column->active[kept] = entry;
      kept += stays ? 1 : 0;
    }
    column->active.resize(kept);
    const std::span rest = written.subspan(next);
    new_.insert(new_.end(), rest.begin(), rest.end());
    if (!coder_->ok()) return false;

    flagged_.resize(flagged);
    for (Change& change : flagged_) {
      Row& row = column->row[change.entry];
      if (!CodeValue(&row, chances, Before(change.entry), &change.bits)) return false;
    }
    if constexpr (!Coder::kWrites) read->insert(read->end(), flagged_.begin(), flagged_.end());
    return true;
  }

  bool CodeNew(const RecordedFile& file, Column* column, ColumnChances* chances,
               std::vector<Change>* read) {
    Chance* const any_new = &chances->any_new[column->active.empty() ? 0 : 1];
    if (!coder_->Bit(any_new, !new_.empty())) return coder_->ok();
    const uint64_t count = CodeNumber(&chances->count, new_.size());
    if (count > file.entries) return false;
    column->row.resize(file.entries);
    const size_t active_before = column->active.size();
    uint64_t entry = 0;
    for (uint64_t i = 0; i < count; ++i) {
      uint64_t bits = 0;
      uint64_t gap = 0;
      if constexpr (Coder::kWrites) {
        gap = new_[i].entry - entry;
        bits = new_[i].bits;
      }
      // A number that is coded is not 0.
      entry += CodeNumber(&chances->gap, gap + 1) - 1;
      if (entry >= file.entries || !coder_->ok()) return false;
      const auto at = static_cast<uint32_t>(entry);
      Row& row = column->row[at];
      if (row.idle != kInactive) return false;
      row.idle = 0;
      row.history = 1;
      if (!CodeValue(&row, chances, Before(at), &bits)) return false;
      if constexpr (!Coder::kWrites) read->push_back({at, bits});
      column->active.push_back(at);
      ++entry;
    }
    std::inplace_merge(column->active.begin(), At(&column->active, active_before),
                       column->active.end());
    return true;
  }

  // One that is not 0.
  uint64_t CodeNumber(NumberChances* chances, uint64_t number) {
    const uint32_t size =
        CodeSize(&chances->size, static_cast<uint32_t>(std::bit_width(number)) - 1);
    return CodeBelow(&chances->top[size], number, size);
  }

  // 6 bits.
  uint32_t CodeSize(std::array<Chance, 64>* chances, uint32_t size) {
    uint32_t node = 1;
    for (uint32_t bit = kSizeBits; bit-- > 0;) {
      node = node * 2 + (coder_->Bit(&(*chances)[node], ((size >> bit) & 1) != 0) ? 1 : 0);
    }
    return node - (1 << kSizeBits);
  }

  // The bits below the highest one, which is bit `size`.
  uint64_t CodeBelow(std::array<Chance, 8>* top, uint64_t number, uint32_t size) {
    uint64_t coded = 1;
    uint32_t left = size;
    for (; left > 0 && coded < 8; --left) {
      const bool bit = ((number >> (left - 1)) & 1) != 0;
      coded = coded * 2 + (coder_->Bit(&(*top)[coded], bit) ? 1 : 0);
    }
    return CodeRaw(number, left, coded);
  }

  uint64_t CodeRaw(uint64_t number, uint32_t left, uint64_t coded = 0) {
    while (left > 0) {
      const uint32_t bits = std::min(left, 16u);
      left -= bits;
      coded = (coded << bits) |
              coder_->Raw(static_cast<uint32_t>((number >> left) & MaskOf(bits)), bits);
    }
    return coded;
  }

  // False where it is damaged.
  bool CodeValue(Row* row, ColumnChances* chances, uint64_t before, uint64_t* bits) {
    bool is_repeated = false;
    if (is_time_ && has_base_) {
      if constexpr (Coder::kWrites) is_repeated = IsCloser(base_, before, *bits);
      is_repeated = coder_->Bit(&chances->is_repeated_base[0], is_repeated);
    }
    const uint64_t base = is_repeated ? base_ : before;
    if (!CodeFrom(base, row, &chances->value[is_repeated ? 1 : 0], bits)) return false;
    if (is_time_) {
      base_ = *bits;
      has_base_ = true;
    }
    return true;
  }

  static bool IsCloser(uint64_t base, uint64_t before, uint64_t bits) {
    const double to = std::bit_cast<double>(bits);
    return std::fabs(to - std::bit_cast<double>(base)) <
           std::fabs(to - std::bit_cast<double>(before));
  }

  bool CodeFrom(uint64_t base, Row* row, ValueChances* chances, uint64_t* bits) {
    const double from = std::bit_cast<double>(base);
    int scale = std::max<int>(row->scale, RoomExponent(from));
    int64_t difference = 0;
    bool is_other = false;
    if constexpr (Coder::kWrites) is_other = !Difference(base, *bits, scale, &difference);
    is_other = coder_->Bit(&chances->is_other[row->size == 0 ? 0 : 1], is_other);
    if (is_other) {
      bool is_raw = false;
      if constexpr (Coder::kWrites) {
        is_raw = !LowestExponent(std::bit_cast<double>(*bits), &scale) ||
                 !FitScale(base, *bits, &scale, &difference);
      }
      if (coder_->Bit(&chances->is_raw, is_raw)) {
        *bits = CodeRaw(*bits, 64);
        return coder_->ok();
      }
      scale = static_cast<int>(CodeRaw(static_cast<uint64_t>(scale + 128), 8)) - 128;
      if (scale < kLeastScale) return false;
      row->scale = static_cast<int8_t>(scale);
    }
    difference = CodeDifference(row, chances, difference);
    if constexpr (!Coder::kWrites) {
      int64_t parts;
      if (!ToParts(from, scale, &parts)) return false;
      // Neither is above 2^63 / 2, but the sum may be that of bytes that no writer wrote.
      if (__builtin_add_overflow(parts, difference, &parts)) return false;
      *bits = FromParts(parts, scale);
    }
    return coder_->ok();
  }

  // A scale of which both are whole parts. False where none will do.
  static bool FitScale(uint64_t base, uint64_t bits, int* scale, int64_t* difference) {
    int of_base;
    if (LowestExponent(std::bit_cast<double>(base), &of_base)) *scale = std::min(*scale, of_base);
    return Difference(base, bits, *scale, difference);
  }

  int64_t CodeDifference(Row* row, ValueChances* chances, int64_t difference) {
    const bool is_negative = difference < 0;
    const uint64_t number =
        is_negative ? 0 - static_cast<uint64_t>(difference) : static_cast<uint64_t>(difference);
    uint32_t size = static_cast<uint32_t>(std::bit_width(number)) - 1;  // not of 64 bits
    const uint32_t last = row->size;                                    // counted from 1
    bool is_same = false;
    if (last > 0) is_same = coder_->Bit(&chances->same_size[last], size + 1 == last);
    size = is_same ? last - 1 : CodeSize(&chances->size[last], size);
    if (size > 62) size = 62;
    row->size = static_cast<uint8_t>(size + 1);
    const bool sign = coder_->Bit(&chances->sign[size], is_negative);
    const auto read = static_cast<int64_t>(CodeBelow(&chances->top[size], number, size));
    return sign ? -read : read;
  }

  SealedChances* const chances_;
  Coder* const coder_;
  const std::vector<uint64_t>* before_ = nullptr;
  bool is_time_ = false;
  bool has_base_ = false;
  uint64_t base_ = 0;
  std::vector<Change> flagged_;
  std::vector<Change> new_;
};

}  // namespace

SealedWriter::SealedWriter() : chances_(std::make_unique<SealedChances>()) {}
SealedWriter::~SealedWriter() = default;

void SealedWriter::Add(std::string_view prelude, const RecordedState& state,
                       const TickChanges& changes) {
  ++count_;
  ByteWriter(&preludes_).Text(prelude);
  TickCoder<RangeWriter> coder(chances_.get(), &writer_);
  const std::span all(changes.change);
  size_t next = 0;
  uint32_t at = 0;
  for (uint32_t place = 0; place < state.files().size(); ++place) {
    RecordedFile* const file = state.files()[place].get();
    const bool changed = next < changes.file.size() && changes.file[next].place == place;
    if (!coder.CodeChanged(file, changed)) continue;
    const auto [_, value_end, time_end] = changes.file[next++];
    coder.CodeColumn(*file, 0, all.subspan(at, value_end - at), nullptr);
    coder.CodeColumn(*file, 1, all.subspan(value_end, time_end - value_end), nullptr);
    at = time_end;
  }
}

std::string SealedWriter::Finish() {
  std::string all;
  ByteWriter(&all).Varint(count_);
  all += preludes_;
  all += writer_.Finish();
  all.shrink_to_fit();
  return all;
}

SealedReader::SealedReader(std::string_view payload)
    : preludes_(payload), chances_(std::make_unique<SealedChances>()), reader_({}) {
  left_ = preludes_.Varint();
  ByteReader skipped = preludes_;
  for (uint64_t i = 0; i < left_ && skipped.ok(); ++i) skipped.Text();
  if (!skipped.ok()) left_ = 0;
  reader_ = RangeReader(skipped.Rest());
}
SealedReader::~SealedReader() = default;

bool SealedReader::ReadPrelude(std::string_view* bytes, TickPrelude* prelude) {
  if (left_ == 0) return false;
  --left_;
  *bytes = preludes_.Text();
  ByteReader reader(*bytes);
  return promfold::ReadPrelude(&reader, prelude) && reader.AtEnd();
}

bool SealedReader::ReadValues(const RecordedState& state, TickChanges* changes) {
  changes->Clear();
  TickCoder<RangeReader> coder(chances_.get(), &reader_);
  for (uint32_t place = 0; place < state.files().size(); ++place) {
    RecordedFile* const file = state.files()[place].get();
    if (!coder.CodeChanged(file, false)) continue;
    TickChanges::File of_file = {place, 0, 0};
    if (!coder.CodeColumn(*file, 0, {}, &changes->change)) return false;
    of_file.value_end = static_cast<uint32_t>(changes->change.size());
    if (!coder.CodeColumn(*file, 1, {}, &changes->change)) return false;
    of_file.time_end = static_cast<uint32_t>(changes->change.size());
    changes->file.push_back(of_file);
  }
  return reader_.ok();
}

}  // namespace promfold
