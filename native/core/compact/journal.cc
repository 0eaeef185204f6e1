#include "journal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <map>
#include <thread>
#include <unordered_set>
#include <utility>

#include "entries.h"
#include "folding.h"
#include "lease.h"
#include "make_manifest.h"
#include "names.h"

namespace promfold {

namespace {

constexpr char kNewPrefix[] = "new-";

std::string StopName(const std::string& generation) {
  return ArchiveName("counter", generation, 1);
}

// What stops readers, and nothing else.
bool IsStop(int directory, const std::string& name) {
  struct stat status;
  return fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISLNK(status.st_mode);
}

struct Journal {
  std::string generation;
  std::string name;
  Descriptor directory;
};

// Back to its name, or another where a new process has that. Returns 0 or an errno.
int MoveBack(const Journal& journal, const std::string& name, int to) {
  const int from = journal.directory.number();
  const int error = MoveNoReplace(from, name, to, name);
  return error == EEXIST ? MoveToSpareName(from, name, to, journal.generation) : error;
}

int RemoveStop(const Target& target, const std::string& generation) {
  const int directory = target.directory.number();
  const std::string stop = StopName(generation);
  if (!IsStop(directory, stop)) return 0;
  return unlinkat(directory, stop.c_str(), 0) == 0 || errno == ENOENT ? 0 : errno;
}

bool IsNew(const std::string& name) { return name.starts_with(kNewPrefix); }

// The files are where they were; then readers may read, and the rest goes.
CompactionFault RollBack(const Target& target, const Journal& journal) {
  const int from = journal.directory.number();
  const int to = target.directory.number();
  std::vector<NamedEntry> entries;
  int error = ListEntries(from, &entries);
  if (error != 0) return {CompactionStep::kList, journal.name, error};
  for (const NamedEntry& entry : entries) {
    if (IsNew(entry.name) || IsManifestName(entry.name)) continue;
    error = MoveBack(journal, entry.name, to);
    if (error != 0) return {CompactionStep::kMove, entry.name, error};
  }
  error = RemoveStop(target, journal.generation);
  if (error != 0) return {CompactionStep::kRemove, StopName(journal.generation), error};
  return In(journal.name, RemoveListed(to, journal.name, from, entries));
}

// The manifest is in D. The archive that has the name of the stop takes its place last of all, in
// one step.
CompactionFault RollForward(const Target& target, const Journal& journal, const Manifest& manifest,
                            uint32_t grace_milliseconds) {
  const int from = journal.directory.number();
  const int to = target.directory.number();
  const std::string stop = StopName(journal.generation);
  for (const ManifestName& archive : manifest.archive) {
    if (archive.name == stop) continue;
    const int error = MoveNoReplace(from, kNewPrefix + archive.name, to, archive.name);
    if (error != 0 && error != ENOENT) return {CompactionStep::kMove, archive.name, error};
  }
  if (fsync(to) != 0) return {CompactionStep::kSync, target.path, errno};
  // A reader that began to list the directory before the archives were there may still meet the
  // stop.
  std::this_thread::sleep_for(std::chrono::milliseconds(grace_milliseconds));
  const std::string fresh = kNewPrefix + stop;
  if (renameat(from, fresh.c_str(), to, stop.c_str()) != 0) {
    if (errno != ENOENT) return {CompactionStep::kMove, stop, errno};
    const int error = RemoveStop(target, journal.generation);
    if (error != 0) return {CompactionStep::kRemove, stop, error};
  }
  if (fsync(to) != 0) return {CompactionStep::kSync, target.path, errno};
  std::vector<NamedEntry> entries;
  const int error = ListEntries(from, &entries);
  if (error != 0) return {CompactionStep::kList, journal.name, error};
  return In(journal.name, RemoveListed(to, journal.name, from, entries));
}

CompactionFault MakeJournal(const Target& target, const std::string& generation, Journal* journal) {
  const int directory = target.directory.number();
  journal->generation = generation;
  journal->name = JournalName(generation);
  if (mkdirat(directory, journal->name.c_str(), 0700) != 0) {
    return {CompactionStep::kMove, journal->name, errno};
  }
  journal->directory = OpenIn(directory, journal->name);
  // What another user owns is not taken for a journal.
  if (journal->directory && geteuid() != target.status.st_uid &&
      fchown(journal->directory.number(), target.status.st_uid, target.status.st_gid) != 0) {
    const int error = errno;
    unlinkat(directory, journal->name.c_str(), AT_REMOVEDIR);
    return {CompactionStep::kAttributes, journal->name, error};
  }
  const std::string stop = StopName(generation);
  const std::string nowhere = journal->name + "/nothing";
  const bool is_stopped =
      journal->directory && symlinkat(nowhere.c_str(), directory, stop.c_str()) == 0;
  if (is_stopped) return {};
  const int error = errno;
  unlinkat(directory, journal->name.c_str(), AT_REMOVEDIR);
  return {CompactionStep::kMove, stop, error};
}

CompactionFault MoveFiles(const Target& target, const Journal& journal,
                          std::vector<LeasedFile>* files, CompactionOutcome* outcome) {
  const int from = target.directory.number();
  const int to = journal.directory.number();
  for (const LeasedFile& file : *files) {
    const int error = MoveNoReplace(from, file.name, to, file.name);
    if (error != 0 && error != ENOENT) return {CompactionStep::kMove, file.name, error};
  }
  std::vector<std::string> moved;
  for (const LeasedFile& file : *files) moved.push_back(file.name);
  // No path leads to them any more: this is the last word.
  if (!DropReopened(to, files, outcome)) return {};
  std::unordered_set<std::string> left;
  for (const LeasedFile& file : *files) left.insert(file.name);
  for (const std::string& name : moved) {
    if (left.contains(name)) continue;
    const int error = MoveBack(journal, name, from);
    if (error != 0 && error != ENOENT) return {CompactionStep::kMove, name, error};
  }
  return {};
}

// From the moved files to the manifest in D. *is_settled is false where files were taken out, and
// all that was made is of no use.
CompactionFault FoldMoved(const CompactionRequest& request, const Target& target,
                          const Journal& journal, std::vector<LeasedFile>* files,
                          std::vector<std::string> order_before, CompactionOutcome* outcome,
                          Manifest* manifest) {
  const int directory = target.directory.number();
  const int from = journal.directory.number();
  for (;;) {
    const std::vector<LeasedFile>::size_type count = files->size();
    std::vector<std::string> all;
    for (const LeasedFile& file : *files) all.push_back(file.name);
    Folding folding(request, journal.generation);
    folding.Read(files, outcome);
    bool is_settled = false;
    std::vector<NamedEntry> staying;
    int error = ListEntries(directory, &staying);
    if (error != 0) return {CompactionStep::kList, target.path, error};
    std::erase_if(staying, [&](const NamedEntry& entry) {
      return entry.is_directory || entry.name == StopName(journal.generation);
    });
    // Before: what stays and what was moved, as the directory had them in order.
    std::unordered_set<std::string> taken;
    for (const LeasedFile& file : *files) taken.insert(file.name);
    std::unordered_set<std::string> listed(order_before.begin(), order_before.end());
    std::vector<NamedEntry> before;
    for (const std::string& name : order_before) before.push_back({name, 0, false});
    std::vector<std::string> after = folding.Names();
    for (const NamedEntry& entry : staying) {
      if (!listed.contains(entry.name)) before.push_back(entry);
      if (!taken.contains(entry.name)) after.push_back(entry.name);
    }
    CompactionFault fault = folding.Write(from, kNewPrefix);
    if (fault.ok()) {
      fault = folding.Settle(directory, before, after, files, outcome, &is_settled);
    }
    if (!fault.ok()) return fault;
    if (is_settled && files->size() == count) {
      fault = MakeManifest(target, from, folding.Names(), kNewPrefix, {}, *files,
                           journal.generation, manifest);
      if (fault.ok()) fault = WriteManifest(from, *manifest);
      if (fault.ok()) fault = folding.Describe(&outcome->archives);
      return fault;
    }
    // Those that were taken out go back, and the others are folded anew.
    std::unordered_set<std::string> left;
    for (const LeasedFile& file : *files) left.insert(file.name);
    for (const std::string& name : all) {
      if (left.contains(name)) continue;
      error = MoveBack(journal, name, directory);
      if (error != 0) return {CompactionStep::kMove, name, error};
    }
    for (const std::string& name : folding.Names()) {
      unlinkat(from, (kNewPrefix + name).c_str(), 0);
    }
  }
}

void AtStage(const CompactionRequest& request, CompactionStage stage) {
  if (request.at_stage) request.at_stage(stage);
}

}  // namespace

CompactionFault CompactInPlace(const CompactionRequest& request, const Target& target,
                               const std::string& generation, std::vector<LeasedFile>* files,
                               CompactionOutcome* outcome) {
  const int directory = target.directory.number();
  std::vector<NamedEntry> entries;
  const int error = ListEntries(directory, &entries);
  if (error != 0) return {CompactionStep::kList, target.path, error};
  std::vector<std::string> order;
  for (const NamedEntry& entry : entries) order.push_back(entry.name);

  Journal journal;
  CompactionFault fault = MakeJournal(target, generation, &journal);
  if (!fault.ok()) return fault;
  // A reader that began to list the directory before is to be done.
  std::this_thread::sleep_for(std::chrono::milliseconds(request.grace_milliseconds));
  fault = MoveFiles(target, journal, files, outcome);
  if (fault.ok()) AtStage(request, CompactionStage::kMoved);
  Manifest manifest;
  if (fault.ok() && !files->empty()) {
    fault = FoldMoved(request, target, journal, files, std::move(order), outcome, &manifest);
  }
  if (fault.ok() && !files->empty() &&
      (fsync(journal.directory.number()) != 0 ||
       renameat(journal.directory.number(), kManifestName, directory, kManifestName) != 0)) {
    fault = {CompactionStep::kWrite, kManifestName, errno};
  }
  if (!fault.ok() || files->empty()) {
    outcome->archives.clear();
    const CompactionFault undone = RollBack(target, journal);
    return undone.ok() ? fault : undone;
  }
  AtStage(request, CompactionStage::kCommitted);
  return RollForward(target, journal, manifest, request.grace_milliseconds);
}

CompactionFault RecoverJournals(const Target& target, CompactionOutcome* outcome) {
  const int directory = target.directory.number();
  std::vector<NamedEntry> entries;
  int error = ListEntries(directory, &entries);
  if (error != 0) return {CompactionStep::kList, target.path, error};
  for (const NamedEntry& entry : entries) {
    Journal journal;
    journal.generation = ParseJournal(entry.name);
    if (journal.generation.empty() || !entry.is_directory) continue;
    journal.name = entry.name;
    journal.directory = OpenIn(directory, entry.name);
    struct stat status;
    if (!journal.directory || fstat(journal.directory.number(), &status) != 0) {
      return In(target.path, {CompactionStep::kOpen, entry.name, errno});
    }
    if (status.st_uid != target.status.st_uid) {
      // Killed before it was D's owner's it is empty.
      if (status.st_uid == geteuid()) unlinkat(directory, entry.name.c_str(), AT_REMOVEDIR);
      continue;
    }
    outcome->recovered = true;
    Manifest manifest;
    error = ReadManifest(directory, &manifest);
    if (error != 0) return In(target.path, {CompactionStep::kOpen, kManifestName, error});
    const CompactionFault fault = manifest.generation == journal.generation
                                      ? RollForward(target, journal, manifest, 0)
                                      : RollBack(target, journal);
    if (!fault.ok()) return In(target.path, fault);
  }
  return {};
}

bool IsJournal(int directory, const char* name, uid_t owner) {
  if (ParseJournal(name).empty()) return false;
  struct stat status;
  // Of another user it is none (RecoverJournals); ours is empty as long as it is not D's owner's.
  return fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode) &&
         status.st_uid == owner;
}

int FindJournal(int directory, bool* is_there) {
  struct stat status;
  if (fstat(directory, &status) != 0) return errno;
  std::vector<NamedEntry> entries;
  const int error = ListEntries(directory, &entries);
  *is_there = std::any_of(entries.begin(), entries.end(), [&](const NamedEntry& entry) {
    return IsJournal(directory, entry.name.c_str(), status.st_uid);
  });
  return error;
}

}  // namespace promfold
