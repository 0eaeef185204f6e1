#include "target.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <utility>

#include "../file_system.h"
#include "../path_query.h"
#include "names.h"

namespace promfold {

namespace {

// glibc 2.28 has renameat2, musl has not. The numbers are of <linux/fs.h>.
int RenameAt(int from, const std::string& name, int to, const std::string& new_name,
             unsigned flags) {
  return syscall(SYS_renameat2, from, name.c_str(), to, new_name.c_str(), flags) == 0 ? 0 : errno;
}

constexpr uint32_t kMaxSpareNames = 1000;

constexpr unsigned kNoReplace = 1;
constexpr unsigned kExchange = 2;

// A slash at the end would have a link followed.
std::string WithoutSlashes(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

}  // namespace

Descriptor OpenIn(int parent, const std::string& name) {
  return Descriptor(openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

CompactionFault LockDirectory(int directory, const std::string& path) {
  if (flock(directory, LOCK_EX | LOCK_NB) == 0) return {};
  return {CompactionStep::kLock, path, errno};
}

bool LeadsTo(int parent, const std::string& name, int directory) {
  struct stat named;
  struct stat open;
  return fstatat(parent, name.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
         fstat(directory, &open) == 0 && IdentityOf(named) == IdentityOf(open);
}

int Exchange(int parent, const std::string& one, const std::string& other) {
  return RenameAt(parent, one, parent, other, kExchange);
}

int MoveNoReplace(int from, const std::string& name, int to, const std::string& new_name) {
  return RenameAt(from, name, to, new_name, kNoReplace);
}

int MoveToSpareName(int from, const std::string& name, int to, const std::string& generation) {
  int error = EEXIST;
  for (uint32_t nth = 1; error == EEXIST && nth <= kMaxSpareNames; ++nth) {
    error = MoveNoReplace(from, name, to, SpareName(name, generation, nth));
  }
  return error;
}

CompactionFault In(const std::string& directory, CompactionFault fault) {
  if (!fault.ok() && (fault.path.empty() || fault.path[0] != '/')) {
    fault.path = fault.path.empty() ? directory : directory + "/" + fault.path;
  }
  return fault;
}

CompactionFault OpenTarget(const std::string& path, Target* target) {
  target->directory = OpenIn(AT_FDCWD, WithoutSlashes(path));
  if (!target->directory) return {CompactionStep::kOpen, path, errno};
  const int number = target->directory.number();
  // The kernel's word for where it is, whatever links led to it.
  const int error = ReadLink("/proc/self/fd/" + std::to_string(number), &target->path);
  if (error != 0) return {CompactionStep::kOpen, path, error};
  const size_t slash = target->path.rfind('/');
  if (slash == std::string::npos) return {CompactionStep::kMoved, path};
  target->name = target->path.substr(slash + 1);
  target->parent_path = target->path.substr(0, slash == 0 ? 1 : slash);
  if (target->name.empty()) return {CompactionStep::kMounted, path};

  struct statfs file_system;
  if (fstatfs(number, &file_system) != 0) return {CompactionStep::kOpen, target->path, errno};
  if (!IsLocal(file_system)) return {CompactionStep::kRemote, target->path};
  if (fstat(number, &target->status) != 0) return {CompactionStep::kOpen, target->path, errno};
  if (geteuid() != 0 && target->status.st_uid != geteuid()) {
    return {CompactionStep::kOwner, target->path, EPERM};
  }

  target->parent =
      Descriptor(open(target->parent_path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!target->parent) return {CompactionStep::kOpen, target->parent_path, errno};
  const CompactionFault fault = LockDirectory(number, target->path);
  if (!fault.ok()) return fault;
  // Whoever held the lock may have put another directory there.
  if (!LeadsTo(target->parent.number(), target->name, number)) {
    return {CompactionStep::kMoved, target->path};
  }
  return {};
}

}  // namespace promfold
