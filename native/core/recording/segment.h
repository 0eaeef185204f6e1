// A segment in memory, and its replay, tick after tick.
#ifndef PROMFOLD_CORE_RECORDING_SEGMENT_H_
#define PROMFOLD_CORE_RECORDING_SEGMENT_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/key_table.h"
#include "recorded_state.h"
#include "sealed_ticks.h"

namespace promfold {

// The keys of a recording. Any number of threads may use it.
class RecordedKeys {
 public:
  RecordedKeys() : number_(next_number_++) {}

  // No other one of this process has it.
  uint32_t number() const { return number_; }
  uint32_t Intern(std::string_view key) {
    const std::lock_guard lock(mutex_);
    return table_.Intern(key);
  }
  uint32_t size() const {
    const std::lock_guard lock(mutex_);
    return table_.size();
  }
  uint64_t text_bytes() const {
    const std::lock_guard lock(mutex_);
    return table_.text_bytes();
  }
  KeyTexts Texts(uint32_t from, uint32_t count, size_t max_bytes) const {
    const std::lock_guard lock(mutex_);
    return table_.Texts(from, count, max_bytes);
  }
  // Valid as long as this.
  std::vector<std::string_view> Texts(std::span<const uint32_t> id) const;

 private:
  inline static std::atomic<uint32_t> next_number_ = 0;

  const uint32_t number_;
  mutable std::mutex mutex_;
  KeyTable table_;
};

using SharedBytes = std::shared_ptr<const std::string>;

// Copies share the bytes. Exactly one of `tick` and `sealed` has them, if there are ticks.
struct Segment {
  uint64_t number = 0;
  std::vector<SharedBytes> tick;  // payloads (tick_format.h)
  SharedBytes sealed;             // payload (sealed_ticks.h)
  std::vector<double> time;       // of each tick; ascending
  // By number in the segment: the id in RecordedKeys.
  std::shared_ptr<const std::vector<uint32_t>> key;
  bool is_damaged = false;

  // About how much memory it takes.
  uint64_t bytes() const;
};

// Visits the ticks of a segment in turn. The segment outlives it.
class SegmentReplay {
 public:
  explicit SegmentReplay(const Segment& segment, uint64_t most_entries = kMostRecordedEntries);

  // To the next tick; the first one to begin with. False where there is none, or it is damaged;
  // nothing may be asked for after that. The state has the tick's structure, and its values only
  // after Apply.
  bool Read();
  void Apply() { state_.Apply(changes_); }
  bool Next() {
    if (!Read()) return false;
    Apply();
    return true;
  }

  double time() const { return prelude_.time; }
  const RecordedState& state() const { return state_; }
  // The last one; empty where there was none.
  const std::string& blob() const { return blob_; }
  // Of this tick; its structure was moved to the state.
  const TickChanges& changes() const { return changes_; }
  bool structure_changed() const { return structure_changed_; }
  // Of this tick.
  std::string_view prelude_bytes() const { return prelude_bytes_; }

 private:
  const Segment& segment_;
  size_t next_ = 0;
  TickPrelude prelude_;
  std::string_view prelude_bytes_;
  bool structure_changed_ = false;
  std::string blob_;
  TickChanges changes_;
  RecordedState state_;
  std::optional<SealedReader> sealed_;
};

// Sealed, with the same ticks. None where it is damaged.
std::optional<Segment> Seal(const Segment& segment);

// All of a segment as bytes (segment_format.h); with these texts of its keys, by number.
std::string ToBytes(const Segment& segment, std::span<const std::string_view> key_text);

// The ticks from this one on, as an open segment that begins with them. None where it is damaged.
std::optional<Segment> CutBefore(const Segment& segment, size_t tick);

// Its ticks from this time on, sealed, as bytes; with these texts of its keys, by number. Empty
// where there are none, or one cannot be read.
std::string SaveFrom(const Segment& segment, double from,
                     std::span<const std::string_view> key_text);

// Reads the segments of a file; what is damaged is left out. Keys are interned; their texts may
// take this many bytes in all.
void ReadSegments(std::string_view bytes, RecordedKeys* keys, std::vector<Segment>* segments);

}  // namespace promfold

#endif  // PROMFOLD_CORE_RECORDING_SEGMENT_H_
