// A file that is made here and must not have been there before.
#ifndef PROMFOLD_CORE_COMPACT_NEW_FILE_H_
#define PROMFOLD_CORE_COMPACT_NEW_FILE_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "../mapping.h"
#include "step.h"

namespace promfold {

// The path of a fault is the name. Until SetMode it is for its owner alone.
class NewFile {
 public:
  CompactionFault Create(int directory, const std::string& name);
  CompactionFault Write(std::string_view bytes, uint64_t offset);
  CompactionFault Extend(uint64_t bytes);
  CompactionFault SetOwner(uid_t owner, gid_t group);
  CompactionFault SetMode(mode_t mode);
  CompactionFault Sync();

  int number() const { return file_.number(); }
  const std::string& name() const { return name_; }

 private:
  CompactionFault Unless(bool is_done, CompactionStep step) const;

  std::string name_;
  Descriptor file_;
};

}  // namespace promfold

#endif  // PROMFOLD_CORE_COMPACT_NEW_FILE_H_
