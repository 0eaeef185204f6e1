#include "carry.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <unordered_set>
#include <vector>

#include "entries.h"
#include "lease.h"
#include "target.h"

namespace promfold {

namespace {

// A directory that files are made in faster than they are carried is not one that nothing leads to.
constexpr int kMaxRounds = 100;

std::optional<uint64_t> InodeIn(int directory, const std::string& name) {
  struct stat status;
  if (fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
  return static_cast<uint64_t>(status.st_ino);
}

// The other directory has a file of the name. Returns 0 or an errno.
int MoveWhereTaken(int from, const std::string& name, int to, const std::string& generation,
                   const KnownNames& known) {
  const std::optional<uint64_t> there = InodeIn(to, name);
  // It was linked after the manifest was written.
  if (there && there == InodeIn(from, name)) {
    return unlinkat(from, name.c_str(), 0) == 0 || errno == ENOENT ? 0 : errno;
  }
  const auto found = known.find(name);
  if (!there || found == known.end() || found->second.inode != *there) {
    return MoveToSpareName(from, name, to, generation);
  }
  // What is there is what was there: its name is free for the file that took its place. Only what
  // is folded has values that must not be lost.
  if (found->second.as == KnownAs::kFolded) {
    const int error = MoveToSpareName(to, name, to, generation);
    return error != 0 ? error : MoveNoReplace(from, name, to, name);
  }
  return renameat(from, name.c_str(), to, name.c_str()) == 0 ? 0 : errno;
}

int MoveOver(int from, const std::string& name, int to, const std::string& generation,
             const KnownNames& known) {
  const int error = MoveNoReplace(from, name, to, name);
  if (error == EEXIST) return MoveWhereTaken(from, name, to, generation, known);
  // Its writer removed it.
  return error == ENOENT ? 0 : error;
}

bool IsUnused(int directory, const std::string& name) {
  const Descriptor file(
      openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  return file && TakeLease(file.number()) == 0;
}

bool IsKnown(const KnownNames& known, const NamedEntry& entry) {
  if (IsManifestName(entry.name) || IsGateName(entry.name)) return true;
  const auto found = known.find(entry.name);
  return found != known.end() && found->second.inode == entry.inode;
}

// When it is deleted: what a reader would miss without noticing goes first.
int TurnOf(const KnownNames& known, const std::string& name) {
  if (IsManifestName(name) || IsGateName(name)) return 4;
  switch (known.at(name).as) {
    case KnownAs::kLinked:
      return 0;
    case KnownAs::kRemoved:
      return 1;
    case KnownAs::kFolded:
    case KnownAs::kOwn:
      return 2;
  }
  return 3;
}

}  // namespace

KnownNames NamesOf(const Manifest& manifest) {
  KnownNames known;
  const auto add = [&known](const std::vector<ManifestName>& list, KnownAs as) {
    for (const ManifestName& named : list) known[named.name] = {as, named.inode};
  };
  add(manifest.linked, KnownAs::kLinked);
  add(manifest.folded, KnownAs::kFolded);
  add(manifest.removed, KnownAs::kRemoved);
  add(manifest.archive, KnownAs::kOwn);
  return known;
}

CompactionFault Carry(int from, int to, const std::string& generation, GoneNames gone,
                      KnownNames* known, uint32_t* carried) {
  std::vector<NamedEntry> entries;
  const int error = ListEntries(from, &entries);
  if (error != 0) return {CompactionStep::kList, "", error};
  std::unordered_set<std::string> seen;
  for (const NamedEntry& entry : entries) {
    if (IsKnown(*known, entry)) {
      seen.insert(entry.name);
      continue;
    }
    const int failed = MoveOver(from, entry.name, to, generation, *known);
    if (failed != 0) return {CompactionStep::kCarry, entry.name, failed};
    ++*carried;
  }
  if (gone == GoneNames::kIgnored) return {};
  for (auto at = known->begin(); at != known->end();) {
    const std::string& name = at->first;
    const KnownName was = at->second;
    if (was.as != KnownAs::kLinked || seen.contains(name)) {
      ++at;
      continue;
    }
    if (InodeIn(to, name) == was.inode && (gone == GoneNames::kRemoved || IsUnused(to, name)) &&
        unlinkat(to, name.c_str(), 0) != 0 && errno != ENOENT) {
      return {CompactionStep::kCarry, name, errno};
    }
    at = known->erase(at);
  }
  return {};
}

CompactionFault Dispose(int parent, const std::string& name, const char* end, int from, int to,
                        const std::string& generation, const KnownNames& known, uint32_t* carried) {
  std::string last = name;
  if (!last.ends_with(end)) {
    last += end;
    if (renameat(parent, name.c_str(), parent, last.c_str()) != 0) {
      return {CompactionStep::kRemove, "", errno};
    }
  }
  KnownNames still = known;
  for (int round = 0; round < kMaxRounds; ++round) {
    CompactionFault fault = Carry(from, to, generation, GoneNames::kIgnored, &still, carried);
    if (!fault.ok()) return fault;
    std::vector<NamedEntry> entries;
    const int error = ListEntries(from, &entries);
    if (error != 0) return {CompactionStep::kList, "", error};
    std::erase_if(entries, [&](const NamedEntry& entry) { return !IsKnown(known, entry); });
    std::stable_sort(entries.begin(), entries.end(), [&](const auto& a, const auto& b) {
      return TurnOf(known, a.name) < TurnOf(known, b.name);
    });
    for (const NamedEntry& entry : entries) {
      if (unlinkat(from, entry.name.c_str(), 0) != 0 && errno != ENOENT) {
        return {CompactionStep::kRemove, entry.name, errno};
      }
    }
    if (unlinkat(parent, last.c_str(), AT_REMOVEDIR) == 0) return {};
    if (errno != ENOTEMPTY && errno != EEXIST) return {CompactionStep::kRemove, "", errno};
  }
  return {CompactionStep::kRemove, "", ENOTEMPTY};
}

}  // namespace promfold
