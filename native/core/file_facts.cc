#include "file_facts.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "mapping.h"
#include "open_file.h"

namespace promfold {

namespace {

// stat's unit, whatever the blocks of the file system are.
constexpr double kStatBlockBytes = 512;

}  // namespace

FileFacts FindFacts(FileList* list, FileAccess* access) {
  FileAccess::Asked asked;
  for (MetricFile* const file : list->not_plain()) {
    asked.emplace_back(file->file_name(), Question::kStatus);
  }
  access->AskAhead(asked);

  FileFacts facts;
  for (const auto& file : list->in_order()) {
    if (file->is_retained()) continue;
    const bool was_plain = file->is_plain();
    const FoundFile found = access->Status(file->file_name());
    if (file->is_plain() != was_plain) list->AddNotPlain(file.get());
    const bool is_known = found.has_status;
    const struct stat& status = found.status;
    facts.id.push_back(file->id());
    facts.used_bytes.push_back(file->is_good() ? file->used() : -1.0);
    facts.value_bytes.push_back(static_cast<uint8_t>(file->value_bytes()));
    facts.size_bytes.push_back(is_known ? static_cast<double>(status.st_size) : -1);
    facts.disk_bytes.push_back(is_known ? static_cast<double>(status.st_blocks) * kStatBlockBytes
                                        : -1);
    facts.modified_seconds.push_back(is_known ? Seconds(status.st_mtim) : 0);
    facts.changed_seconds.push_back(is_known ? ChangedSeconds(status) : 0);
    facts.device_major.push_back(is_known ? major(status.st_dev) : 0);
    facts.device_minor.push_back(is_known ? minor(status.st_dev) : 0);
    facts.inode.push_back(is_known ? status.st_ino : 0);
  }
  access->EndAhead();
  return facts;
}

}  // namespace promfold
