// A directory that tests compact: in one of its own, where the compaction makes another.
#ifndef PROMFOLD_TEST_COMPACTION_DIRECTORY_H_
#define PROMFOLD_TEST_COMPACTION_DIRECTORY_H_

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "core/compact/compaction.h"
#include "writer.h"

namespace promfold::test {

class CompactionDirectory {
 public:
  explicit CompactionDirectory(bool in_memory = true);
  // In this one, which stays; there may be one in it already.
  enum IsThere { kIsNew, kIsThere };
  explicit CompactionDirectory(const std::string& parent, IsThere is_there = kIsNew);

  std::string path() const { return parent_path_ + "/d"; }
  std::string Path(const std::string& name) const { return path() + "/" + name; }
  const TemporaryDirectory& parent() const { return parent_; }

  // A file of a dead process: a new one, which is part of Request.
  void Dead(const std::string& name, const std::vector<Written>& entries);
  // One that is there becomes part of Request.
  void Found(const std::string& name) { dead_.push_back(name); }
  void Living(const std::string& name, const std::vector<Written>& entries) const;
  void Write(const std::string& path, const std::string& bytes) const;

  // All that was given by Dead, in groups by what they are called.
  CompactionRequest Request() const;
  CompactionOutcome Compact(std::function<void(CompactionStage)> at_stage = {},
                            bool readers_stopped = false) const;

  // The sum of a key over all metric files that begin so, in sorted order; -1: a file cannot be
  // read.
  double Total(const std::string& prefix, const std::string& key) const;
  // In order.
  std::vector<std::string> Names() const;
  std::vector<std::string> SiblingNames() const;
  bool Has(const std::string& name) const;
  uint64_t InodeOf(const std::string& name) const;

 private:
  TemporaryDirectory parent_;
  std::string parent_path_;
  std::vector<std::string> dead_;
};

// Adds to the value of a file's only entry, as its process does: opens it for writing, which waits
// as long as a lease is held. Returns false where there is no such file.
bool Increment(const std::string& path, const std::string& key, double more);

// Increment on a thread of its own.
class Reopening {
 public:
  // Returns when it waits for the lease, or is done. Once: a moment may come again, when it is
  // tried again.
  void Start(const std::string& path, double more);
  // What Increment returned.
  bool Join();

 private:
  std::thread thread_;
  std::atomic<bool> found_ = false;
  std::atomic<bool> is_done_ = false;
};

// Runs it in a process of its own. Returns what that ended with.
int InChild(const std::function<int()>& run);

}  // namespace promfold::test

#endif  // PROMFOLD_TEST_COMPACTION_DIRECTORY_H_
