// How a name becomes an open file: two ways.
//
// A plain file lies in the directory itself: no link, and nothing is mounted over it. OpenPlain
// opens it where the kernel promises that it is so (openat2), which cannot hang in a local
// directory. FindFile takes any name, and may hang.
//
// A link may lead to what its maker may not read and we may: so it counts only where link, target
// and directory have one owner. What is checked is what is used: the link is held (O_PATH) while
// its owner is looked at and its text read, and what was found is opened by its descriptor, never
// by a name again.
#ifndef PROMFOLD_CORE_OPEN_FILE_H_
#define PROMFOLD_CORE_OPEN_FILE_H_

#include <sys/stat.h>

#include <cstdint>
#include <optional>

#include "fault.h"
#include "mapping.h"

namespace promfold {

// A file that was looked at, and perhaps opened.
struct FoundFile {
  Fault fault;  // ok: it is a regular file
  bool has_status = false;
  struct stat status = {};  // of the file itself, where a link leads to it
  Descriptor descriptor;
};

// Whether this kernel has what OpenPlain takes: Linux 5.6, and no filter of system calls before it.
bool CanOpenPlain();

enum class How { kToLook, kToRead };

// Opens a plain file. None where it is not plain, or that cannot be known; then FindFile must tell.
// With kToLook the descriptor is good for fstat only.
std::optional<FoundFile> OpenPlain(int directory, const char* name, How how);

// As OpenPlain, for reading, where the directory has no mount points: without openat2 any file that
// is no link.
std::optional<FoundFile> OpenUnlessLink(int directory, const char* name);

// Finds a file by name, following links, without opening it. A link is a fault where it, its target
// and the directory do not all belong to `owner`, if there is one. The descriptor is for OpenFound.
FoundFile FindFile(int directory, const char* name, std::optional<uint32_t> owner);

// Opens what FindFile found, for reading. REQUIRES: found.fault.ok().
FoundFile OpenFound(const FoundFile& found);

}  // namespace promfold

#endif  // PROMFOLD_CORE_OPEN_FILE_H_
