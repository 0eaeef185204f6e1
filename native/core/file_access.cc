#include "file_access.h"

#include <sys/statfs.h>

#include <utility>

#include "file_system.h"

namespace promfold {

// One question, and its answer.
class FileJob : public BlockingJob {
 public:
  FileJob(std::shared_ptr<const OpenedDirectory> directory, std::string name, bool is_stamped,
          Question question, uint64_t device, uint64_t max_used)
      : BlockingJob(device),
        directory_(std::move(directory)),
        name_(std::move(name)),
        is_stamped_(is_stamped),
        question_(question),
        max_used_(max_used) {}

  void Run() override {
    found_ = FindFile(directory_->descriptor.number(), name_.c_str(), directory_->owner);
    if (question_ == Question::kStatus) {
      found_.descriptor = Descriptor();
      return;
    }
    if (found_.fault.ok()) found_ = OpenFound(found_);
    bool is_local = false;
    struct statfs file_system;
    if (found_.descriptor && fstatfs(found_.descriptor.number(), &file_system) == 0) {
      is_local = IsLocal(file_system);
    }
    if (question_ == Question::kOpen) {
      if (!is_local) found_.descriptor = Descriptor();
      return;
    }
    device_found_ = found_.has_status ? IdentityOf(found_.status).device : 0;
    reading_ = ReadFile(std::move(found_), is_stamped_, &scratch_, max_used_);
    // Here and not by who takes the answer: to close a file may take its file system's consent.
    if (!is_local) reading_.descriptor = Descriptor();
  }

  size_t bytes() const override { return scratch_.file.capacity() * sizeof(double); }

  Question question() const { return question_; }
  uint64_t device_found() const {
    return found_.has_status ? IdentityOf(found_.status).device : device_found_;
  }
  FoundFile TakeFound() { return std::move(found_); }
  Reading TakeReading(Scratch* scratch) {
    std::swap(scratch->file, scratch_.file);
    return std::move(reading_);
  }

 private:
  const std::shared_ptr<const OpenedDirectory> directory_;
  const std::string name_;
  const bool is_stamped_;
  const Question question_;
  const uint64_t max_used_;
  FoundFile found_;
  uint64_t device_found_ = 0;
  Reading reading_;
  Scratch scratch_;
};

FileAccess::~FileAccess() = default;

void FileAccess::SetDirectory(std::shared_ptr<const OpenedDirectory> directory) {
  directory_ = std::move(directory);
}

FileName FileAccess::Named(std::string_view name, bool is_regular) const {
  FileName named(name, is_regular && directory_->is_local && CanOpenPlain());
  // Where a link leads is not known.
  if (is_regular) named.device_ = directory_->device;
  return named;
}

void FileAccess::AskAhead(const Asked& questions) {
  EndAhead();
  std::vector<std::shared_ptr<BlockingJob>> jobs;
  for (const auto& [name, question] : questions) {
    if (name->lost_ && !name->lost_->is_over()) continue;
    ahead_job_.push_back(MakeJob(*name, question));
    ahead_name_.push_back(name);
    name->ahead_ = ahead_job_.size();
    jobs.push_back(ahead_job_.back());
  }
  if (!jobs.empty()) ahead_ = std::make_unique<BlockingJobs>(std::move(jobs), timeouts_, &clock_);
}

void FileAccess::EndAhead() {
  for (FileName* const name : ahead_name_) name->ahead_ = 0;
  ahead_name_.clear();
  ahead_job_.clear();
  ahead_.reset();
}

std::shared_ptr<FileJob> FileAccess::MakeJob(const FileName& name, Question question) const {
  return std::make_shared<FileJob>(directory_, name.text_, name.is_stamped_, question, name.device_,
                                   max_used_);
}

std::shared_ptr<FileJob> FileAccess::Ask(FileName* name, Question question, Fault* fault) {
  if (name->lost_ && !name->lost_->is_over()) {
    *fault = {Found::kNoAnswer};
    return nullptr;
  }
  name->lost_.reset();
  const size_t ahead = std::exchange(name->ahead_, 0);
  std::shared_ptr<FileJob> job;
  BlockingJobs::Outcome outcome;
  if (ahead > 0 && ahead_job_[ahead - 1]->question() == question) {
    job = std::move(ahead_job_[ahead - 1]);
    outcome = ahead_->Wait(ahead - 1);
  } else {
    job = MakeJob(*name, question);
    outcome = BlockingJobs({job}, timeouts_, &clock_).Wait(0);
  }
  switch (outcome) {
    case BlockingJobs::Outcome::kDone:
      if (job->device_found() != 0) name->device_ = job->device_found();
      return job;
    case BlockingJobs::Outcome::kLost:
      name->lost_ = std::move(job);
      *fault = {Found::kNoAnswer};
      return nullptr;
    case BlockingJobs::Outcome::kSkipped:
      *fault = {Found::kNotTried};
      return nullptr;
  }
  return nullptr;
}

Reading FileAccess::Read(FileName* name, Scratch* scratch) {
  if (name->is_plain_) {
    std::optional<FoundFile> opened =
        OpenPlain(directory_->descriptor.number(), name->text_.c_str(), How::kToRead);
    if (opened) return ReadFile(std::move(*opened), name->is_stamped_, scratch, max_used_);
    name->is_plain_ = false;
  }
  Reading reading;
  const std::shared_ptr<FileJob> job = Ask(name, Question::kRead, &reading.fault);
  return job == nullptr ? std::move(reading) : job->TakeReading(scratch);
}

FoundFile FileAccess::Status(FileName* name) {
  return AskForFile(name, Question::kStatus, How::kToLook);
}

FoundFile FileAccess::Open(FileName* name) {
  return AskForFile(name, Question::kOpen, How::kToRead);
}

FoundFile FileAccess::AskForFile(FileName* name, Question question, How how) {
  if (name->is_plain_) {
    std::optional<FoundFile> found =
        OpenPlain(directory_->descriptor.number(), name->text_.c_str(), how);
    if (found) return std::move(*found);
    name->is_plain_ = false;
  }
  FoundFile none;
  const std::shared_ptr<FileJob> job = Ask(name, question, &none.fault);
  return job == nullptr ? std::move(none) : job->TakeFound();
}

}  // namespace promfold
