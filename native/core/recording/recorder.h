// Records the values of all entries, tick after tick, in segments (segment_format.h), within a
// budget of memory: the oldest segment goes first.
//
// Calls are one at a time, on any thread; Snapshot() may be called meanwhile.
#ifndef PROMFOLD_CORE_RECORDING_RECORDER_H_
#define PROMFOLD_CORE_RECORDING_RECORDER_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/precondition.h"
#include "recorded_state.h"
#include "segment.h"

namespace promfold {

struct RecorderOptions {
  uint64_t max_bytes = 0;
  double segment_seconds = 0;
  bool is_durable = false;
};

// Files in their order; the entries of file i end at entry_end[i].
struct RecordedRuns {
  std::vector<uint32_t> id;
  std::vector<uint32_t> generation;
  std::vector<uint32_t> entry_end;

  bool operator==(const RecordedRuns&) const = default;

  uint32_t EntriesOf(size_t i) const { return entry_end[i] - (i == 0 ? 0 : entry_end[i - 1]); }
};

// How files of another structure relate to those recorded last.
struct StructurePlan {
  struct File {
    int64_t place = -1;          // where it was; less than 0: it is new
    uint32_t known_entries = 0;  // of its entries, those before have keys that are known
  };
  std::vector<File> file;
};

// What the files are. Of files that are new by the plan, names and identities; of all, the width of
// values; of all entries that are not known, in order, a text.
struct RecordedStructure {
  StructurePlan plan;
  std::vector<std::string> name;      // by file; empty where it is not new
  std::vector<std::string> identity;  // likewise
  std::vector<uint8_t> value_bytes;
  std::vector<uint32_t> key;  // of each such entry, an index into these texts:
  std::string text;           // end to end
  std::vector<uint32_t> text_end;
};

// Texts of keys, end to end; those of a chunk follow those of the one before.
struct KeyChunk {
  std::string_view text;
  std::span<const uint32_t> end;
};

// Copies the texts of the keys of all entries that the structure's plan does not know. `key_id` is
// of all entries: an index into the texts. REQUIRES: the plan is of these files.
PreconditionError TakeTexts(const RecordedRuns& files, std::span<const uint32_t> key_id,
                            std::span<const KeyChunk> chunks, RecordedStructure* structure);

struct RecordedTick {
  double time = 0;
  RecordedRuns files;
  // May be written meanwhile by whoever gave them: then either is recorded.
  std::span<const double> value;
  std::span<const double> timestamp;  // empty, or as many
  std::optional<RecordedStructure> structure;
  std::optional<std::string> blob;
  bool begins_segment = false;
};

struct AddedTick {
  uint64_t bytes = 0;
  uint64_t changed = 0;
  uint64_t tick_bytes = 0;
  double cpu_seconds = 0;
  double seal_seconds = 0;
  uint32_t dropped_segments = 0;
  double from = 0;  // time of the oldest tick there is
  uint64_t segment = 0;
  std::string to_append;
  std::optional<uint64_t> sealed_segment;
  std::string sealed_bytes;
};

// Segments, oldest first, and their keys: of a recorder as it was, or of files.
struct RecordedSegments {
  std::vector<Segment> segment;
  std::shared_ptr<RecordedKeys> keys;
};

class Recorder {
 public:
  explicit Recorder(const RecorderOptions& options)
      : options_(options), max_bytes_(options.max_bytes), keys_(std::make_shared<RecordedKeys>()) {}

  // In place of the options, from the next Add on; may be called at any time.
  void SetMaxBytes(uint64_t max_bytes) { max_bytes_ = max_bytes; }

  // REQUIRES: value_bytes of each file, and that no Add is under way. An error where columns do not
  // fit each other.
  PreconditionError Plan(const RecordedRuns& files, std::span<const uint8_t> value_bytes,
                         StructurePlan* plan) const;

  // On an error nothing was recorded. REQUIRES: the structure's plan is of these files, and nothing
  // was added since.
  PreconditionError Add(RecordedTick tick, AddedTick* added);

  // What was recorded up to the last Add that is done.
  RecordedSegments Snapshot() const;

 private:
  PreconditionError Check(const RecordedTick& tick) const;
  StructureChange TakeStructure(const RecordedRuns& files, RecordedStructure structure);
  uint32_t TakeNewList(std::vector<uint32_t> keys, StructureChange* change);
  uint32_t TakeGrownList(uint32_t list, uint32_t known, std::span<const uint32_t> keys,
                         StructureChange* change);
  void AppendToList(uint32_t list, std::span<const uint32_t> keys, StructureChange* change);
  uint32_t AddList(uint32_t base, uint32_t base_count, std::vector<uint32_t> keys,
                   StructureChange* change);
  bool MustBegin(const RecordedTick& tick) const;
  void SealOpen(AddedTick* added);
  void NumberKeys(StructureChange* change, std::vector<uint32_t>* new_keys);
  void Record(const RecordedTick& tick, StructureChange change, bool begins, AddedTick* added);
  void KeepWithinBudget(AddedTick* added);
  bool CompactKeys();
  void CountSealed();
  uint64_t Bytes() const;

  const RecorderOptions options_;
  std::atomic<uint64_t> max_bytes_;
  // Its keys are ids of keys_.
  RecordedState state_;
  std::string blob_;
  std::unordered_multimap<uint32_t, uint32_t> list_of_first_key_;

  bool is_open_ = false;  // there is an open segment; it is the last one
  bool must_begin_ = false;
  uint64_t changed_in_segment_ = 0;
  uint64_t open_bytes_ = 0;  // of its ticks
  uint64_t next_number_ = 0;
  std::vector<uint32_t> number_of_key_;  // in the open segment, by id; kNoNumber: it has none

  uint64_t sealed_bytes_ = 0;  // of the other segments
  double last_time_ = 0;

  // Guards what a snapshot copies, which only Add changes.
  mutable std::mutex mutex_;
  std::shared_ptr<RecordedKeys> keys_;
  std::deque<Segment> segment_;
};

}  // namespace promfold

#endif  // PROMFOLD_CORE_RECORDING_RECORDER_H_
