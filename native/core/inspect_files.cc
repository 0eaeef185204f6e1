#include "inspect_files.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "mapping.h"
#include "open_file.h"
#include "scratch.h"

namespace promfold {

uint32_t SharedKeys::Intern(std::string_view key) {
  const std::lock_guard lock(mutex_);
  return table_.Intern(key);
}

void SharedKeys::Intern(const std::vector<std::string_view>& keys, size_t guess,
                        std::vector<uint32_t>* id) {
  const size_t guesses = id->size() - guess;
  const std::lock_guard lock(mutex_);
  for (size_t i = 0; i < keys.size(); ++i) {
    const bool is_guessed = i < guesses && table_.Text((*id)[guess + i]) == keys[i];
    id->push_back(is_guessed ? (*id)[guess + i] : table_.Intern(keys[i]));
  }
}

uint32_t SharedKeys::size() const {
  const std::lock_guard lock(mutex_);
  return table_.size();
}

KeyTexts SharedKeys::Texts(uint32_t from, uint32_t count, size_t max_bytes) const {
  const std::lock_guard lock(mutex_);
  return table_.Texts(from, count, max_bytes);
}

void InspectedFiles::AddEntries(const Inspection& inspection, SharedKeys* keys) {
  const auto append = [](const auto& from, auto* to) {
    to->insert(to->end(), from.begin(), from.end());
  };
  // Files of one program mostly have the same keys.
  const size_t last = entry_end.size() < 2 ? 0 : entry_end[entry_end.size() - 2];
  keys->Intern(inspection.key, last, &key_id);
  append(inspection.value_offset, &value_offset);
  append(inspection.value, &value);
  const auto is_set = [](double seconds) { return seconds != 0; };
  if (std::any_of(inspection.timestamp.begin(), inspection.timestamp.end(), is_set)) {
    append(inspection.timestamp, &timestamp);
  }
}

void InspectedFiles::AddFile(const Inspection& inspection) {
  if (!inspection.excerpt.empty()) {
    excerpt.push_back(
        {static_cast<uint32_t>(fault.size()), inspection.excerpt_offset, inspection.excerpt});
  }
  fault.push_back(inspection.fault);
  status.push_back(inspection.status);
  stored_used.push_back(static_cast<double>(inspection.stored_used));
  value_bytes.push_back(static_cast<uint8_t>(inspection.value_bytes));
  entry_end.push_back(static_cast<uint32_t>(value.size()));
  time_end.push_back(static_cast<uint32_t>(timestamp.size()));
}

void InspectFiles(const InspectRequest& request, SharedKeys* keys, InspectedFiles* files) {
  Descriptor directory;
  struct stat status = {};
  int error = 0;
  if (!request.directory.empty()) {
    directory = Descriptor(open(request.directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!directory || fstat(directory.number(), &status) != 0) error = errno;
  }
  Scratch scratch;
  Inspection inspection;
  for (size_t i = 0; i < request.name.size(); ++i) {
    const char* const name = request.name[i].c_str();
    const bool is_stamped = request.is_stamped[i] != 0;
    if (error != 0) {
      inspection.fault = {Found::kOpenFailed, -1, error};
    } else if (request.only_plain) {
      std::optional<FoundFile> found = OpenPlain(directory.number(), name, How::kToLook);
      if (found) {
        InspectFound(*std::move(found), is_stamped, request.keep_bytes, &scratch, &inspection);
      } else {
        inspection.Clear();
        files->left.push_back(static_cast<uint32_t>(i));
      }
    } else if (directory) {
      InspectFound(FindFile(directory.number(), name, status.st_uid), is_stamped,
                   request.keep_bytes, &scratch, &inspection);
    } else {
      InspectFile(name, is_stamped, request.keep_bytes, &scratch, &inspection);
    }
    if (!request.keep_bytes) files->AddEntries(inspection, keys);
    files->AddFile(inspection);
    scratch.Trim();
  }
}

}  // namespace promfold
