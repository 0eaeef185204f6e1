// Where a compaction failed.
#ifndef PROMFOLD_CORE_COMPACT_STEP_H_
#define PROMFOLD_CORE_COMPACT_STEP_H_

#include <cstdint>
#include <string>
#include <utility>

namespace promfold {

// src/native.ts, COMPACTION_STEP: same numbers, same meaning.
enum class CompactionStep : uint8_t {
  kNone = 0,
  kOpen = 1,
  kLock = 2,
  kMoved = 3,
  kRemote = 4,
  kOwner = 5,
  kMounted = 6,
  kOccupied = 7,
  kSubDirectory = 8,
  kLease = 9,
  kSibling = 10,
  kAttributes = 11,
  kLink = 12,
  kList = 13,
  kWrite = 14,
  kSync = 15,
  kExchange = 16,
  kCarry = 17,
  kRemove = 18,
  kMove = 19,
  kTooLarge = 20,
  kBusy = 21,
  kUnseenWriter = 22,
};

struct CompactionFault {
  CompactionStep step = CompactionStep::kNone;
  std::string path;
  int error = 0;    // an errno; 0: the system refused nothing
  int process = 0;  // of kMounted and kOccupied

  bool ok() const { return step == CompactionStep::kNone; }
};

}  // namespace promfold

#endif  // PROMFOLD_CORE_COMPACT_STEP_H_
