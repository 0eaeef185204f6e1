// Compaction: files of dead processes become an archive for each kind of them, and what any reader
// computes stays the same. A reader of the client lists the directory and then opens the files by
// name, over the whole time of its scrape, so no order of renames would be exact for it. Instead:
//
//        D                                .D.promfold-GEN
//        files of the living   ──link──▶  the same files
//        files of the dead     ──fold──▶  archives, manifest
//        └──────────────── exchanged, in one step ──────────┘
//
// A reader that listed the old directory finds the same files under the same names, or no file,
// which is an error to it; never a wrong number, unless a process takes over the id of a folded one
// while it reads (the manual has the bound). What is made or removed in the old directory
// meanwhile is carried over (carry.h), and readers wait at a gate until it is (gate.h). Leases
// (lease.h) say that nothing writes to what is folded; where a process comes back to a file of
// that, the exchange is taken back, and then tried without that file.
//
// It can be killed at any moment. A directory `.D.promfold-GEN` that stays is what D was before if
// D's manifest has that generation, and else one that never took D's place, or does not any more.
//
// With `readers_stopped` D stays what it is, for where it is a mount point or the like: journal.h.
#ifndef PROMFOLD_CORE_COMPACT_COMPACTION_H_
#define PROMFOLD_CORE_COMPACT_COMPACTION_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "../fold.h"
#include "../mapping.h"
#include "archive.h"
#include "manifest.h"
#include "step.h"

namespace promfold {

// src/native.ts, KEPT_REASON: same numbers, same meaning.
enum class KeptReason : uint8_t {
  kOpenForWriting = 1,
  kReplaced = 2,
  kDamaged = 3,
  kOtherWidth = 4,
  kOrderMatters = 5,
  kLoneArchive = 6,
};

// Files that become one archive for each user and group that they belong to.
struct ArchiveGroup {
  std::string prefix;
  Operation operation;
  uint32_t value_bytes;
};

struct CompactionFile {
  std::string name;
  FileIdentity identity;  // as it was when its process was found dead
  int32_t group;          // kRemove: its values count for nothing
};

inline constexpr int32_t kRemove = -1;

// Moments that tests wait for.
enum class CompactionStage : uint8_t {
  kLeased,
  kRead,
  kBuilt,
  kSettled,
  kExchanging,  // nothing is looked at any more before the exchange
  kExchanged,   // nothing is looked at after it
  kCarried,
  kUndone,
  kMoved,      // readers_stopped: the files, and nothing else
  kCommitted,  // readers_stopped: it will be finished
  kDisposing,
};

struct CompactionRequest {
  std::string directory;
  bool readers_stopped = false;
  bool is_dry_run = false;
  uint32_t grace_milliseconds = 0;
  std::vector<ArchiveGroup> groups;
  std::vector<CompactionFile> files;
  SameSeries same_series;
  std::function<void(CompactionStage)> at_stage;
};

struct KeptFile {
  std::string name;
  KeptReason reason;
};

struct MadeArchive {
  std::string name;
  uint32_t entries;
  int64_t disk_bytes;
};

struct CompactionOutcome {
  CompactionFault fault;
  std::string generation;
  std::vector<std::string> folded;
  std::vector<std::string> removed;
  std::vector<KeptFile> kept;
  std::vector<MadeArchive> archives;
  int64_t freed_bytes = 0;
  uint32_t linked = 0;
  uint32_t carried = 0;
  uint32_t undone = 0;
  uint32_t rounded = 0;
  bool recovered = false;
  uint32_t remaining = 0;
};

// REQUIRES: groups of files are below groups.size(), or kRemove; no operation is kLast.
CompactionOutcome Compact(const CompactionRequest& request);

// Finishes or takes back what a compaction left that was killed.
CompactionOutcome RecoverCompaction(const std::string& directory, uint32_t grace_milliseconds);

struct LeftManifest {
  Manifest manifest;
  bool is_unfinished = false;  // readers_stopped: its files are moved away
};

// Returns 0 or an errno.
int ReadLeftManifest(const std::string& directory, LeftManifest* left);

}  // namespace promfold

#endif  // PROMFOLD_CORE_COMPACT_COMPACTION_H_
