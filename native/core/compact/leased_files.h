// The files that a compaction takes: those that were asked for, are the same still, and that
// nothing has open for writing.
#ifndef PROMFOLD_CORE_COMPACT_LEASED_FILES_H_
#define PROMFOLD_CORE_COMPACT_LEASED_FILES_H_

#include <sys/stat.h>

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "../mapping.h"
#include "compaction.h"
#include "entries.h"

namespace promfold {

struct LeasedFile {
  std::string name;
  int32_t group;
  Descriptor descriptor;
  struct stat status;
  uint32_t checksum = 0;  // of one that is folded, as it was folded
  bool is_empty = false;  // one that is folded, and has no entries
};

// Files of which this is the same become one archive: whoever may not read one of them must not
// read it there.
struct ArchiveKey {
  int32_t group;
  uid_t owner;
  gid_t owner_group;

  auto operator<=>(const ArchiveKey&) const = default;
};
ArchiveKey ArchiveKeyOf(const LeasedFile& file);

// Of the bytes that count. Returns 0 or an errno.
int ContentChecksum(int descriptor, uint32_t* checksum);

// Takes as many as there are descriptors and memory for, in the order of their names; the rest is
// outcome->remaining, and what is kept is in outcome->kept.
CompactionFault LeaseFiles(const CompactionRequest& request, int directory,
                           std::vector<LeasedFile>* files, CompactionOutcome* outcome);

// Takes out archives that would become one alone, which says the same; those are kept.
void KeepLoneArchives(std::vector<LeasedFile>* files, CompactionOutcome* outcome);

// Takes out those that were opened for writing since, or that are not under their names in the
// directory any more; those are kept. Returns whether there were any.
bool DropReopened(int directory, std::vector<LeasedFile>* files, CompactionOutcome* outcome);

// Whether all of them are in this listing of their directory.
bool AreListed(const std::vector<LeasedFile>& files, const std::vector<NamedEntry>& entries);

// Whether all leases are held still.
bool HoldAll(const std::vector<LeasedFile>& files);

}  // namespace promfold

#endif  // PROMFOLD_CORE_COMPACT_LEASED_FILES_H_
