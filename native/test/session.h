// A file set as a caller drives it, with the smallest plan there is: the slot of a key is its id +
// 1, and everything sums.
#ifndef PROMFOLD_TEST_SESSION_H_
#define PROMFOLD_TEST_SESSION_H_

#include <map>
#include <string>
#include <vector>

#include "core/file_set.h"

namespace promfold::test {

class Session {
 public:
  explicit Session(const std::string& directory, uint32_t map_limit = 1000,
                   uint8_t flags = kKeepLastGood)
      : set_(directory, map_limit, flags >> kRetainedShift), flags_(flags) {
    for (uint32_t id = 0; id < flags >> kRetainedShift; ++id) name_[id] = "retained file";
  }

  // How entries of a file fold; by name, kSum for all others.
  void SetOperation(const std::string& name, Operation operation) { operation_[name] = operation; }

  // Lists, accepts, refreshes and plans. Returns what changed, one line a file:
  // `a.db good 0..3` (entries from..count), with the fault's phrase after a state that is not
  // good.
  std::string Update();
  // The same without the listing.
  std::string Refresh();
  // The same as a warm scrape does it: `collected` where nothing changed since the directory was
  // listed, and all rows were gathered and folded.
  std::string ScrapeWarm(const PrintRequest& request = {});
  // Gathers and folds; returns what changed.
  std::string Collect();
  // The joined value of a key, printed; `absent` and `unknown key` are possible.
  std::string Value(const std::string& key) const;

  // All three steps, then the value.
  std::string Scrape(const std::string& key);

  FileSet& set() { return set_; }
  uint32_t IdOf(const std::string& name) const;

 private:
  std::string Plan(const RefreshResult& result);
  std::string Describe(const std::vector<FileChange>& changes) const;

  FileSet set_;
  uint8_t flags_;
  std::map<std::string, Operation> operation_;
  std::map<uint32_t, std::string> name_;
  std::vector<std::string> key_;
};

}  // namespace promfold::test

#endif  // PROMFOLD_TEST_SESSION_H_
