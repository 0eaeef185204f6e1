#include "read_recording.h"

#include <algorithm>
#include <bit>
#include <map>
#include <memory>
#include <tuple>
#include <unordered_map>

#include "core/column_block.h"

namespace promfold {

namespace {

constexpr size_t kMostHistoryValues = 8'000'000;

RecordedFileText TextOf(const RecordedFile& file) {
  return {file.name, file.identity, file.value_bytes};
}

void CopyInstant(const Segment& segment, const SegmentReplay& replay, RecordedInstant* instant) {
  const RecordedState& state = replay.state();
  const size_t entries = state.entries();
  const size_t files = state.files().size();
  const bool any_times =
      std::ranges::any_of(state.files(), [](const auto& file) { return !file->time.empty(); });
  const size_t times = any_times ? entries : 0;
  ColumnBlock block(entries + times, 3 * files + entries);
  instant->time = replay.time();
  instant->blob = replay.blob();
  if (!block.has_memory()) return;
  instant->value = block.Take<double>(entries);
  instant->timestamp = block.Take<double>(times);
  instant->files = {block.Take<uint32_t>(files), block.Take<uint32_t>(files),
                    block.Take<uint32_t>(files)};
  instant->key_id = block.Take<uint32_t>(entries);
  instant->memory = block.TakeBlock();

  uint32_t at = 0;
  for (size_t i = 0; i < files; ++i) {
    const RecordedFile& file = *state.files()[i];
    const std::span keys = state.KeysOf(file);
    for (uint32_t k = 0; k < file.entries; ++k) {
      instant->value[at + k] = std::bit_cast<double>(file.value[k]);
      instant->key_id[at + k] = (*segment.key)[keys[k]];
    }
    for (uint32_t k = 0; any_times && k < file.entries; ++k) {
      instant->timestamp[at + k] = file.time.empty() ? 0 : std::bit_cast<double>(file.time[k]);
    }
    at += file.entries;
    instant->files.id[i] = file.id;
    instant->files.generation[i] = file.generation;
    instant->files.entry_end[i] = at;
    instant->text.push_back(TextOf(file));
  }
}

// A tick: the segment, and which of its ticks.
using TickPlace = std::pair<size_t, size_t>;

std::vector<TickPlace> ChooseTicks(const RecordedSegments& recorded, const HistoryQuery& query) {
  std::vector<TickPlace> all;
  for (size_t s = 0; s < recorded.segment.size(); ++s) {
    const std::vector<double>& time = recorded.segment[s].time;
    for (size_t t = 0; t < time.size(); ++t) {
      if (time[t] >= query.from && time[t] <= query.to) all.emplace_back(s, t);
    }
  }
  const size_t most = query.most_points;
  if (all.size() <= most || most == 0) return most == 0 ? std::vector<TickPlace>() : all;
  std::vector<TickPlace> chosen;
  for (size_t i = 0; i < most; ++i) {
    // The last one is always among them.
    chosen.push_back(all[(i + 1) * all.size() / most - 1]);
  }
  return chosen;
}

class HistoryReader {
 public:
  HistoryReader(const RecordedSegments& recorded, const HistoryQuery& query,
                RecordedHistory* history)
      : recorded_(recorded), history_(history), is_wanted_(recorded.keys->size(), false) {
    for (const uint32_t key : query.key_id) {
      if (key < is_wanted_.size()) is_wanted_[key] = true;
    }
  }

  PreconditionError Read(const std::vector<TickPlace>& ticks) {
    for (size_t i = 0; i < ticks.size();) {
      const size_t s = ticks[i].first;
      const Segment& segment = recorded_.segment[s];
      SegmentReplay replay(segment);
      entries_.clear();
      bool is_stale = true;
      for (size_t t = 0; i < ticks.size() && ticks[i].first == s && replay.Next(); ++t) {
        is_stale = is_stale || replay.structure_changed();
        if (t != ticks[i].second) continue;
        if (is_stale) FindEntries(segment, replay.state());
        is_stale = false;
        history_->time.push_back(replay.time());
        if (row_.size() * history_->time.size() > kMostHistoryValues) {
          return "there are more than " + std::to_string(kMostHistoryValues) + " values";
        }
        TakeValues(replay.state());
        ++i;
      }
      // Ticks that cannot be read are left out.
      while (i < ticks.size() && ticks[i].first == s) ++i;
    }
    Finish();
    return std::nullopt;
  }

 private:
  struct Entry {
    uint32_t place;
    uint32_t entry;
    uint32_t row;
  };
  struct Row {
    std::vector<uint8_t> is_present;
    std::vector<double> value;
    std::vector<double> timestamp;  // empty as long as all are 0
  };

  void FindEntries(const Segment& segment, const RecordedState& state) {
    entries_.clear();
    // Wanted places in each list, ascending.
    std::vector<std::optional<std::vector<uint32_t>>> of_list(state.lists().size());
    for (uint32_t place = 0; place < state.files().size(); ++place) {
      const RecordedFile& file = *state.files()[place];
      std::optional<std::vector<uint32_t>>& wanted = of_list[file.list];
      const std::vector<uint32_t>& keys = state.lists()[file.list];
      if (!wanted) {
        wanted.emplace();
        for (uint32_t k = 0; k < keys.size(); ++k) {
          if (is_wanted_[(*segment.key)[keys[k]]]) wanted->push_back(k);
        }
      }
      std::optional<uint32_t> number;
      for (const uint32_t k : *wanted) {
        if (k >= file.entries) break;
        if (!number) number = NumberOf(file);
        entries_.push_back({place, k, RowOf(*number, (*segment.key)[keys[k]])});
      }
    }
  }

  uint32_t NumberOf(const RecordedFile& file) {
    const auto [found, is_new] = file_.try_emplace(
        {file.id, file.generation, file.name, file.identity}, history_->files.size());
    if (is_new) history_->files.push_back({file.id, file.generation, TextOf(file)});
    return static_cast<uint32_t>(found->second);
  }

  uint32_t RowOf(uint32_t file, uint32_t key) {
    const auto [found, is_new] =
        row_of_.try_emplace((uint64_t{file} << 32) | key, static_cast<uint32_t>(row_.size()));
    if (is_new) {
      row_.emplace_back();
      history_->file.push_back(file);
      history_->key_id.push_back(key);
    }
    return found->second;
  }

  void TakeValues(const RecordedState& state) {
    const size_t at = history_->time.size() - 1;
    for (const auto& [place, entry, row] : entries_) {
      const RecordedFile& file = *state.files()[place];
      Row& of_row = row_[row];
      of_row.is_present.resize(at, 0);
      of_row.value.resize(at, 0);
      of_row.is_present.push_back(1);
      of_row.value.push_back(std::bit_cast<double>(file.value[entry]));
      if (file.time.empty() || file.time[entry] == 0) continue;
      of_row.timestamp.resize(at, 0);
      of_row.timestamp.push_back(std::bit_cast<double>(file.time[entry]));
    }
  }

  void Finish() {
    const size_t ticks = history_->time.size();
    const bool any_times =
        std::ranges::any_of(row_, [](const Row& row) { return !row.timestamp.empty(); });
    const auto append = [ticks](auto* row, auto* column) {
      row->resize(ticks, 0);
      column->insert(column->end(), row->begin(), row->end());
    };
    for (Row& row : row_) {
      append(&row.is_present, &history_->is_present);
      append(&row.value, &history_->value);
      if (any_times) append(&row.timestamp, &history_->timestamp);
      row = Row();
    }
  }

  const RecordedSegments& recorded_;
  RecordedHistory* const history_;
  std::vector<bool> is_wanted_;  // by key id
  std::vector<Entry> entries_;   // wanted, at this tick
  std::map<std::tuple<uint32_t, uint32_t, std::string, std::string>, size_t> file_;
  std::unordered_map<uint64_t, uint32_t> row_of_;
  std::vector<Row> row_;
};

}  // namespace

bool ReadInstant(const RecordedSegments& recorded, double time, RecordedInstant* instant) {
  for (size_t s = recorded.segment.size(); s-- > 0;) {
    const Segment& segment = recorded.segment[s];
    const auto count =
        static_cast<size_t>(std::ranges::upper_bound(segment.time, time) - segment.time.begin());
    if (count == 0) continue;
    SegmentReplay replay(segment);
    size_t read = 0;
    while (read < count && replay.Next()) ++read;
    if (read == count) {
      CopyInstant(segment, replay, instant);
      return true;
    }
    if (read == 0) continue;
    // Damaged: as far as it can be read.
    SegmentReplay shorter(segment);
    for (size_t t = 0; t < read; ++t) shorter.Next();
    CopyInstant(segment, shorter, instant);
    return true;
  }
  return false;
}

PreconditionError ReadHistory(const RecordedSegments& recorded, const HistoryQuery& query,
                              RecordedHistory* history) {
  return HistoryReader(recorded, query, history).Read(ChooseTicks(recorded, query));
}

}  // namespace promfold
