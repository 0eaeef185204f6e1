// What follows when two directories changed places: it is finished, or taken back.
#ifndef PROMFOLD_CORE_COMPACT_EXCHANGE_H_
#define PROMFOLD_CORE_COMPACT_EXCHANGE_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "carry.h"
#include "compaction.h"
#include "gate.h"
#include "leased_files.h"
#include "manifest.h"

namespace promfold {

struct ExchangedPair {
  int parent;
  std::string parent_path;
  std::string name;        // leads to the new one
  std::string other_name;  // leads to the old one
  int old_directory;
  int new_directory;
  std::string generation;  // of the new one
};

struct ExchangeOptions {
  GoneNames gone;
  uint32_t grace_milliseconds;
  std::function<void(CompactionStage)> at_stage;
};

// Carries over what happens in the old directory until the grace is over, and deletes it. `gate` is
// in the new one, and is opened as soon as that may be. `files` are leased in the old one.
// *is_reopened: a process came back to one of them; nothing is deleted then.
CompactionFault FinishExchange(const ExchangedPair& pair, const std::vector<LeasedFile>& files,
                               const ExchangeOptions& options, KnownNames known, Gate* gate,
                               CompactionOutcome* outcome, bool* is_reopened);

// The old directory has the name again. Then the leases are given up, so that who waits for a file
// goes on, and the new one is deleted after the grace; what happens there is carried over, too.
CompactionFault TakeBack(const ExchangedPair& pair, const Manifest& of_new,
                         std::vector<LeasedFile>* files, const ExchangeOptions& options,
                         CompactionOutcome* outcome);

}  // namespace promfold

#endif  // PROMFOLD_CORE_COMPACT_EXCHANGE_H_
