// What a compaction (compact/compaction.h) did to a directory that is listed, as the manifest in it
// says. Three things of a listing depend on it:
//
//   a file was folded       it is not listed any more, and not lost: an archive has its values
//   a file is to be moved   it was made while two directories changed places, and is in the old one
//                           until it is carried over
//   an archive vanished     the exchange was taken back, which the manifest says, too: the files
//   that
//                           it was made of are listed
//
// Everything is read before the names of the directory are: what is moved meanwhile is found in one
// of the two at least.
#ifndef PROMFOLD_CORE_COMPACTED_DIRECTORY_H_
#define PROMFOLD_CORE_COMPACTED_DIRECTORY_H_

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "mapping.h"
#include "pending_operation.h"

namespace promfold {

class CompactedDirectory {
 public:
  // A name that no manifest knows, in the directory that D was before.
  struct Left {
    std::string name;
    uint64_t inode;
  };

  // Of the directory that is open. `before` is what was found last; it may be null, and is the
  // answer where nothing changed. Null where the directory was never compacted. Returns 0 or an
  // errno, where it cannot be told: what was folded would be taken for lost.
  static int Look(int directory, std::shared_ptr<const CompactedDirectory> before,
                  PendingOperation* pending, std::shared_ptr<const CompactedDirectory>* found);

  // When a file of this name and identity was folded last, so that an archive has its values, in
  // seconds since 1970. 0: never, as far as the manifest tells. Inode numbers are used again: one
  // that was listed after that time is another file.
  int64_t FoldedAt(std::string_view name, const FileIdentity& identity) const;

  const std::vector<Left>& left() const { return left_; }

 private:
  struct Gone {
    uint64_t hash;  // of name and identity
    int64_t seconds;

    auto operator<=>(const Gone&) const = default;
  };

  std::vector<Gone> gone_;  // in order
  std::vector<Left> left_;
  // The directory that it was before is gone: nothing changes any more.
  bool is_settled_ = true;
  // Of the manifest; inode 0 where there is none.
  FileIdentity manifest_;
  int64_t changed_ns_ = 0;
};

}  // namespace promfold

#endif  // PROMFOLD_CORE_COMPACTED_DIRECTORY_H_
