#include "gate.h"

#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <vector>

#include "entries.h"
#include "lease.h"
#include "names.h"

namespace promfold {

namespace {

using namespace std::string_view_literals;

// `used` of a file without entries, and padding.
constexpr std::string_view kNoEntries = "\x08\0\0\0\0\0\0\0"sv;

// Readers may be other users than writers.
constexpr mode_t kMode = 0644;

}  // namespace

CompactionFault Gate::Close(int directory, const std::string& generation, const struct stat& like) {
  CompactionFault fault = file_.Create(directory, GateName(generation));
  if (fault.ok()) {
    directory_ = directory;
    fault = file_.Write(kNoEntries, 0);
  }
  // Before it is another user's.
  if (fault.ok()) {
    const int error = TakeWriteLease(file_.number());
    if (error != 0) fault = {CompactionStep::kLease, file_.name(), error};
  }
  if (fault.ok()) fault = file_.SetOwner(like.st_uid, like.st_gid);
  if (fault.ok()) fault = file_.SetMode(kMode);
  return fault;
}

CompactionFault Gate::Open() {
  if (directory_ < 0) return {};
  const bool is_gone = unlinkat(directory_, file_.name().c_str(), 0) == 0 || errno == ENOENT;
  const int error = is_gone ? 0 : errno;
  // With its name, it would be in the way for good.
  if (is_gone) file_.Extend(0);
  GiveUpLease(file_.number());
  directory_ = -1;
  if (!is_gone) return {CompactionStep::kRemove, file_.name(), error};
  return {};
}

CompactionFault RemoveGates(int directory) {
  std::vector<NamedEntry> entries;
  const int error = ListEntries(directory, &entries);
  if (error != 0) return {CompactionStep::kList, "", error};
  for (const NamedEntry& entry : entries) {
    if (!IsGateName(entry.name)) continue;
    if (unlinkat(directory, entry.name.c_str(), 0) != 0 && errno != ENOENT) {
      return {CompactionStep::kRemove, entry.name, errno};
    }
  }
  return {};
}

}  // namespace promfold
