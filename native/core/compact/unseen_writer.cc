#include "unseen_writer.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string_view>
#include <thread>

#include "../directory_stream.h"
#include "../mapping.h"
#include "../path_query.h"
#include "lease.h"

namespace promfold {

namespace {

constexpr int kMaxLooks = 4;
constexpr std::chrono::milliseconds kBetweenLooks{25};

// Files that are open for writing, by inode.
using OpenFiles = std::map<uint64_t, std::string>;

OpenFiles FindOpenFiles(int directory, const std::vector<NamedEntry>& entries) {
  OpenFiles open_files;
  for (const NamedEntry& entry : entries) {
    if (!entry.name.ends_with(".db")) continue;
    const Descriptor file(
        openat(directory, entry.name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat status;
    if (!file || fstat(file.number(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    // Closed, it is given up.
    if (TakeLease(file.number()) != EAGAIN) continue;
    open_files[static_cast<uint64_t>(status.st_ino)] = entry.name;
  }
  return open_files;
}

std::string_view NextField(std::string_view* line) {
  const size_t start = std::min(line->find_first_not_of(' '), line->size());
  line->remove_prefix(start);
  const size_t end = std::min(line->find(' '), line->size());
  const std::string_view field = line->substr(0, end);
  line->remove_prefix(end);
  return field;
}

// A file that is open since before a compaction has its path in the directory that was deleted.
bool EndsInName(std::string_view path, const std::string& name) {
  constexpr std::string_view kDeleted = " (deleted)";
  if (path.ends_with(kDeleted)) path.remove_suffix(kDeleted.size());
  return path.ends_with(name) && path.size() > name.size() &&
         path[path.size() - name.size() - 1] == '/';
}

// Takes out the files that a line of /proc/PID/maps has, shared and for writing. The device of a
// file is not always that which stat has: the name tells enough.
void TakeMapped(std::string_view line, OpenFiles* open_files) {
  NextField(&line);
  const std::string_view permissions = NextField(&line);
  if (permissions.size() < 4 || permissions[1] != 'w' || permissions[3] != 's') return;
  NextField(&line);
  NextField(&line);
  const std::string_view number = NextField(&line);
  uint64_t inode = 0;
  std::from_chars(number.data(), number.data() + number.size(), inode);
  const auto found = open_files->find(inode);
  if (found != open_files->end() && EndsInName(line, found->second)) open_files->erase(found);
}

void TakeMappedBy(const std::string& folder, OpenFiles* open_files) {
  std::string text;
  if (ReadWhole(folder + "/maps", &text) != 0) return;
  std::string_view left = text;
  while (!left.empty() && !open_files->empty()) {
    const size_t end = std::min(left.find('\n'), left.size());
    TakeMapped(left.substr(0, end), open_files);
    left.remove_prefix(std::min(end + 1, left.size()));
  }
}

void TakeOpenIn(const std::string& folder, OpenFiles* open_files) {
  std::vector<std::string> numbers;
  if (ReadNames(folder + "/fd", &numbers) != 0) return;
  for (const std::string& number : numbers) {
    std::string path;
    if (ReadLink(folder + "/fd/" + number, &path) != 0) continue;
    for (auto at = open_files->begin(); at != open_files->end();) {
      at = EndsInName(path, at->second) ? open_files->erase(at) : std::next(at);
    }
  }
}

void TakeSeen(const std::string& proc, OpenFiles* open_files) {
  std::vector<std::string> processes;
  if (ReadNames(proc, &processes) != 0) return;
  std::erase_if(processes, [](const std::string& name) { return std::atoi(name.c_str()) <= 0; });
  for (const auto& take : {TakeMappedBy, TakeOpenIn}) {
    for (const std::string& process : processes) {
      if (open_files->empty()) return;
      take(proc + "/" + process, open_files);
    }
  }
}

}  // namespace

CompactionFault FindUnseenWriter(int directory, const std::string& path,
                                 const std::vector<NamedEntry>& entries, const std::string& proc) {
  OpenFiles open_files;
  for (int look = 0; look < kMaxLooks; ++look) {
    if (look > 0) std::this_thread::sleep_for(kBetweenLooks);
    open_files = FindOpenFiles(directory, entries);
    if (open_files.empty()) return {};
    TakeSeen(proc, &open_files);
    if (open_files.empty()) return {};
  }
  return {CompactionStep::kUnseenWriter, path + "/" + open_files.begin()->second};
}

}  // namespace promfold
