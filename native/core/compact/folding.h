// From the files that a compaction takes to its archives: which file goes into which, their bytes,
// and that the files which stay give the same totals with them.
#ifndef PROMFOLD_CORE_COMPACT_FOLDING_H_
#define PROMFOLD_CORE_COMPACT_FOLDING_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "../scratch.h"
#include "archive.h"
#include "compaction.h"
#include "entries.h"
#include "leased_files.h"
#include "new_file.h"

namespace promfold {

class Folding {
 public:
  // `request` outlives this.
  Folding(const CompactionRequest& request, const std::string& generation)
      : request_(request), generation_(generation) {}

  // Reads the files that are folded. Those that cannot be are taken out, and kept.
  void Read(std::vector<LeasedFile>* files, CompactionOutcome* outcome);

  // Makes the archives' files, under their names after `name_prefix`, and writes them to the disk.
  CompactionFault Write(int directory, const std::string& name_prefix);

  // Reads the files that stay, of those that were listed, as they are now, and settles what depends
  // on them (ArchiveKind::Settle); writes what that changes. `before` and `after` are the directory
  // before and after it is compacted, in its own order. Where an archive would not give the same,
  // its files are taken out, and kept; then nothing was written, and *is_settled is false.
  CompactionFault Settle(int directory, const std::vector<NamedEntry>& before,
                         const std::vector<std::string>& after, std::vector<LeasedFile>* files,
                         CompactionOutcome* outcome, bool* is_settled);

  // The names of the archives, and what they are of outcome.
  std::vector<std::string> Names() const;
  CompactionFault Describe(std::vector<MadeArchive>* archives) const;
  // Where they are not written: what they would be.
  std::vector<MadeArchive> Foretell();

 private:
  struct OpenArchive {
    ArchiveKey key;
    ArchiveKind* kind;
    size_t index;  // in kind
    mode_t mode;
    NewFile file;
    std::vector<double> written;

    Archive& content() const { return kind->archives()[index]; }
  };

  OpenArchive* ArchiveOf(const LeasedFile& file);
  bool ReadOne(LeasedFile* file, KeptReason* reason);
  void ReadStaying(int directory, const std::vector<NamedEntry>& entries,
                   const std::vector<LeasedFile>& files);
  CompactionFault WriteChanged(OpenArchive* archive);

  const CompactionRequest& request_;
  const std::string generation_;
  std::map<std::string, ArchiveKind, std::less<>> kind_;  // by prefix
  std::vector<OpenArchive> archive_;
  Scratch scratch_;
};

}  // namespace promfold

#endif  // PROMFOLD_CORE_COMPACT_FOLDING_H_
