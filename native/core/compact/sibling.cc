#include "sibling.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "names.h"

namespace promfold {

namespace {

// What a label of a security module needs to be set is often not ours to give; the kernel gives a
// new directory one of its own then.
bool MayDiffer(const char* attribute, int error) {
  return std::strncmp(attribute, "security.", 9) == 0 && (error == EPERM || error == EOPNOTSUPP);
}

// Returns 0 or an errno; none that are not supported are none.
int ReadAttributes(int directory, std::vector<char>* names) {
  const ssize_t bytes = flistxattr(directory, nullptr, 0);
  if (bytes < 0) return errno == EOPNOTSUPP ? 0 : errno;
  names->resize(static_cast<size_t>(bytes));
  if (bytes == 0) return 0;
  const ssize_t got = flistxattr(directory, names->data(), names->size());
  if (got < 0) return errno;
  names->resize(static_cast<size_t>(got));
  return 0;
}

int CloneAttribute(int from, int to, const char* name) {
  const ssize_t bytes = fgetxattr(from, name, nullptr, 0);
  if (bytes < 0) return errno == ENODATA ? 0 : errno;
  std::vector<char> value(static_cast<size_t>(bytes) + 1);
  const ssize_t got = fgetxattr(from, name, value.data(), value.size());
  if (got < 0) return errno == ENODATA ? 0 : errno;
  std::vector<char> there(value.size());
  if (fgetxattr(to, name, there.data(), there.size()) == got &&
      std::memcmp(there.data(), value.data(), static_cast<size_t>(got)) == 0) {
    return 0;
  }
  if (fsetxattr(to, name, value.data(), static_cast<size_t>(got), 0) == 0) return 0;
  return MayDiffer(name, errno) ? 0 : errno;
}

// A new directory gets the default access list of the one above it, which the old one may not have.
int RemoveAccessLists(int from, int to) {
  for (const char* const name : {"system.posix_acl_access", "system.posix_acl_default"}) {
    if (fgetxattr(from, name, nullptr, 0) >= 0 || fgetxattr(to, name, nullptr, 0) < 0) continue;
    if (fremovexattr(to, name) != 0) return errno;
  }
  return 0;
}

}  // namespace

CompactionFault MakeSibling(const Target& target, const std::string& generation,
                            SiblingDirectory* sibling) {
  sibling->name = SiblingName(target.name, generation);
  sibling->path = (target.parent_path == "/" ? "" : target.parent_path) + "/" + sibling->name;
  const int parent = target.parent.number();
  if (mkdirat(parent, sibling->name.c_str(), 0700) != 0) {
    return {CompactionStep::kSibling, sibling->path, errno};
  }
  sibling->directory = OpenIn(parent, sibling->name);
  CompactionFault fault;
  struct stat status;
  if (!sibling->directory || fstat(sibling->directory.number(), &status) != 0) {
    fault = {CompactionStep::kSibling, sibling->path, errno};
  } else if (status.st_dev != target.status.st_dev) {
    fault = {CompactionStep::kSibling, sibling->path, EXDEV};
  } else if (status.st_uid != target.status.st_uid &&
             fchown(sibling->directory.number(), target.status.st_uid, target.status.st_gid) != 0) {
    // What another user owns is not taken for a leftover.
    fault = {CompactionStep::kAttributes, sibling->path, errno};
  } else {
    fault = LockDirectory(sibling->directory.number(), sibling->path);
  }
  if (!fault.ok()) unlinkat(parent, sibling->name.c_str(), AT_REMOVEDIR);
  return fault;
}

CompactionFault RemoveSibling(const Target& target, const SiblingDirectory& sibling) {
  std::vector<NamedEntry> entries;
  const int directory = sibling.directory.number();
  // First: with a manifest, what is missing here would have been removed by its writer.
  for (const char* const name : {kManifestName, kNewManifestName}) {
    if (unlinkat(directory, name, 0) != 0 && errno != ENOENT) {
      return {CompactionStep::kRemove, sibling.path + "/" + name, errno};
    }
  }
  const int error = ListEntries(directory, &entries);
  if (error != 0) return {CompactionStep::kRemove, sibling.path, error};
  return In(sibling.path, RemoveListed(target.parent.number(), sibling.name, directory, entries));
}

CompactionFault CloneAttributes(const Target& target, const SiblingDirectory& sibling) {
  const int from = target.directory.number();
  const int to = sibling.directory.number();
  const auto fault = [&sibling](int error) {
    return CompactionFault{CompactionStep::kAttributes, sibling.path, error};
  };
  struct stat old;
  struct stat fresh;
  if (fstat(from, &old) != 0 || fstat(to, &fresh) != 0) return fault(errno);
  if (old.st_uid != fresh.st_uid || old.st_gid != fresh.st_gid) {
    if (fchown(to, old.st_uid, old.st_gid) != 0) return fault(errno);
  }
  std::vector<char> names;
  const int error = ReadAttributes(from, &names);
  if (error != 0) return fault(error);
  for (size_t at = 0; at < names.size(); at += std::strlen(names.data() + at) + 1) {
    const int failed = CloneAttribute(from, to, names.data() + at);
    if (failed != 0) return fault(failed);
  }
  const int failed = RemoveAccessLists(from, to);
  if (failed != 0) return fault(failed);
  // Last: an access list changes the bits of the group.
  if (fchmod(to, old.st_mode & 07777) != 0) return fault(errno);
  return {};
}

CompactionFault LinkEntry(const Target& target, const SiblingDirectory& sibling,
                          const NamedEntry& entry, LinkedNames* linked) {
  const char* const name = entry.name.c_str();
  if (linkat(target.directory.number(), name, sibling.directory.number(), name, 0) != 0) {
    if (errno == ENOENT) return {};
    return {CompactionStep::kLink, target.path + "/" + entry.name, errno};
  }
  (*linked)[entry.name] = entry.inode;
  return {};
}

CompactionFault UnlinkEntry(const SiblingDirectory& sibling, const std::string& name,
                            LinkedNames* linked) {
  if (unlinkat(sibling.directory.number(), name.c_str(), 0) != 0 && errno != ENOENT) {
    return {CompactionStep::kRemove, sibling.path + "/" + name, errno};
  }
  linked->erase(name);
  return {};
}

}  // namespace promfold
