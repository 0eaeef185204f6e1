// The symbolic name of an errno value: what Node calls `code`, and what a fault's phrase ends with.
//
// glibc's strerrorname_np would do, but musl has none, and one binary ships for both.
#ifndef PROMFOLD_CORE_ERRNO_NAME_H_
#define PROMFOLD_CORE_ERRNO_NAME_H_

#include <string>

namespace promfold {

// `EACCES` for 13; `errno 523` for a number that has no name here.
std::string ErrnoName(int number);

}  // namespace promfold

#endif  // PROMFOLD_CORE_ERRNO_NAME_H_
