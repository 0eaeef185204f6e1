// Reads one metric file from scratch: by name, with a descriptor of its own, into private memory.
//
// Used for a file that is new, was not good, or is read without a mapping. Nothing read here can
// raise SIGBUS, and on tmpfs pread allocates no hole.
#ifndef PROMFOLD_CORE_READ_FILE_H_
#define PROMFOLD_CORE_READ_FILE_H_

#include <cstdint>

#include "fault.h"
#include "layout.h"
#include "mapping.h"
#include "scratch.h"

namespace promfold {

struct Reading {
  Fault fault;                 // ok: everything below is set
  double changed_seconds = 0;  // ctime; 0 when the file could not be stated
  FileIdentity identity;
  Descriptor descriptor;
  uint64_t file_bytes = 0;
  uint32_t used = 0;
  Layout layout = {};
};

// On success bytes [0, layout.end) of the file stand at the beginning of scratch->file.
// A fault of code kEmpty is the moment of creation, or what a killed writer left.
// Never opens what is not a regular file: a FIFO would hang, a device might do anything.
// A file whose `used` is beyond max_used is not read: kFileTooLarge.
Reading ReadFile(int directory, const char* name, Scratch* scratch, uint64_t max_used = UINT64_MAX);

// Opens a regular file for reading; on error the descriptor is none and *fault is set.
Descriptor OpenRegular(int directory, const char* name, struct stat* status, Fault* fault);

}  // namespace promfold

#endif  // PROMFOLD_CORE_READ_FILE_H_
