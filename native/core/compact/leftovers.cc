#include "leftovers.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "entries.h"
#include "exchange.h"
#include "gate.h"
#include "journal.h"
#include "lease.h"
#include "sibling.h"

namespace promfold {

namespace {

struct Leftover {
  Sibling sibling;
  SiblingDirectory at;
  Manifest own;
};

// Of another user than D it is not ours, whatever its name: whoever may rename it to this one must
// not have its files removed, or moved to D.
bool IsOurs(const struct stat& status, const Target& target) {
  return status.st_dev == target.status.st_dev && status.st_uid == target.status.st_uid;
}

CompactionFault FindLeftovers(const Target& target, std::vector<Leftover>* leftovers) {
  std::vector<NamedEntry> entries;
  const int error = ListEntries(target.parent.number(), &entries);
  if (error != 0) return {CompactionStep::kList, target.parent_path, error};
  for (const NamedEntry& entry : entries) {
    Leftover left;
    left.sibling = ParseSibling(entry.name, target.name);
    if (left.sibling.generation.empty()) continue;
    left.at.name = entry.name;
    left.at.path = (target.parent_path == "/" ? "" : target.parent_path) + "/" + entry.name;
    struct stat named;
    if (fstatat(target.parent.number(), entry.name.c_str(), &named, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISDIR(named.st_mode)) {
      continue;
    }
    // Killed before it was D's owner's it is empty, and this removes nothing else.
    if (!IsOurs(named, target)) {
      if (named.st_uid == geteuid()) {
        unlinkat(target.parent.number(), entry.name.c_str(), AT_REMOVEDIR);
      }
      continue;
    }
    left.at.directory = OpenIn(target.parent.number(), entry.name);
    struct stat status;
    if (!left.at.directory || fstat(left.at.directory.number(), &status) != 0) {
      return {CompactionStep::kOpen, left.at.path, errno};
    }
    if (!IsOurs(status, target)) continue;
    const CompactionFault fault = LockDirectory(left.at.directory.number(), left.at.path);
    if (!fault.ok()) return fault;
    const int failed = ReadManifest(left.at.directory.number(), &left.own);
    if (failed != 0) return {CompactionStep::kOpen, left.at.path, failed};
    leftovers->push_back(std::move(left));
  }
  std::sort(leftovers->begin(), leftovers->end(),
            [](const Leftover& a, const Leftover& b) { return a.at.name < b.at.name; });
  return {};
}

// The files that the manifest says were folded or removed, where they are still in the directory.
// *is_changed: what was folded of one of them is not what it has, or it is open for writing.
CompactionFault LeaseTaken(const SiblingDirectory& at, const Manifest& manifest,
                           std::vector<LeasedFile>* files, bool* is_changed) {
  *is_changed = false;
  for (const auto* const list : {&manifest.folded, &manifest.removed}) {
    for (const ManifestName& named : *list) {
      LeasedFile file = {named.name,
                         kRemove,
                         Descriptor(openat(at.directory.number(), named.name.c_str(),
                                           O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)),
                         {},
                         named.checksum};
      if (!file.descriptor) {
        if (errno == ENOENT || errno == ELOOP || errno == ENXIO) continue;
        return {CompactionStep::kLease, at.path + "/" + named.name, errno};
      }
      if (fstat(file.descriptor.number(), &file.status) != 0) {
        return {CompactionStep::kLease, at.path + "/" + named.name, errno};
      }
      // Another file of the name is carried over.
      if (file.status.st_ino != named.inode) continue;
      const int error = TakeLease(file.descriptor.number());
      if (error == EAGAIN) {
        *is_changed = true;
        continue;
      }
      if (error != 0) return {CompactionStep::kLease, at.path + "/" + named.name, error};
      uint32_t checksum = 0;
      const int failed = ContentChecksum(file.descriptor.number(), &checksum);
      if (failed != 0) return {CompactionStep::kOpen, at.path + "/" + named.name, failed};
      // A process came back to it since we were killed, and has ended.
      if (list == &manifest.folded && checksum != file.checksum) *is_changed = true;
      files->push_back(std::move(file));
    }
  }
  return {};
}

CompactionFault RecoverOld(Target* target, Leftover* left, const Manifest& manifest,
                           uint32_t grace_milliseconds, CompactionOutcome* outcome) {
  const ExchangedPair pair = {
      target->parent.number(),     target->parent_path,        target->name,       left->at.name,
      left->at.directory.number(), target->directory.number(), manifest.generation};
  const ExchangeOptions options = {GoneNames::kRemovedIfUnused, grace_milliseconds, {}};
  std::vector<LeasedFile> files;
  bool is_changed = false;
  CompactionFault fault = LeaseTaken(left->at, manifest, &files, &is_changed);
  if (!fault.ok()) return fault;
  if (!is_changed) {
    // Who listed the directory meanwhile has not waited for us.
    Gate none;
    fault = FinishExchange(pair, files, options, NamesOf(manifest), &none, outcome, &is_changed);
    if (!fault.ok() || !is_changed) return fault;
  }
  fault = TakeBack(pair, manifest, &files, options, outcome);
  if (!fault.ok()) return fault;
  std::swap(target->directory, left->at.directory);
  return {};
}

CompactionFault RecoverOne(Target* target, Leftover* left, uint32_t grace_milliseconds,
                           CompactionOutcome* outcome) {
  Manifest manifest;
  const int error = ReadManifest(target->directory.number(), &manifest);
  if (error != 0) return {CompactionStep::kOpen, target->path, error};
  const std::string& generation = left->sibling.generation;
  const bool is_old = manifest.generation == generation;
  // Taken back: D has a later generation since. Otherwise it never took D's place.
  const bool was_undone = left->own.generation == generation && manifest.generation > generation;
  const int parent = target->parent.number();
  const int from = left->at.directory.number();
  const int to = target->directory.number();

  if (left->sibling.end.empty() && is_old) {
    return RecoverOld(target, left, manifest, grace_milliseconds, outcome);
  }
  if (left->sibling.end == kDone && is_old) {
    return Dispose(parent, left->at.name, kDone, from, to, generation, NamesOf(manifest),
                   &outcome->carried);
  }
  // Unfinished; or of a directory that is not here any more.
  const bool is_unfinished = left->sibling.end.empty() && !was_undone;
  if (is_unfinished || left->sibling.end == kDone) return RemoveSibling(*target, left->at);
  KnownNames known = NamesOf(left->own);
  if (left->sibling.end.empty()) {
    const CompactionFault fault =
        Carry(from, to, generation, GoneNames::kRemovedIfUnused, &known, &outcome->carried);
    if (!fault.ok()) return fault;
  }
  return Dispose(parent, left->at.name, kUndone, from, to, generation, known, &outcome->carried);
}

}  // namespace

CompactionFault RecoverLeftovers(Target* target, uint32_t grace_milliseconds,
                                 CompactionOutcome* outcome) {
  std::vector<Leftover> leftovers;
  CompactionFault fault = FindLeftovers(*target, &leftovers);
  for (size_t i = 0; fault.ok() && i < leftovers.size(); ++i) {
    outcome->recovered = true;
    fault =
        In(leftovers[i].at.path, RecoverOne(target, &leftovers[i], grace_milliseconds, outcome));
  }
  if (fault.ok()) fault = In(target->path, RemoveGates(target->directory.number()));
  if (!fault.ok()) return fault;
  return RecoverJournals(*target, outcome);
}

}  // namespace promfold
