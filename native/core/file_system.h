// Which file systems answer by themselves, without another host or process.
//
// Only on those is a file mapped: a page of another one may have to come from a server that is
// gone, and the thread that touches it would wait for ever. It is a list of what is known to be
// local, so that what is not known counts as remote. FUSE is remote: its server is a process.
#ifndef PROMFOLD_CORE_FILE_SYSTEM_H_
#define PROMFOLD_CORE_FILE_SYSTEM_H_

#include <sys/statfs.h>

namespace promfold {

// By fstatfs or statfs, which may themselves never come back.
bool IsLocal(const struct statfs& status);
bool IsOverlay(const struct statfs& status);

}  // namespace promfold

#endif  // PROMFOLD_CORE_FILE_SYSTEM_H_
