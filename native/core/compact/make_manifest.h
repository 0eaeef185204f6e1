// The manifest of a compaction, from what it did.
#ifndef PROMFOLD_CORE_COMPACT_MAKE_MANIFEST_H_
#define PROMFOLD_CORE_COMPACT_MAKE_MANIFEST_H_

#include <string>
#include <vector>

#include "leased_files.h"
#include "manifest.h"
#include "sibling.h"
#include "target.h"

namespace promfold {

// `archives` are in directory `at` under these names after `name_prefix`. What earlier manifests of
// the target say that is gone is in it, too.
CompactionFault MakeManifest(const Target& target, int at, const std::vector<std::string>& archives,
                             const std::string& name_prefix, const LinkedNames& linked,
                             const std::vector<LeasedFile>& files, const std::string& generation,
                             Manifest* manifest);

}  // namespace promfold

#endif  // PROMFOLD_CORE_COMPACT_MAKE_MANIFEST_H_
