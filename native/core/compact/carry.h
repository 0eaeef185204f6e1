// After two directories changed places, and until the one that nothing leads to any more is gone:
// what happens in it must not be lost. A writer that looked the path up a moment before may make a
// file there, or remove one.
//
// What belongs there is known (KnownNames); everything else is carried over:
//
//   a name that is not known, or another file   moved to the other directory
//   a known name that stayed, and is gone       removed from the other directory, too
//
// A file is moved rather than linked, so that whoever removes it later removes it for good.
#ifndef PROMFOLD_CORE_COMPACT_CARRY_H_
#define PROMFOLD_CORE_COMPACT_CARRY_H_

#include <cstdint>
#include <string>
#include <unordered_map>

#include "manifest.h"
#include "step.h"

namespace promfold {

enum class KnownAs : uint8_t {
  kLinked,   // the other directory has it, too
  kFolded,   // an archive has its values
  kRemoved,  // it is of a dead process, and counts for nothing
  kOwn,      // an archive, which the other directory has no use for
};

struct KnownName {
  KnownAs as;
  uint64_t inode;
};

using KnownNames = std::unordered_map<std::string, KnownName>;

KnownNames NamesOf(const Manifest& manifest);

// What becomes of a known name that is gone.
enum class GoneNames : uint8_t {
  kIgnored,
  kRemoved,
  // Only what no process has open for writing: since the manifest was written, much may have
  // happened, and inode numbers are used again.
  kRemovedIfUnused,
};

// `known` forgets names that are gone: their inode numbers may be used again. The path of a fault
// is a name.
CompactionFault Carry(int from, int to, const std::string& generation, GoneNames gone,
                      KnownNames* known, uint32_t* carried);

// Deletes `from`, which is `name` in `parent`, with what is known there; what is not is carried
// over. First it gets the name that says so, `name` with this end, if it has not: what is missing
// there from then on was not removed by its writer. What stayed goes first, and one file that was
// folded last: so a reader that is still listing the old directory has either all it needs, or a
// name that leads nowhere, which is an error to it.
CompactionFault Dispose(int parent, const std::string& name, const char* end, int from, int to,
                        const std::string& generation, const KnownNames& known, uint32_t* carried);

}  // namespace promfold

#endif  // PROMFOLD_CORE_COMPACT_CARRY_H_
