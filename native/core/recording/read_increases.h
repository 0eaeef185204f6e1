// How much the values of each file grew between moments that were recorded: each change is looked
// at once, where columns of all values at each moment would be mostly the same ones.
#ifndef PROMFOLD_CORE_RECORDING_READ_INCREASES_H_
#define PROMFOLD_CORE_RECORDING_READ_INCREASES_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/compare_columns.h"
#include "core/precondition.h"
#include "recorder.h"

namespace promfold {

struct IncreaseQuery {
  std::vector<double> time;           // of the moments; ascending
  std::vector<uint8_t> class_of_key;  // by key id; 0 is none, and so are keys that it does not have
};

// See src/native.ts, RecordedIncreases.
struct RecordedIncreases {
  // By moment.
  std::vector<double> tick;  // NaN where there is none
  std::vector<uint32_t> files;
  std::vector<uint32_t> entries;

  std::vector<std::string> file_name;  // of files that grew
  // Row after row, by ascending moment.
  std::vector<uint32_t> moment;
  std::vector<uint32_t> file;
  std::vector<std::array<double, kIncreaseClasses>> increase;
};

// A value that is lower than at the tick before, or no number, adds nothing; what a file has when
// it comes is an increase, but for those that are there at the first moment. What cannot be read is
// left out.
PreconditionError ReadIncreases(const RecordedSegments& recorded, const IncreaseQuery& query,
                                RecordedIncreases* increases);

}  // namespace promfold

#endif  // PROMFOLD_CORE_RECORDING_READ_INCREASES_H_
