// What is known of a moment while a recording is made or read: the files in their order, the keys
// and the bits of each entry.
//
// Keys are numbers; whose they are is the owner's business: the recorder counts those of its table,
// a segment has numbers of its own. Files mostly have the same keys in the same order, so lists of
// keys are shared: a file has the first so many keys of a list, and a list only grows.
#ifndef PROMFOLD_CORE_RECORDING_RECORDED_STATE_H_
#define PROMFOLD_CORE_RECORDING_RECORDED_STATE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace promfold {

struct FilePredictor;

struct RecordedFile {
  uint32_t id = 0;
  uint32_t generation = 0;
  std::string name;
  std::string identity;
  uint8_t value_bytes = 0;
  uint32_t list = 0;
  uint32_t entries = 0;  // that it has of the list's keys

  // Bits, by entry.
  std::vector<uint64_t> value;
  std::vector<uint64_t> time;  // empty as long as all are 0

  // What sealed_ticks.h predicts by; null where nothing is predicted.
  std::shared_ptr<FilePredictor> predictor;
};

// What came and went, in this order: lists, removals, insertions, growth.
struct StructureChange {
  struct List {
    uint32_t list;  // a new one has the next number
    bool is_new;
    uint32_t base;  // a new one begins with the first base_count keys of this list
    uint32_t base_count;
    std::vector<uint32_t> keys;  // that are appended
  };
  struct Inserted {
    uint32_t at;        // its place, once all are inserted
    RecordedFile file;  // without values
  };
  struct Grown {
    uint32_t at;  // its place, once all are inserted
    uint32_t list;
    uint32_t entries;
  };
  std::vector<List> lists;
  std::vector<uint32_t> removed;   // places before; ascending
  std::vector<Inserted> inserted;  // ascending
  std::vector<Grown> grown;        // ascending

  bool empty() const {
    return lists.empty() && removed.empty() && inserted.empty() && grown.empty();
  }
};

// The bits that an entry has now: its value, or its timestamp.
struct Change {
  uint32_t entry;
  uint64_t bits;
};

// Of one tick. File i has the changes of values [end of the one before, value_end), and those of
// times [value_end, time_end), each by ascending entries. Files ascend, and none has no change.
struct TickChanges {
  struct File {
    uint32_t place;
    uint32_t value_end;
    uint32_t time_end;
  };
  std::vector<File> file;
  std::vector<Change> change;

  void Clear() {
    file.clear();
    change.clear();
  }
};

// Most entries of all files, and most keys of all lists: a recording of damaged bytes must not take
// all memory.
inline constexpr uint64_t kMostRecordedEntries = uint64_t{1} << 24;
inline constexpr uint64_t kMostRecordedFiles = uint64_t{1} << 20;

class RecordedState {
 public:
  explicit RecordedState(uint64_t most_entries = kMostRecordedEntries)
      : most_entries_(most_entries) {}

  // False where it does not fit what is there; then the state must not be used any more. Keys must
  // be below `key_count`.
  bool Apply(StructureChange change, uint64_t key_count);
  // REQUIRES: they fit.
  void Apply(const TickChanges& changes);

  std::span<const std::unique_ptr<RecordedFile>> files() const { return file_; }
  std::span<const std::vector<uint32_t>> lists() const { return list_; }
  std::span<const uint32_t> KeysOf(const RecordedFile& file) const {
    return std::span(list_[file.list]).first(file.entries);
  }
  uint64_t entries() const { return entries_; }
  uint64_t list_keys() const { return list_keys_; }
  // About how much memory it takes.
  uint64_t bytes() const;

  // Key k becomes to[k], in all lists.
  void RenumberKeys(std::span<const uint32_t> to);

 private:
  bool ApplyLists(std::vector<StructureChange::List>* lists, uint64_t key_count);
  bool SetEntries(RecordedFile* file, uint32_t list, uint32_t entries);

  uint64_t most_entries_;
  std::vector<std::unique_ptr<RecordedFile>> file_;
  std::vector<std::vector<uint32_t>> list_;
  uint64_t entries_ = 0;
  uint64_t list_keys_ = 0;
};

enum class Lists { kAll, kUsed };

// All that is there, as a change of nothing. With kUsed, what no file has of the lists is left out
// and the others have other numbers.
StructureChange WholeStructure(const RecordedState& state, Lists lists);

// All bits that are not 0.
TickChanges AllValues(const RecordedState& state);

}  // namespace promfold

#endif  // PROMFOLD_CORE_RECORDING_RECORDED_STATE_H_
