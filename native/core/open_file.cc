#include "open_file.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <utility>

namespace promfold {

namespace {

// O_NONBLOCK: what has the name by now may be a FIFO.
constexpr int kToReadFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
constexpr int kToLookFlags = O_PATH | O_CLOEXEC;

int OpenPlainAt(int directory, const char* name, How how) {
  struct open_how asked = {};
  asked.flags = static_cast<uint64_t>(how == How::kToRead ? kToReadFlags : kToLookFlags);
  asked.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS;
  // The kernel's own name: glibc 2.31, which releases are built for, has no SYS_openat2.
  return static_cast<int>(syscall(__NR_openat2, directory, name, &asked, sizeof asked));
}

FoundFile Look(Descriptor descriptor) {
  FoundFile found;
  if (!descriptor) {
    found.fault = {Found::kOpenFailed, -1, errno};
    return found;
  }
  if (fstat(descriptor.number(), &found.status) != 0) {
    found.fault = {Found::kStatFailed, -1, errno};
    return found;
  }
  found.has_status = true;
  if (!S_ISREG(found.status.st_mode)) {
    found.fault = {Found::kNotRegular, -1, found.status.st_mode & S_IFMT};
  }
  found.descriptor = std::move(descriptor);
  return found;
}

FoundFile Failed(Found what, int64_t a, int64_t b = 0) {
  FoundFile found;
  found.fault = {what, -1, a, b};
  return found;
}

// A file that is there and may not be opened.
FoundFile Denied(const struct stat& status) {
  FoundFile found = Failed(Found::kPermissionDenied, status.st_uid, status.st_mode & 07777);
  found.has_status = true;
  found.status = status;
  return found;
}

// What a link holds; empty on an error. REQUIRES: the descriptor is that of a link.
std::string TextOf(int link) {
  char text[PATH_MAX];
  const ssize_t length = readlinkat(link, "", text, sizeof text);
  return length < 0 ? std::string() : std::string(text, static_cast<size_t>(length));
}

}  // namespace

bool CanOpenPlain() {
  static const bool can = Descriptor(OpenPlainAt(AT_FDCWD, ".", How::kToLook)).number() >= 0;
  return can;
}

std::optional<FoundFile> OpenPlain(int directory, const char* name, How how) {
  Descriptor descriptor(OpenPlainAt(directory, name, how));
  if (!descriptor) {
    switch (errno) {
      case ELOOP:   // a link
      case EXDEV:   // a mount point
      case EAGAIN:  // something was renamed meanwhile
      case ENOSYS:
      case EPERM:  // a filter of system calls that does not know openat2
        return std::nullopt;
      case EACCES: {
        const FoundFile seen = Look(Descriptor(OpenPlainAt(directory, name, How::kToLook)));
        if (seen.fault.ok()) return Denied(seen.status);
        errno = EACCES;
        break;
      }
      default:
        break;
    }
  }
  return Look(std::move(descriptor));
}

std::optional<FoundFile> OpenUnlessLink(int directory, const char* name) {
  if (CanOpenPlain()) return OpenPlain(directory, name, How::kToRead);
  Descriptor descriptor(openat(directory, name, kToReadFlags | O_NOFOLLOW));
  if (!descriptor && errno == ELOOP) return std::nullopt;
  return Look(std::move(descriptor));
}

FoundFile FindFile(int directory, const char* name, std::optional<uint32_t> owner) {
  if (!owner) return Look(Descriptor(openat(directory, name, kToLookFlags)));
  FoundFile itself = Look(Descriptor(openat(directory, name, kToLookFlags | O_NOFOLLOW)));
  if (!itself.has_status || !S_ISLNK(itself.status.st_mode)) return itself;

  const uint32_t links_owner = itself.status.st_uid;
  if (links_owner != *owner) return Failed(Found::kLinkOfAnother, links_owner, *owner);
  const std::string target = TextOf(itself.descriptor.number());
  if (target.empty()) return Failed(Found::kOpenFailed, errno);
  // As the kernel resolves it: a relative one counts from where the link is.
  FoundFile found = Look(Descriptor(openat(directory, target.c_str(), kToLookFlags)));
  if (found.fault.ok() && found.status.st_uid != *owner) {
    return Failed(Found::kTargetOfAnother, found.status.st_uid, *owner);
  }
  return found;
}

FoundFile OpenFound(const FoundFile& found) {
  char path[32];
  std::snprintf(path, sizeof path, "/proc/self/fd/%d", found.descriptor.number());
  Descriptor descriptor(open(path, kToReadFlags));
  if (!descriptor && errno == EACCES) return Denied(found.status);
  FoundFile opened = Look(std::move(descriptor));
  if (!opened.has_status) {
    opened.has_status = true;
    opened.status = found.status;
  }
  return opened;
}

}  // namespace promfold
