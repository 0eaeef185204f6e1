// Opens and reads the files of a directory by name, so that none of them can hang the caller.
//
//   what the name is                        how
//   a plain file of a local directory       here and now: the kernel promises not to leave the
//                                           directory's own file system (OpenPlain)
//   a link, a mount point, a directory on   on a thread that may be lost, read there if it is not
//   another file system                     on a local file system (blocking_jobs.h)
//
// A file that does not answer stays bound to the thread that waits for it. Until that thread
// returns the file is not asked for again: each question fails at once.
#ifndef PROMFOLD_CORE_FILE_ACCESS_H_
#define PROMFOLD_CORE_FILE_ACCESS_H_

#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "blocking_jobs.h"
#include "directory.h"
#include "open_file.h"
#include "read_file.h"
#include "scratch.h"

namespace promfold {

// What is asked of a name.
enum class Question : uint8_t { kStatus, kOpen, kRead };

class FileJob;

// A name in the directory, and what is known of it.
class FileName {
 public:
  FileName(std::string_view name, bool is_plain) : text_(name), is_plain_(is_plain) {}

  const std::string& text() const { return text_; }
  // Neither a link nor a mount point was found there so far.
  bool is_plain() const { return is_plain_; }
  // Files of the name have 16-byte values (file_format.h).
  void SetStamped(bool is_stamped) { is_stamped_ = is_stamped; }

 private:
  friend class FileAccess;
  std::string text_;
  bool is_plain_;
  bool is_stamped_ = false;
  uint64_t device_ = 0;            // that the file is on; 0: unknown
  size_t ahead_ = 0;               // of what was asked ahead, counted from 1; 0: nothing was
  std::shared_ptr<FileJob> lost_;  // has not come back
};

class FileAccess {
 public:
  explicit FileAccess(const Timeouts& timeouts = {}) : timeouts_(timeouts) {}
  ~FileAccess();

  // No file is read whose `used` is beyond.
  void SetMaxUsed(uint64_t bytes) { max_used_ = bytes; }
  void SetDirectory(std::shared_ptr<const OpenedDirectory> directory);
  // Null before the first one was set.
  const std::shared_ptr<const OpenedDirectory>& directory() const { return directory_; }
  // A name as it was listed.
  FileName Named(std::string_view name, bool is_regular) const;

  // A pass over the files begins: what it waits for counts from here.
  void BeginPass() { clock_.Reset(); }
  // What will be asked of these names, in this order; they are not plain files. Until EndAhead they
  // outlive this, and one thread asks.
  using Asked = std::vector<std::pair<FileName*, Question>>;
  void AskAhead(const Asked& questions);
  void EndAhead();

  // On an error the fault says why. May be called by two threads at once, for two names.
  Reading Read(FileName* name, Scratch* scratch);
  FoundFile Status(FileName* name);
  // For mapping it: there is no descriptor where the file is not on a local file system.
  FoundFile Open(FileName* name);

 private:
  // Null where there is no answer; *fault says why.
  std::shared_ptr<FileJob> Ask(FileName* name, Question question, Fault* fault);
  std::shared_ptr<FileJob> MakeJob(const FileName& name, Question question) const;
  FoundFile AskForFile(FileName* name, Question question, How how);

  const Timeouts timeouts_;
  uint64_t max_used_ = UINT64_MAX;
  std::shared_ptr<const OpenedDirectory> directory_;
  StallClock clock_;
  std::vector<FileName*> ahead_name_;
  std::vector<std::shared_ptr<FileJob>> ahead_job_;
  std::unique_ptr<BlockingJobs> ahead_;
};

}  // namespace promfold

#endif  // PROMFOLD_CORE_FILE_ACCESS_H_
