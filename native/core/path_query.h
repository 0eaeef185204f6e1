// What a path names, asked without Node's own threads: these may never come back, so they are
// called on a thread that may be lost (detached_thread.h). All return 0 or an errno, and set their
// result only where it is 0.
#ifndef PROMFOLD_CORE_PATH_QUERY_H_
#define PROMFOLD_CORE_PATH_QUERY_H_

#include <sys/stat.h>

#include <string>
#include <vector>

namespace promfold {

int StatPath(const std::string& path, struct stat* status);
int ReadLink(const std::string& path, std::string* text);
// Absolute, with no link in it.
int RealPath(const std::string& path, std::string* real);
// All names but `.` and `..`, in no order.
int ReadNames(const std::string& path, std::vector<std::string>* names);
// For files that say their size only by their end, as those of /proc do.
int ReadWhole(const std::string& path, std::string* bytes);

// Whether neither the directory nor any on the way to it, with and without links, is on a file
// system that may hang (file_system.h). REQUIRES: path is absolute.
int IsOnLocalFileSystems(const std::string& path, bool* is_local);

}  // namespace promfold

#endif  // PROMFOLD_CORE_PATH_QUERY_H_
