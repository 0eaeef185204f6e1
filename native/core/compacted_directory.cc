#include "compacted_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdio>
#include <functional>
#include <unordered_map>
#include <utility>

#include "compact/manifest.h"
#include "compact/names.h"
#include "directory_stream.h"
#include "metric_file_name.h"

namespace promfold {

namespace {

uint64_t HashOf(std::string_view name, const FileIdentity& identity) {
  // By odd constants: device and inode are small numbers.
  return std::hash<std::string_view>()(name) + identity.inode * 0x9E3779B97F4A7C15u +
         identity.device * 0xC2B2AE3D27D4EB4Fu;
}

int64_t ChangedNs(const struct stat& status) {
  return int64_t{status.st_ctim.tv_sec} * 1'000'000'000 + status.st_ctim.tv_nsec;
}

// The name of an open directory in its parent; empty where /proc does not say it.
std::string NameOf(int directory) {
  char link[32];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
  char path[PATH_MAX];
  const ssize_t length = readlink(link, path, sizeof path);
  if (length <= 0 || length == static_cast<ssize_t>(sizeof path)) return {};
  const std::string_view text(path, static_cast<size_t>(length));
  return std::string(text.substr(text.rfind('/') + 1));
}

Descriptor OpenNextTo(int directory, const std::string& name) {
  const std::string path = "../" + name;
  return Descriptor(
      openat(directory, path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

// The directory that this one took the place of; none where there is none any more.
Descriptor OpenOld(int directory, const std::string& generation) {
  const std::string name = NameOf(directory);
  if (name.empty() || generation.empty()) return Descriptor();
  const std::string old = SiblingName(name, generation);
  Descriptor opened = OpenNextTo(directory, old);
  return opened ? std::move(opened) : OpenNextTo(directory, old + kDone);
}

using KnownInodes = std::unordered_map<std::string, uint64_t>;

KnownInodes KnownIn(const Manifest& manifest) {
  KnownInodes known;
  for (const auto* list :
       {&manifest.archive, &manifest.linked, &manifest.folded, &manifest.removed}) {
    for (const ManifestName& named : *list) known.emplace(named.name, named.inode);
  }
  return known;
}

// Metric files that are in the old directory, and not known there.
void FindLeft(Descriptor old, const Manifest& manifest,
              std::vector<CompactedDirectory::Left>* left) {
  DirectoryStream stream(fdopendir(old.number()));
  if (!stream.is_open()) return;
  old.Release();
  const KnownInodes known = KnownIn(manifest);
  while (const dirent* const entry = stream.Next()) {
    std::string name(entry->d_name);
    if (!IsMetricFileName(name) || IsGateName(name)) continue;
    const uint64_t inode = static_cast<uint64_t>(entry->d_ino);
    const auto found = known.find(name);
    if (found != known.end() && found->second == inode) continue;
    left->push_back({std::move(name), inode});
  }
}

}  // namespace

int CompactedDirectory::Look(int directory, std::shared_ptr<const CompactedDirectory> before,
                             PendingOperation* pending,
                             std::shared_ptr<const CompactedDirectory>* found) {
  *found = nullptr;
  pending->Begin();
  struct stat status = {};
  const bool has_manifest = fstatat(directory, kManifestName, &status, AT_SYMLINK_NOFOLLOW) == 0;
  if (!has_manifest && before == nullptr) return 0;
  const FileIdentity identity = has_manifest ? IdentityOf(status) : FileIdentity();
  const int64_t changed_ns = has_manifest ? ChangedNs(status) : 0;
  const bool is_same =
      before != nullptr && before->manifest_ == identity && before->changed_ns_ == changed_ns;
  // Nothing is left next to it, and nothing will be until there is another manifest.
  if (is_same && before->is_settled_) {
    *found = std::move(before);
    return 0;
  }

  auto now = std::make_shared<CompactedDirectory>();
  Manifest manifest;
  pending->Begin();
  const int error = has_manifest ? ReadManifest(directory, &manifest) : 0;
  if (error != 0) return error;
  now->manifest_ = identity;
  now->changed_ns_ = changed_ns;
  for (const GoneFile& gone : manifest.gone) {
    now->gone_.push_back({HashOf(gone.name, gone.identity), gone.seconds});
  }
  std::sort(now->gone_.begin(), now->gone_.end());

  pending->Begin();
  Descriptor old = OpenOld(directory, manifest.generation);
  now->is_settled_ = !old;
  if (old) FindLeft(std::move(old), manifest, &now->left_);
  *found = std::move(now);
  return 0;
}

int64_t CompactedDirectory::FoldedAt(std::string_view name, const FileIdentity& identity) const {
  const uint64_t hash = HashOf(name, identity);
  // The last one of them.
  const auto after = std::ranges::upper_bound(gone_, hash, {}, &Gone::hash);
  return after == gone_.begin() || (after - 1)->hash != hash ? 0 : (after - 1)->seconds;
}

}  // namespace promfold
