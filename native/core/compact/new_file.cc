#include "new_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace promfold {

CompactionFault NewFile::Unless(bool is_done, CompactionStep step) const {
  if (is_done) return {};
  return {step, name_, errno};
}

CompactionFault NewFile::Create(int directory, const std::string& name) {
  name_ = name;
  file_ = Descriptor(
      openat(directory, name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  return Unless(static_cast<bool>(file_), CompactionStep::kWrite);
}

CompactionFault NewFile::Write(std::string_view bytes, uint64_t offset) {
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t wrote = pwrite(file_.number(), bytes.data() + done, bytes.size() - done,
                                 static_cast<off_t>(offset + done));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return Unless(false, CompactionStep::kWrite);
    done += static_cast<size_t>(wrote);
  }
  return {};
}

CompactionFault NewFile::Extend(uint64_t bytes) {
  return Unless(ftruncate(file_.number(), static_cast<off_t>(bytes)) == 0, CompactionStep::kWrite);
}

CompactionFault NewFile::SetOwner(uid_t owner, gid_t group) {
  struct stat status;
  if (fstat(file_.number(), &status) != 0) return Unless(false, CompactionStep::kAttributes);
  if (status.st_uid == owner && status.st_gid == group) return {};
  return Unless(fchown(file_.number(), owner, group) == 0, CompactionStep::kAttributes);
}

CompactionFault NewFile::SetMode(mode_t mode) {
  return Unless(fchmod(file_.number(), mode & 07777) == 0, CompactionStep::kAttributes);
}

CompactionFault NewFile::Sync() {
  return Unless(fsync(file_.number()) == 0, CompactionStep::kSync);
}

}  // namespace promfold
