#include "exchange.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

#include "lease.h"
#include "target.h"

namespace promfold {

namespace {

using Clock = std::chrono::steady_clock;

// A process that was making a file when the directories changed places makes it in the old one;
// soon if at all, so the first intervals are short.
constexpr std::chrono::milliseconds kFirstInterval{1};
constexpr std::chrono::milliseconds kLongestInterval{100};

void AtStage(const ExchangeOptions& options, CompactionStage stage) {
  if (options.at_stage) options.at_stage(stage);
}

// Carries until the grace is over: at once, which opens the gate, now and then, and at its end.
// `go_on` is asked after each time.
template <typename GoOn>
CompactionFault CarryFor(const ExchangedPair& pair, int from, int to,
                         const ExchangeOptions& options, KnownNames* known, Gate* gate,
                         uint32_t* carried, GoOn go_on) {
  const auto end = Clock::now() + std::chrono::milliseconds(options.grace_milliseconds);
  for (auto interval = kFirstInterval;; interval = std::min(2 * interval, kLongestInterval)) {
    const auto now = Clock::now();
    CompactionFault fault = Carry(from, to, pair.generation, options.gone, known, carried);
    const CompactionFault opened = gate->Open();
    if (fault.ok()) fault = opened;
    if (!fault.ok() || !go_on() || now >= end) return fault;
    std::this_thread::sleep_for(std::min<Clock::duration>(interval, end - now));
  }
}

// The manifest of the old directory when it is to have the name again: the archives of the new one
// are gone then, and their values are not lost.
CompactionFault NoteArchivesGone(const ExchangedPair& pair, const Manifest& of_new) {
  Manifest manifest;
  const int error = ReadManifest(pair.old_directory, &manifest);
  if (error != 0) return {CompactionStep::kWrite, kManifestName, error};
  const int64_t now = time(nullptr);
  Manifest noted;
  noted.generation = NewGeneration(of_new.generation);
  noted.gone = RecentlyGone(manifest, now);
  for (const ManifestName& archive : of_new.archive) {
    struct stat status;
    if (fstatat(pair.new_directory, archive.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      continue;
    }
    noted.gone.push_back({archive.name, IdentityOf(status), now});
  }
  return ReplaceManifest(pair.old_directory, noted);
}

}  // namespace

CompactionFault FinishExchange(const ExchangedPair& pair, const std::vector<LeasedFile>& files,
                               const ExchangeOptions& options, KnownNames known, Gate* gate,
                               CompactionOutcome* outcome, bool* is_reopened) {
  *is_reopened = false;
  CompactionFault fault = CarryFor(pair, pair.old_directory, pair.new_directory, options, &known,
                                   gate, &outcome->carried, [&] {
                                     *is_reopened = !HoldAll(files);
                                     return !*is_reopened;
                                   });
  if (!fault.ok() || *is_reopened) return fault;
  AtStage(options, CompactionStage::kCarried);
  // What is deleted must not be the only one that a loss of power leaves.
  if (fsync(pair.new_directory) != 0 || fsync(pair.parent) != 0) {
    return {CompactionStep::kSync, pair.name, errno};
  }
  AtStage(options, CompactionStage::kDisposing);
  return Dispose(pair.parent, pair.other_name, kDone, pair.old_directory, pair.new_directory,
                 pair.generation, known, &outcome->carried);
}

CompactionFault TakeBack(const ExchangedPair& pair, const Manifest& of_new,
                         std::vector<LeasedFile>* files, const ExchangeOptions& options,
                         CompactionOutcome* outcome) {
  CompactionFault fault = NoteArchivesGone(pair, of_new);
  if (!fault.ok()) return fault;
  struct stat status;
  if (fstat(pair.old_directory, &status) != 0) {
    return {CompactionStep::kOpen, pair.other_name, errno};
  }
  Gate gate;
  fault = RemoveGates(pair.old_directory);
  if (fault.ok()) fault = gate.Close(pair.old_directory, pair.generation, status);
  if (!fault.ok()) return fault;
  const int error = Exchange(pair.parent, pair.name, pair.other_name);
  if (error != 0) return {CompactionStep::kExchange, pair.name, error};
  ++outcome->undone;
  // Not by closing alone: a process that was just forked may have them, too.
  for (const LeasedFile& file : *files) GiveUpLease(file.descriptor.number());
  files->clear();
  AtStage(options, CompactionStage::kUndone);
  KnownNames known = NamesOf(of_new);
  fault = CarryFor(pair, pair.new_directory, pair.old_directory, options, &known, &gate,
                   &outcome->carried, [] { return true; });
  if (!fault.ok()) return fault;
  if (fsync(pair.old_directory) != 0 || fsync(pair.parent) != 0) {
    return {CompactionStep::kSync, pair.name, errno};
  }
  return Dispose(pair.parent, pair.other_name, kUndone, pair.new_directory, pair.old_directory,
                 pair.generation, known, &outcome->carried);
}

}  // namespace promfold
