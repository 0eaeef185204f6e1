#include "compaction_directory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <map>
#include <utility>

#include "check.h"
#include "core/compact/entries.h"
#include "core/compact/names.h"
#include "core/file_format.h"
#include "core/inspect_file.h"
#include "core/path_query.h"

namespace promfold::test {

namespace {

int32_t GroupOf(const std::string& prefix, std::vector<ArchiveGroup>* groups) {
  static const std::map<std::string, Operation> kOperation = {
      {"counter", Operation::kSum},
      {"histogram", Operation::kSum},
      {"gauge_min", Operation::kMin},
      {"gauge_mostrecent", Operation::kMostRecent},
  };
  const auto operation = kOperation.find(prefix);
  if (operation == kOperation.end()) return kRemove;
  for (size_t i = 0; i < groups->size(); ++i) {
    if ((*groups)[i].prefix == prefix) return static_cast<int32_t>(i);
  }
  groups->push_back({prefix, operation->second, 16});
  return static_cast<int32_t>(groups->size() - 1);
}

std::vector<std::string> NamesIn(const std::string& path) {
  std::vector<NamedEntry> entries;
  const Descriptor directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  Must(directory && ListEntries(directory.number(), &entries) == 0, path);
  std::vector<std::string> names;
  for (const NamedEntry& entry : entries) names.push_back(entry.name);
  std::sort(names.begin(), names.end());
  return names;
}

// `6: LEASE  BREAKING  READ 4711 00:1a:99 0 EOF`
bool IsWaitedFor(ino_t inode) {
  std::string locks;
  CHECK_EQ(ReadWhole("/proc/locks", &locks), 0);
  const std::string number = ":" + std::to_string(inode) + " ";
  for (size_t at = 0; (at = locks.find("BREAKING", at)) != std::string::npos; ++at) {
    const std::string line = locks.substr(at, locks.find('\n', at) - at);
    if (line.find(number) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

CompactionDirectory::CompactionDirectory(const std::string& parent, IsThere is_there)
    : parent_path_(parent) {
  Must(is_there == kIsThere || mkdir(path().c_str(), 0755) == 0, path());
}

CompactionDirectory::CompactionDirectory(bool in_memory)
    : parent_(in_memory), parent_path_(parent_.path()) {
  Must(mkdir(path().c_str(), 0755) == 0, path());
}

void CompactionDirectory::Write(const std::string& path, const std::string& bytes) const {
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  Must(file >= 0, path);
  Must(write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()), path);
  Must(ftruncate(file, 65536) == 0, path);
  close(file);
}

void CompactionDirectory::Dead(const std::string& name, const std::vector<Written>& entries) {
  Living(name, entries);
  dead_.push_back(name);
}

void CompactionDirectory::Living(const std::string& name,
                                 const std::vector<Written>& entries) const {
  Write(Path(name), FileOf(entries));
}

CompactionRequest CompactionDirectory::Request() const {
  CompactionRequest request;
  request.directory = path();
  for (const std::string& name : dead_) {
    struct stat status;
    if (lstat(Path(name).c_str(), &status) != 0) continue;
    request.files.push_back(
        {name, IdentityOf(status), GroupOf(std::string(PrefixOf(name)), &request.groups)});
  }
  return request;
}

CompactionOutcome CompactionDirectory::Compact(std::function<void(CompactionStage)> at_stage,
                                               bool readers_stopped) const {
  CompactionRequest request = Request();
  request.at_stage = std::move(at_stage);
  request.readers_stopped = readers_stopped;
  return promfold::Compact(request);
}

double CompactionDirectory::Total(const std::string& prefix, const std::string& key) const {
  double total = 0;
  Scratch scratch;
  for (const std::string& name : Names()) {
    if (PrefixOf(name) != prefix || !name.ends_with(".db")) continue;
    Inspection inspection;
    InspectFile(Path(name).c_str(), false, false, &scratch, &inspection);
    if (!inspection.fault.ok()) return -1;
    for (size_t i = 0; i < inspection.key.size(); ++i) {
      if (inspection.key[i] == key) total += inspection.value[i];
    }
  }
  return total;
}

std::vector<std::string> CompactionDirectory::Names() const { return NamesIn(path()); }

std::vector<std::string> CompactionDirectory::SiblingNames() const {
  std::vector<std::string> names = NamesIn(parent_path_);
  std::erase(names, "d");
  return names;
}

bool CompactionDirectory::Has(const std::string& name) const {
  struct stat status;
  return lstat(Path(name).c_str(), &status) == 0;
}

uint64_t CompactionDirectory::InodeOf(const std::string& name) const {
  struct stat status;
  return lstat(Path(name).c_str(), &status) == 0 ? static_cast<uint64_t>(status.st_ino) : 0;
}

bool Increment(const std::string& path, const std::string& key, double more) {
  const int file = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0) return false;
  constexpr size_t kBytes = 4096;
  void* const memory = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  Must(memory != MAP_FAILED, path);
  char* const bytes = static_cast<char*>(memory);
  int32_t used = 0;
  std::memcpy(&used, bytes, sizeof used);
  uint32_t cursor = kHeaderBytes;
  Entry entry;
  while (cursor < static_cast<uint32_t>(used) &&
         NextEntry({reinterpret_cast<std::byte*>(bytes), kBytes}, static_cast<uint32_t>(used), 16,
                   &cursor, &entry)
             .ok()) {
    if (entry.key != key) continue;
    double value = 0;
    std::memcpy(&value, bytes + entry.value_offset, sizeof value);
    value += more;
    std::memcpy(bytes + entry.value_offset, &value, sizeof value);
  }
  munmap(memory, kBytes);
  close(file);
  return true;
}

void Reopening::Start(const std::string& path, double more) {
  if (thread_.joinable()) return;
  struct stat status;
  CHECK_EQ(stat(path.c_str(), &status), 0);
  thread_ = std::thread([this, path, more] {
    found_ = Increment(path, "c", more);
    is_done_ = true;
  });
  while (!is_done_ && !IsWaitedFor(status.st_ino)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

bool Reopening::Join() {
  thread_.join();
  return found_;
}

int InChild(const std::function<int()>& run) {
  std::fflush(nullptr);
  const pid_t child = fork();
  Must(child >= 0, "fork");
  if (child == 0) _exit(run());
  int status = 0;
  Must(waitpid(child, &status, 0) == child, "waitpid");
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace promfold::test
