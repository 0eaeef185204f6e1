#include "read_increases.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <limits>
#include <memory>
#include <span>
#include <unordered_map>

namespace promfold {

namespace {

constexpr uint32_t kNoNumber = std::numeric_limits<uint32_t>::max();

// Of a file over all segments: a daemon that is started anew counts ids from 1.
std::string NameOf(const RecordedFile& file) { return file.identity + " " + file.name; }

class IncreaseReader {
 public:
  IncreaseReader(const RecordedSegments& recorded, const IncreaseQuery& query,
                 RecordedIncreases* increases)
      : recorded_(recorded), query_(query), increases_(increases) {}

  void Read() {
    const std::vector<Segment>& segments = recorded_.segment;
    const size_t first = FirstSegment();
    // After the clock was set back segments overlap, and the later one is what was then.
    std::vector<double> end(segments.size(), HUGE_VAL);
    for (size_t s = segments.size(); s-- > first + 1;) {
      end[s - 1] = segments[s].time.empty() ? end[s] : std::min(end[s], segments[s].time.front());
    }
    for (size_t s = first; s < segments.size() && closed_ < query_.time.size(); ++s) {
      ReadSegment(segments[s], end[s]);
    }
    while (closed_ < query_.time.size()) CloseMoment();
  }

 private:
  using Classes = std::array<double, kIncreaseClasses>;

  // That has the last tick at or before the first moment.
  size_t FirstSegment() const {
    const std::vector<Segment>& segments = recorded_.segment;
    for (size_t s = segments.size(); s-- > 0;) {
      const std::vector<double>& time = segments[s].time;
      if (!time.empty() && time.front() <= query_.time.front()) return s;
    }
    return 0;
  }

  void ReadSegment(const Segment& segment, double end) {
    const auto ticks =
        static_cast<size_t>(std::ranges::lower_bound(segment.time, end) - segment.time.begin());
    auto replay = std::make_unique<SegmentReplay>(segment);
    size_t read = 0;
    for (; read < ticks && replay->Read(); ++read) {
      while (closed_ < query_.time.size() && query_.time[closed_] < replay->time()) CloseMoment();
      if (closed_ == query_.time.size()) return;
      if (read == 0 || replay->structure_changed()) {
        number_of_place_.assign(replay->state().files().size(), kNoNumber);
      }
      if (read > 0) AddChanges(segment, *replay);
      replay->Apply();
      if (read == 0 && last_ != nullptr) AddSinceSegment(segment, replay->state());
      tick_ = replay->time();
      files_ = static_cast<uint32_t>(replay->state().files().size());
      entries_ = static_cast<uint32_t>(replay->state().entries());
    }
    if (read == 0) return;
    if (read < ticks) {
      // Damaged: as far as it can be read.
      replay = std::make_unique<SegmentReplay>(segment);
      for (size_t t = 0; t < read; ++t) replay->Next();
    }
    last_ = std::move(replay);
    last_segment_ = &segment;
  }

  void AddChanges(const Segment& segment, const SegmentReplay& replay) {
    const RecordedState& state = replay.state();
    const std::vector<Change>& change = replay.changes().change;
    uint32_t at = 0;
    for (const TickChanges::File& of_file : replay.changes().file) {
      const RecordedFile& file = *state.files()[of_file.place];
      const std::span<const uint32_t> keys = state.KeysOf(file);
      for (; at < of_file.value_end; ++at) {
        const auto [entry, bits] = change[at];
        Add(of_file.place, file, (*segment.key)[keys[entry]], file.value[entry], bits);
      }
      at = of_file.time_end;
    }
  }

  // The first tick of a segment has all values: those that the last segment did not end with.
  void AddSinceSegment(const Segment& segment, const RecordedState& state) {
    std::unordered_map<std::string, const RecordedFile*> before;
    for (const auto& file : last_->state().files()) before.emplace(NameOf(*file), file.get());
    for (uint32_t place = 0; place < state.files().size(); ++place) {
      const RecordedFile& file = *state.files()[place];
      const std::span<const uint32_t> keys = state.KeysOf(file);
      const auto found = before.find(NameOf(file));
      const RecordedFile* const same =
          found == before.end() || !Continues(segment, keys, *found->second) ? nullptr
                                                                             : found->second;
      for (uint32_t entry = 0; entry < file.entries; ++entry) {
        const uint64_t was = same != nullptr && entry < same->entries ? same->value[entry] : 0;
        if (file.value[entry] == was) continue;
        Add(place, file, (*segment.key)[keys[entry]], was, file.value[entry]);
      }
    }
  }

  // A file only grows at its end: one that was written anew has other keys.
  bool Continues(const Segment& segment, std::span<const uint32_t> keys,
                 const RecordedFile& before) const {
    const std::span<const uint32_t> earlier = last_->state().KeysOf(before);
    return earlier.size() <= keys.size() &&
           std::equal(earlier.begin(), earlier.end(), keys.begin(), [&](uint32_t a, uint32_t b) {
             return (*last_segment_->key)[a] == (*segment.key)[b];
           });
  }

  void Add(uint32_t place, const RecordedFile& file, uint32_t key, uint64_t from, uint64_t to) {
    const uint8_t counts_as = key < query_.class_of_key.size() ? query_.class_of_key[key] : 0;
    if (counts_as == 0) return;
    const double increment = std::bit_cast<double>(to) - std::bit_cast<double>(from);
    if (!(increment > 0) || !std::isfinite(increment)) return;
    uint32_t& number = number_of_place_[place];
    if (number == kNoNumber) number = NumberOf(file.name);
    Classes& sums = sum_[number];
    if (std::ranges::all_of(sums, [](double sum) { return sum == 0; })) grown_.push_back(number);
    sums[counts_as] += increment;
  }

  uint32_t NumberOf(const std::string& name) {
    const auto [found, is_new] =
        number_of_name_.try_emplace(name, static_cast<uint32_t>(increases_->file_name.size()));
    if (is_new) {
      increases_->file_name.push_back(name);
      sum_.push_back({});
    }
    return found->second;
  }

  // The ticks up to a moment were all read.
  void CloseMoment() {
    increases_->tick.push_back(tick_);
    increases_->files.push_back(files_);
    increases_->entries.push_back(entries_);
    for (const uint32_t number : grown_) {
      // What grew up to the first moment grew since another one.
      if (closed_ > 0) {
        increases_->moment.push_back(static_cast<uint32_t>(closed_));
        increases_->file.push_back(number);
        increases_->increase.push_back(sum_[number]);
      }
      sum_[number] = {};
    }
    grown_.clear();
    ++closed_;
  }

  const RecordedSegments& recorded_;
  const IncreaseQuery& query_;
  RecordedIncreases* const increases_;
  size_t closed_ = 0;  // moments
  // At the end of the segment before.
  std::unique_ptr<SegmentReplay> last_;
  const Segment* last_segment_ = nullptr;
  // At the last tick.
  double tick_ = std::numeric_limits<double>::quiet_NaN();
  uint32_t files_ = 0;
  uint32_t entries_ = 0;

  std::unordered_map<std::string, uint32_t> number_of_name_;
  std::vector<uint32_t> number_of_place_;  // kNoNumber: not asked for yet
  std::vector<Classes> sum_;               // since the last moment, by number
  std::vector<uint32_t> grown_;            // numbers of those that are not 0
};

PreconditionError Check(const IncreaseQuery& query) {
  const auto is_no_time = [](double time) { return std::isnan(time); };
  if (std::ranges::any_of(query.time, is_no_time) || !std::ranges::is_sorted(query.time)) {
    return "times do not ascend";
  }
  const auto is_no_class = [](uint8_t counts_as) { return counts_as >= kIncreaseClasses; };
  const auto bad = std::ranges::find_if(query.class_of_key, is_no_class);
  if (bad != query.class_of_key.end()) return "there is no class " + std::to_string(*bad);
  return std::nullopt;
}

}  // namespace

PreconditionError ReadIncreases(const RecordedSegments& recorded, const IncreaseQuery& query,
                                RecordedIncreases* increases) {
  if (PreconditionError error = Check(query)) return error;
  if (!query.time.empty()) IncreaseReader(recorded, query, increases).Read();
  return std::nullopt;
}

}  // namespace promfold
