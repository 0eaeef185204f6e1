#include "instant_columns.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "column_block.h"
#include "parallel_for.h"

namespace promfold {

namespace {

// Pieces of work for two threads, and how much is worth a second one (about 100 µs against 1 ns an
// element).
constexpr uint32_t kElementsAtOnce = 1 << 15;
constexpr uint32_t kElementsWorthAThread = 200'000;

// The files that have entries, and all entries of them.
struct Counted {
  explicit Counted(FilesView all) {
    for (const auto& file : all) {
      if (file->folded_entries() == 0) continue;
      files.push_back(file.get());
      entries += file->folded_entries();
      any_timestamps = any_timestamps || !file->timestamps().empty();
    }
  }

  std::vector<const MetricFile*> files;
  uint32_t entries = 0;
  bool any_timestamps = false;
};

FileRuns TakeRuns(const Counted& counted, ColumnBlock* block) {
  const size_t count = counted.files.size();
  const FileRuns runs = {block->Take<uint32_t>(count), block->Take<uint32_t>(count),
                         block->Take<uint32_t>(count)};
  uint32_t end = 0;
  for (size_t i = 0; i < count; ++i) {
    const MetricFile& file = *counted.files[i];
    runs.id[i] = file.id();
    runs.generation[i] = file.generation();
    end += file.folded_entries();
    runs.entry_end[i] = end;
  }
  return runs;
}

template <typename T>
void Copy(std::span<const T> from, std::span<T> to) {
  std::copy_n(from.begin(), to.size(), to.begin());
}

// Of a file whose timestamps were not gathered, all are 0.
void CopyTimestamps(std::span<const double> from, std::span<double> to) {
  const size_t count = std::min(from.size(), to.size());
  std::copy_n(from.begin(), count, to.begin());
  std::fill(to.begin() + static_cast<std::ptrdiff_t>(count), to.end(), 0.0);
}

// Entries [from, to) of all.
void CopyEntries(const Counted& counted, uint32_t from, uint32_t to, InstantColumns* columns) {
  const std::span<uint32_t> entry_end = columns->files.entry_end;
  auto i = static_cast<size_t>(std::ranges::upper_bound(entry_end, from) - entry_end.begin());
  for (uint32_t at = from; at < to; ++i) {
    const MetricFile& file = *counted.files[i];
    const uint32_t begin = entry_end[i] - file.folded_entries();
    const uint32_t count = std::min(entry_end[i], to) - at;
    Copy(file.values().subspan(at - begin), columns->value.subspan(at, count));
    if (counted.any_timestamps) {
      const std::span<const double> timestamp = file.timestamps();
      CopyTimestamps(timestamp.subspan(std::min<size_t>(at - begin, timestamp.size())),
                     columns->timestamp.subspan(at, count));
    }
    at += count;
  }
}

void CopySlots(const Slots& slots, uint32_t from, uint32_t to, std::span<double> copy) {
  for (uint32_t s = from; s < to; ++s) {
    const double value = slots.value[s];
    const double not_a_number = slots.present[s] == 0 ? kAbsent : kNaN;
    copy[s] = std::isnan(value) ? not_a_number : value;
  }
}

constexpr uint32_t Pieces(uint32_t elements) {
  return elements / kElementsAtOnce + (elements % kElementsAtOnce == 0 ? 0 : 1);
}

}  // namespace

InstantColumns CopyInstant(FilesView files, const Slots& slots) {
  const Counted counted(files);
  const uint32_t timestamps = counted.any_timestamps ? counted.entries : 0;
  ColumnBlock block(size_t{counted.entries} + timestamps + slots.count(), 3 * counted.files.size());
  if (!block.has_memory()) return {};
  InstantColumns columns;
  columns.value = block.Take<double>(counted.entries);
  columns.timestamp = block.Take<double>(timestamps);
  columns.slot = block.Take<double>(slots.count());
  columns.files = TakeRuns(counted, &block);
  columns.memory = block.TakeBlock();

  const uint32_t of_entries = Pieces(counted.entries);
  const auto copy = [&](uint32_t piece) {
    const bool is_of_entries = piece < of_entries;
    const uint32_t all = is_of_entries ? counted.entries : slots.count();
    const uint32_t from = (is_of_entries ? piece : piece - of_entries) * kElementsAtOnce;
    const uint32_t to = from + std::min(kElementsAtOnce, all - from);
    if (is_of_entries) {
      CopyEntries(counted, from, to, &columns);
    } else {
      CopySlots(slots, from, to, columns.slot);
    }
  };
  const bool two = uint64_t{counted.entries} + slots.count() >= kElementsWorthAThread;
  ParallelFor(of_entries + Pieces(slots.count()), two, copy);
  return columns;
}

RowColumns CopyRows(FilesView files) {
  const Counted counted(files);
  ColumnBlock block(0, 3 * counted.files.size() + 2 * size_t{counted.entries});
  if (!block.has_memory()) return {};
  RowColumns rows;
  rows.key_id = block.Take<uint32_t>(counted.entries);
  rows.slot = block.Take<uint32_t>(counted.entries);
  rows.files = TakeRuns(counted, &block);
  rows.memory = block.TakeBlock();

  size_t at = 0;
  for (const MetricFile* const file : counted.files) {
    const size_t count = file->folded_entries();
    Copy(file->key_ids(), rows.key_id.subspan(at, count));
    Copy(file->slots(), rows.slot.subspan(at, count));
    at += count;
  }
  return rows;
}

}  // namespace promfold
