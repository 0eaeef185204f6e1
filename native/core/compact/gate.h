// Keeps readers out for the moment from an exchange until what the old directory got just before it
// is carried over: a file that a process made there is not in the new one yet, and a reader would
// not notice.
//
// A gate is a metric file of the new directory. While it is closed, whoever opens it waits in
// open(), since we have a write lease. It is opened by making it a file that no client reads, and
// by removing its name: then who waited, and who listed the name and comes later, gets an error
// instead of a number. If we are killed the kernel gives up the lease, and it is a metric file
// without entries.
#ifndef PROMFOLD_CORE_COMPACT_GATE_H_
#define PROMFOLD_CORE_COMPACT_GATE_H_

#include <sys/stat.h>

#include <string>

#include "new_file.h"
#include "step.h"

namespace promfold {

class Gate {
 public:
  // Makes one, closed, where no reader sees it yet. `like` is of a directory: whose owner it gets.
  CompactionFault Close(int directory, const std::string& generation, const struct stat& like);
  // Does nothing where it is open.
  CompactionFault Open();

 private:
  int directory_ = -1;
  NewFile file_;
};

// Removes those that nobody opened since we were killed. REQUIRES: the directory is locked.
CompactionFault RemoveGates(int directory);

}  // namespace promfold

#endif  // PROMFOLD_CORE_COMPACT_GATE_H_
