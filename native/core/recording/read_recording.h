// What was recorded: all files at one moment, and some keys over time.
#ifndef PROMFOLD_CORE_RECORDING_READ_RECORDING_H_
#define PROMFOLD_CORE_RECORDING_READ_RECORDING_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/block_pool.h"
#include "core/instant_columns.h"
#include "core/precondition.h"
#include "recorder.h"

namespace promfold {

// Of a file, apart from its entries.
struct RecordedFileText {
  std::string name;
  std::string identity;
  uint8_t value_bytes = 0;
};

// All columns are in `memory`, which is null where it ran out.
struct RecordedInstant {
  Block memory;
  double time = 0;
  FileRuns files;
  std::vector<RecordedFileText> text;  // of each file
  std::span<uint32_t> key_id;
  std::span<double> value;
  std::span<double> timestamp;  // empty where no file has any
  std::string blob;
};

// The last tick at or before this time that can be read. False where there is none; then nothing
// changes.
bool ReadInstant(const RecordedSegments& recorded, double time, RecordedInstant* instant);

// See src/native.ts, RecordedHistory.
struct RecordedHistory {
  struct File {
    uint32_t id;
    uint32_t generation;
    RecordedFileText text;
  };
  std::vector<double> time;
  std::vector<File> files;
  std::vector<uint32_t> file;  // by row
  std::vector<uint32_t> key_id;
  // Row after row, of each time.
  std::vector<uint8_t> is_present;
  std::vector<double> value;
  std::vector<double> timestamp;  // as many, or none
};

struct HistoryQuery {
  std::vector<uint32_t> key_id;
  double from = 0;
  double to = 0;
  uint32_t most_points = 0;
};

// On an error the history must not be used: there would be too many values.
PreconditionError ReadHistory(const RecordedSegments& recorded, const HistoryQuery& query,
                              RecordedHistory* history);

}  // namespace promfold

#endif  // PROMFOLD_CORE_RECORDING_READ_RECORDING_H_
