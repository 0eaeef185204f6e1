#include "folding.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <climits>
#include <set>
#include <unordered_set>
#include <utility>

#include "../metric_file_name.h"
#include "../open_file.h"
#include "../read_file.h"
#include "names.h"

namespace promfold {

namespace {

// The rest of an archive is a hole.
constexpr size_t kPageBytes = 4096;

// The file's bytes up to format.end are at the beginning of `scratch`.
std::span<const std::byte> BytesOf(const Reading& reading, Scratch* scratch) {
  return {scratch->FileBytes(0), std::max(reading.format.end, kHeaderBytes)};
}

}  // namespace

Folding::OpenArchive* Folding::ArchiveOf(const LeasedFile& file) {
  const ArchiveKey key = ArchiveKeyOf(file);
  for (OpenArchive& archive : archive_) {
    if (archive.key == key) return &archive;
  }
  const ArchiveGroup& group = request_.groups[static_cast<uint32_t>(file.group)];
  const auto found = kind_.try_emplace(group.prefix, group.operation, &request_.same_series).first;
  ArchiveKind* const kind = &found->second;
  const auto nth = static_cast<uint32_t>(kind->archives().size() + 1);
  OpenArchive archive;
  archive.key = key;
  archive.kind = kind;
  archive.index = kind->AddArchive(ArchiveName(group.prefix, generation_, nth), group.value_bytes);
  archive.mode = file.status.st_mode & 07777;
  archive_.push_back(std::move(archive));
  return &archive_.back();
}

bool Folding::ReadOne(LeasedFile* file, KeptReason* reason) {
  const ArchiveGroup& group = request_.groups[static_cast<uint32_t>(file->group)];
  FoundFile found;
  found.has_status = true;
  found.status = file->status;
  found.descriptor = std::move(file->descriptor);
  Reading reading =
      ReadFile(std::move(found), group.operation == Operation::kMostRecent, &scratch_);
  file->descriptor = std::move(reading.descriptor);
  *reason = KeptReason::kDamaged;
  if (ContentChecksum(file->descriptor.number(), &file->checksum) != 0) return false;
  // What was never finished holds nothing: it needs no archive.
  const bool is_empty = reading.fault.code() == FaultCode::kEmpty;
  if (!reading.fault.ok() && !is_empty) return false;
  if (is_empty) reading.format = {0, kHeaderBytes, 0};
  file->is_empty = reading.format.entries == 0;
  *reason = KeptReason::kOtherWidth;
  if (reading.format.entries > 0 && reading.format.value_bytes != group.value_bytes) return false;
  OpenArchive* const archive = ArchiveOf(*file);
  archive->mode &= file->status.st_mode;
  const std::span<const std::byte> bytes =
      is_empty ? std::span<const std::byte>() : BytesOf(reading, &scratch_);
  archive->kind->AddFolded(file->name, archive->index, bytes, reading.format);
  return true;
}

void Folding::Read(std::vector<LeasedFile>* files, CompactionOutcome* outcome) {
  std::erase_if(*files, [&](LeasedFile& file) {
    KeptReason reason = KeptReason::kDamaged;
    if (file.group == kRemove || ReadOne(&file, &reason)) return false;
    outcome->kept.push_back({file.name, reason});
    return true;
  });
  for (auto& [prefix, kind] : kind_) kind.Join();
  std::erase_if(archive_, [](const OpenArchive& archive) { return archive.content().key.empty(); });
}

CompactionFault Folding::Write(int directory, const std::string& name_prefix) {
  for (OpenArchive& archive : archive_) {
    Archive& content = archive.content();
    const std::string bytes = content.Bytes(archive.kind->keys());
    if (bytes.size() > INT32_MAX) return {CompactionStep::kTooLarge, content.name};
    archive.written = content.entries.value;
    CompactionFault fault = archive.file.Create(directory, name_prefix + content.name);
    if (fault.ok()) fault = archive.file.Write(bytes, 0);
    if (fault.ok()) fault = archive.file.Extend(CapacityFor(bytes.size()));
    if (fault.ok()) fault = archive.file.SetOwner(archive.key.owner, archive.key.owner_group);
    if (fault.ok()) fault = archive.file.SetMode(archive.mode);
    if (fault.ok()) fault = archive.file.Sync();
    if (!fault.ok()) return fault;
  }
  return {};
}

void Folding::ReadStaying(int directory, const std::vector<NamedEntry>& entries,
                          const std::vector<LeasedFile>& files) {
  std::unordered_set<std::string_view> taken;
  for (const LeasedFile& file : files) taken.insert(file.name);
  for (const NamedEntry& entry : entries) {
    if (!IsMetricFileName(entry.name) || taken.contains(entry.name)) continue;
    const auto kind = kind_.find(PrefixOf(entry.name));
    if (kind == kind_.end()) continue;
    // A link may lead to where reading hangs.
    std::optional<FoundFile> found = OpenUnlessLink(directory, entry.name.c_str());
    if (!found || !found->fault.ok()) continue;
    const bool is_stamped = kind->second.operation() == Operation::kMostRecent;
    const Reading reading = ReadFile(std::move(*found), is_stamped, &scratch_);
    if (!reading.fault.ok()) continue;
    kind->second.SetStaying(entry.name, BytesOf(reading, &scratch_), reading.format);
  }
}

CompactionFault Folding::WriteChanged(OpenArchive* archive) {
  const Archive& content = archive->content();
  bool is_changed = false;
  for (size_t i = 0; i < archive->written.size(); ++i) {
    const double value = content.entries.value[i];
    if (std::bit_cast<uint64_t>(value) == std::bit_cast<uint64_t>(archive->written[i])) continue;
    const std::string_view bytes(reinterpret_cast<const char*>(&content.entries.value[i]),
                                 sizeof value);
    const CompactionFault fault = archive->file.Write(bytes, content.value_offset[i]);
    if (!fault.ok()) return fault;
    archive->written[i] = value;
    is_changed = true;
  }
  return is_changed ? archive->file.Sync() : CompactionFault();
}

CompactionFault Folding::Settle(int directory, const std::vector<NamedEntry>& before,
                                const std::vector<std::string>& after,
                                std::vector<LeasedFile>* files, CompactionOutcome* outcome,
                                bool* is_settled) {
  ReadStaying(directory, before, *files);
  std::set<ArchiveKey> unfit;
  uint32_t rounded_sums = 0;
  for (auto& [prefix, kind] : kind_) {
    // As the directory lists them, which is Python's order; and sorted.
    std::vector<ArchiveKind::Order> orders(1);
    for (const NamedEntry& entry : before) {
      if (PrefixOf(entry.name) == prefix) orders[0].before.push_back(entry.name);
    }
    for (const std::string& name : after) {
      if (PrefixOf(name) == prefix) orders[0].after.push_back(name);
    }
    orders.push_back(orders[0]);
    std::sort(orders[1].before.begin(), orders[1].before.end());
    std::sort(orders[1].after.begin(), orders[1].after.end());
    uint32_t rounded = 0;
    for (const size_t index : kind.Settle(orders, &rounded)) {
      for (const OpenArchive& archive : archive_) {
        if (archive.kind == &kind && archive.index == index) unfit.insert(archive.key);
      }
    }
    rounded_sums += rounded;
  }
  *is_settled = unfit.empty();
  outcome->rounded = rounded_sums;
  if (!*is_settled) {
    std::erase_if(*files, [&](const LeasedFile& file) {
      if (!unfit.contains(ArchiveKeyOf(file))) return false;
      outcome->kept.push_back({file.name, KeptReason::kOrderMatters});
      return true;
    });
    return {};
  }
  for (OpenArchive& archive : archive_) {
    const CompactionFault fault = WriteChanged(&archive);
    if (!fault.ok()) return fault;
  }
  return {};
}

std::vector<std::string> Folding::Names() const {
  std::vector<std::string> names;
  for (const OpenArchive& archive : archive_) names.push_back(archive.content().name);
  return names;
}

CompactionFault Folding::Describe(std::vector<MadeArchive>* archives) const {
  for (const OpenArchive& archive : archive_) {
    struct stat status;
    if (fstat(archive.file.number(), &status) != 0) {
      return {CompactionStep::kWrite, archive.content().name, errno};
    }
    archives->push_back({archive.content().name,
                         static_cast<uint32_t>(archive.content().entries.slot.size()),
                         int64_t{status.st_blocks} * 512});
  }
  return {};
}

std::vector<MadeArchive> Folding::Foretell() {
  std::vector<MadeArchive> archives;
  for (OpenArchive& archive : archive_) {
    Archive& content = archive.content();
    const size_t bytes = content.Bytes(archive.kind->keys()).size();
    const size_t pages = (bytes + kPageBytes - 1) / kPageBytes;
    archives.push_back({content.name, static_cast<uint32_t>(content.entries.slot.size()),
                        static_cast<int64_t>(pages * kPageBytes)});
  }
  return archives;
}

}  // namespace promfold
