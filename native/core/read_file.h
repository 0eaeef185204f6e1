// Reads one metric file from scratch, by a descriptor of its own, into private memory.
//
// Used for a file that is new, was not good, or is read without a mapping. Nothing read here can
// raise SIGBUS, and on tmpfs pread allocates no hole.
#ifndef PROMFOLD_CORE_READ_FILE_H_
#define PROMFOLD_CORE_READ_FILE_H_

#include <cstdint>
#include <optional>

#include "fault.h"
#include "file_format.h"
#include "mapping.h"
#include "open_file.h"
#include "scratch.h"

namespace promfold {

struct Reading {
  Fault fault;                 // ok: everything below is set
  double changed_seconds = 0;  // ctime; 0 when the file could not be looked at
  FileIdentity identity;
  Descriptor descriptor;
  uint64_t file_bytes = 0;
  uint32_t used = 0;
  FileFormat format = {};
};

// What was found, as far as it goes without reading: status, descriptor, and the fault if any.
Reading ReadingOf(FoundFile found);

// Reads what was opened for reading. On success bytes [0, format.end) of the file are at the
// beginning of scratch->file. A fault of code kEmpty is the moment of creation, or what a killed
// writer left. May hang where the file is not on a local file system. A file whose `used` is beyond
// max_used is not read: kFileTooLarge. `is_stamped`: as in DetectFormat.
Reading ReadFile(FoundFile opened, bool is_stamped, Scratch* scratch,
                 uint64_t max_used = UINT64_MAX);

// Finds, opens and reads one.
Reading ReadFile(int directory, const char* name, std::optional<uint32_t> owner, Scratch* scratch);

}  // namespace promfold

#endif  // PROMFOLD_CORE_READ_FILE_H_
