// What keeps to a directory itself, whatever its path leads to: a process that would never see the
// one that took its place.
//
//   a mount       a bind mount of the directory, in the mount namespace of any process that we see;
//                 and a mount on it, which would move with it
//   a process     that has it, or the like, as its working directory or root
//
// Mounts and working directories of directories above it do no harm: paths are looked up below
// them.
#ifndef PROMFOLD_CORE_COMPACT_PINS_H_
#define PROMFOLD_CORE_COMPACT_PINS_H_

#include <string>

#include "step.h"

namespace promfold {

// `path` is the real path of what is open. `proc` is for tests. A fault of step kMounted or
// kOccupied, or none. What of /proc cannot be read is not seen.
CompactionFault FindPin(int directory, const std::string& path, const std::string& proc = "/proc");

}  // namespace promfold

#endif  // PROMFOLD_CORE_COMPACT_PINS_H_
