#include "compaction.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <unordered_set>
#include <utility>

#include "carry.h"
#include "entries.h"
#include "exchange.h"
#include "folding.h"
#include "journal.h"
#include "leased_files.h"
#include "leftovers.h"
#include "make_manifest.h"
#include "names.h"
#include "pins.h"
#include "sibling.h"
#include "target.h"
#include "unseen_writer.h"

namespace promfold {

namespace {

// Times that files may have to be taken out before it is given up.
constexpr int kMaxAttempts = 5;
// Times that new names are linked before those that are left are carried over afterwards.
constexpr int kMaxLinkRounds = 5;

enum class Ended : uint8_t { kDone, kTryAgain };

void AtStage(const CompactionRequest& request, CompactionStage stage) {
  if (request.at_stage) request.at_stage(stage);
}

// What stays behind in the old directory: what is folded or removed, and its manifest.
class StaysBehind {
 public:
  explicit StaysBehind(const std::vector<LeasedFile>& files) {
    for (const LeasedFile& file : files) {
      inode_[file.name] = static_cast<uint64_t>(file.status.st_ino);
    }
  }
  bool operator()(const NamedEntry& entry) const {
    if (IsManifestName(entry.name)) return true;
    const auto found = inode_.find(entry.name);
    return found != inode_.end() && found->second == entry.inode;
  }

 private:
  std::unordered_map<std::string, uint64_t> inode_;
};

CompactionFault List(const Target& target, std::vector<NamedEntry>* entries) {
  const int error = ListEntries(target.directory.number(), entries);
  if (error != 0) return {CompactionStep::kList, target.path, error};
  return {};
}

// Whether it can be exchanged at all, before anything is written.
CompactionFault CheckExchange(const Target& target) {
  CompactionFault fault = FindPin(target.directory.number(), target.path);
  if (!fault.ok()) return fault;
  if (faccessat(target.parent.number(), ".", W_OK | X_OK, AT_EACCESS) != 0) {
    return {CompactionStep::kSibling, target.parent_path, errno};
  }
  std::vector<NamedEntry> entries;
  fault = List(target, &entries);
  if (!fault.ok()) return fault;
  for (const NamedEntry& entry : entries) {
    if (entry.is_directory) {
      return {CompactionStep::kSubDirectory, target.path + "/" + entry.name};
    }
  }
  return FindUnseenWriter(target.directory.number(), target.path, entries);
}

// A compaction of D by one that takes its place.
class ExchangeAttempt {
 public:
  ExchangeAttempt(const CompactionRequest& request, const Target& target,
                  const std::string& generation, std::vector<LeasedFile>* files,
                  CompactionOutcome* outcome)
      : request_(request),
        target_(target),
        generation_(generation),
        files_(files),
        outcome_(outcome),
        folding_(request, generation) {}

  CompactionFault Run(Ended* ended) {
    *ended = Ended::kTryAgain;
    folding_.Read(files_, outcome_);
    AtStage(request_, CompactionStage::kRead);
    *ended = Ended::kDone;
    if (files_->empty()) return {};
    CompactionFault fault = MakeSibling(target_, generation_, &sibling_);
    if (!fault.ok()) return fault;
    bool is_ready = false;
    fault = Build(&is_ready);
    if (fault.ok() && is_ready) fault = ExchangeNow(&is_ready);
    if (!fault.ok() || !is_ready) {
      *ended = Ended::kTryAgain;
      const CompactionFault undone = RemoveSibling(target_, sibling_);
      return undone.ok() || !fault.ok() ? fault : undone;
    }
    return Finish(ended);
  }

 private:
  // *is_ready is false where files were taken out.
  CompactionFault Build(bool* is_ready) {
    std::vector<NamedEntry> entries;
    uint32_t changes = 1;
    CompactionFault fault = LinkNew(&entries, &changes);
    if (fault.ok()) {
      fault = In(sibling_.path, folding_.Write(sibling_.directory.number(), ""));
    }
    changes = 1;
    for (int round = 0; fault.ok() && changes > 0 && round < kMaxLinkRounds; ++round) {
      fault = LinkNew(&entries, &changes);
    }
    if (!fault.ok()) return fault;
    if (DropReopened(target_.directory.number(), files_, outcome_)) return {};
    const int directory = sibling_.directory.number();
    fault = In(sibling_.path, MakeManifest(target_, directory, folding_.Names(), "", linked_,
                                           *files_, generation_, &manifest_));
    if (fault.ok()) fault = In(sibling_.path, WriteManifest(directory, manifest_));
    is_noted_ = fault.ok();
    if (fault.ok()) fault = CloneAttributes(target_, sibling_);
    if (!fault.ok()) return fault;
    if (fsync(directory) != 0) return {CompactionStep::kSync, sibling_.path, errno};
    AtStage(request_, CompactionStage::kBuilt);
    *is_ready = true;
    return {};
  }

  CompactionFault LinkNew(std::vector<NamedEntry>* entries, uint32_t* changes) {
    CompactionFault fault = List(target_, entries);
    if (!fault.ok()) return fault;
    fault = LinkEntries(target_, sibling_, *entries, StaysBehind(*files_), &linked_, changes);
    is_noted_ = is_noted_ && *changes == 0;
    return fault;
  }

  // What is not in the manifest was made after the exchange, as far as it tells, and inode numbers
  // are used again: so it has exactly what is linked.
  CompactionFault NoteLinked() {
    manifest_.linked.clear();
    for (const auto& [name, inode] : linked_) manifest_.linked.push_back({name, inode});
    is_noted_ = true;
    return In(sibling_.path, ReplaceManifest(sibling_.directory.number(), manifest_));
  }

  // What depends on the very moment comes last: sums, names, leases.
  CompactionFault ExchangeNow(bool* is_ready) {
    *is_ready = false;
    std::vector<NamedEntry> before;
    uint32_t changes = 0;
    CompactionFault fault = LinkNew(&before, &changes);
    if (!fault.ok()) return fault;
    std::vector<NamedEntry> entries;
    const int error = ListEntries(sibling_.directory.number(), &entries);
    if (error != 0) return {CompactionStep::kList, sibling_.path, error};
    std::vector<std::string> after;
    for (const NamedEntry& entry : entries) after.push_back(entry.name);
    bool is_settled = false;
    fault = In(sibling_.path, folding_.Settle(target_.directory.number(), before, after, files_,
                                              outcome_, &is_settled));
    if (!fault.ok() || !is_settled) return fault;
    AtStage(request_, CompactionStage::kSettled);
    if (!HoldAll(*files_)) return {};
    // Last of all: what is made from here on is missing from the new directory until it is carried.
    for (int round = 0; round < kMaxLinkRounds; ++round) {
      fault = LinkNew(&before, &changes);
      if (!fault.ok() || is_noted_) break;
      fault = NoteLinked();
      if (!fault.ok()) break;
    }
    if (!fault.ok()) return fault;
    // What was removed since it was read would come back in an archive.
    if (!AreListed(*files_, before)) return {};
    if (!LeadsTo(target_.parent.number(), target_.name, target_.directory.number())) {
      return {CompactionStep::kMoved, target_.path};
    }
    fault =
        In(sibling_.path, gate_.Close(sibling_.directory.number(), generation_, target_.status));
    if (!fault.ok()) return fault;
    AtStage(request_, CompactionStage::kExchanging);
    const int failed = Exchange(target_.parent.number(), target_.name, sibling_.name);
    if (failed != 0) return {CompactionStep::kExchange, target_.path, failed};
    *is_ready = true;
    AtStage(request_, CompactionStage::kExchanged);
    return {};
  }

  CompactionFault Finish(Ended* ended) {
    const ExchangedPair pair = {
        target_.parent.number(),    target_.parent_path,         target_.name, sibling_.name,
        target_.directory.number(), sibling_.directory.number(), generation_};
    const ExchangeOptions options = {GoneNames::kRemoved, request_.grace_milliseconds,
                                     request_.at_stage};
    KnownNames known = NamesOf(manifest_);
    std::erase_if(known, [](const auto& named) { return named.second.as == KnownAs::kLinked; });
    for (const auto& [name, inode] : linked_) known[name] = {KnownAs::kLinked, inode};
    outcome_->generation = generation_;
    outcome_->linked = static_cast<uint32_t>(linked_.size());
    bool is_reopened = false;
    CompactionFault fault = In(sibling_.path, folding_.Describe(&outcome_->archives));
    if (!fault.ok()) return fault;
    fault =
        FinishExchange(pair, *files_, options, std::move(known), &gate_, outcome_, &is_reopened);
    if (fault.ok() && is_reopened) {
      *ended = Ended::kTryAgain;
      outcome_->generation.clear();
      outcome_->archives.clear();
      fault = TakeBack(pair, manifest_, files_, options, outcome_);
    }
    return In(sibling_.path, fault);
  }

  const CompactionRequest& request_;
  const Target& target_;
  const std::string generation_;
  std::vector<LeasedFile>* const files_;
  CompactionOutcome* const outcome_;
  Folding folding_;
  SiblingDirectory sibling_;
  LinkedNames linked_;
  Manifest manifest_;
  bool is_noted_ = false;  // manifest_ and the one in the sibling have what is linked
  Gate gate_;
};

void Report(const std::vector<LeasedFile>& files, CompactionOutcome* outcome) {
  for (const LeasedFile& file : files) {
    const bool is_folded = file.group != kRemove && !file.is_empty;
    (is_folded ? outcome->folded : outcome->removed).push_back(file.name);
    outcome->freed_bytes += int64_t{file.status.st_blocks} * 512;
  }
  for (const MadeArchive& archive : outcome->archives) {
    outcome->freed_bytes -= archive.disk_bytes;
  }
}

CompactionFault TryOnce(const CompactionRequest& request, const Target& target,
                        CompactionOutcome* outcome, Ended* ended) {
  std::vector<LeasedFile> files;
  CompactionFault fault =
      In(target.path, LeaseFiles(request, target.directory.number(), &files, outcome));
  if (!fault.ok()) return fault;
  KeepLoneArchives(&files, outcome);
  AtStage(request, CompactionStage::kLeased);
  *ended = Ended::kDone;
  Manifest earlier;
  const int error = ReadManifest(target.directory.number(), &earlier);
  if (error != 0) return {CompactionStep::kOpen, target.path + "/" + kManifestName, error};
  const std::string generation = NewGeneration(earlier.generation);
  if (request.is_dry_run) {
    Folding folding(request, generation);
    folding.Read(&files, outcome);
    outcome->archives = folding.Foretell();
  } else if (request.readers_stopped) {
    if (files.empty()) return {};
    fault = In(target.path, CompactInPlace(request, target, generation, &files, outcome));
  } else {
    fault = ExchangeAttempt(request, target, generation, &files, outcome).Run(ended);
  }
  // After an exchange it is done, whatever is left to be cleared away.
  const bool is_done = fault.ok() || !outcome->generation.empty();
  if (!is_done || *ended == Ended::kTryAgain) return fault;
  if (!files.empty() && !request.is_dry_run) outcome->generation = generation;
  Report(files, outcome);
  return fault;
}

CompactionFault CompactTarget(CompactionRequest request, const Target& target,
                              CompactionOutcome* outcome) {
  std::vector<KeptFile> unfit;
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    outcome->kept = unfit;
    outcome->remaining = 0;
    Ended ended = Ended::kDone;
    const CompactionFault fault = TryOnce(request, target, outcome, &ended);
    if (!fault.ok() || ended == Ended::kDone) return fault;
    // What a lease cannot tell next time is left out for good.
    for (const KeptFile& kept : outcome->kept) {
      if (kept.reason != KeptReason::kOrderMatters) continue;
      const auto removed = std::erase_if(
          request.files, [&](const CompactionFile& file) { return file.name == kept.name; });
      if (removed > 0) unfit.push_back(kept);
    }
  }
  return {CompactionStep::kBusy, target.path};
}

}  // namespace

CompactionOutcome Compact(const CompactionRequest& request) {
  CompactionOutcome outcome;
  Target target;
  outcome.fault = OpenTarget(request.directory, &target);
  if (outcome.fault.ok() && !request.is_dry_run) {
    outcome.fault = RecoverLeftovers(&target, request.grace_milliseconds, &outcome);
  }
  if (!outcome.fault.ok() || request.files.empty()) return outcome;
  if (!request.readers_stopped) outcome.fault = CheckExchange(target);
  if (outcome.fault.ok()) outcome.fault = CompactTarget(request, target, &outcome);
  return outcome;
}

CompactionOutcome RecoverCompaction(const std::string& directory, uint32_t grace_milliseconds) {
  CompactionOutcome outcome;
  Target target;
  outcome.fault = OpenTarget(directory, &target);
  if (outcome.fault.ok()) {
    outcome.fault = RecoverLeftovers(&target, grace_milliseconds, &outcome);
  }
  return outcome;
}

int ReadLeftManifest(const std::string& directory, LeftManifest* left) {
  const Descriptor open_directory(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!open_directory) return errno;
  const int error = FindJournal(open_directory.number(), &left->is_unfinished);
  return error != 0 ? error : ReadManifest(open_directory.number(), &left->manifest);
}

}  // namespace promfold
