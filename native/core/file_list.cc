#include "file_list.h"

#include <algorithm>
#include <utility>

namespace promfold {

namespace {

// How many names of the last listing are searched for a name; more may be gone between two.
constexpr size_t kSearchedNames = 32;

bool ByName(const std::unique_ptr<MetricFile>& a, const std::unique_ptr<MetricFile>& b) {
  return IsBefore(a.get(), b.get());
}

// Joins two ranges of files that are in order each, the second from `middle` on.
void Merge(std::ptrdiff_t middle, Files* files) {
  constexpr std::ptrdiff_t kFew = 32;
  const auto end = files->end();
  if (end - files->begin() - middle > kFew) {
    std::inplace_merge(files->begin(), files->begin() + middle, end, ByName);
    return;
  }
  // A merge looks at the name of every file.
  for (auto file = files->begin() + middle; file != end; ++file) {
    std::rotate(std::upper_bound(files->begin(), file, *file, ByName), file, file + 1);
  }
}

}  // namespace

bool IsBefore(const MetricFile* a, const MetricFile* b) {
  if (a->is_retained() || b->is_retained()) return !a->is_retained() && b->is_retained();
  return a->name() < b->name();  // char_traits<char> compares as memcmp does
}

FileList::FileList(uint32_t retained_files) : retained_count_(retained_files) {
  for (; next_id_ < retained_count_; ++next_id_) {
    in_order_.push_back(MetricFile::MakeRetained(next_id_));
    by_id_.emplace(next_id_, in_order_.back().get());
  }
}

MetricFile* FileList::Find(uint32_t id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

void FileList::AddNotPlain(MetricFile* file) {
  not_plain_.insert(std::ranges::upper_bound(not_plain_, file, IsBefore), file);
}

RemovedFiles FileList::Take(Listing listing, bool is_same_device, const FileAccess& access,
                            ListingChange* change) {
  Comparison compared = Compare(listing, is_same_device);
  listed_file_ = std::move(compared.file);
  std::vector<uint32_t>& is_new = compared.is_new;
  const std::vector<const MetricFile*>& missing = compared.missing;
  if (is_new.empty() && missing.empty()) {
    listing_ = std::move(listing);
    return {};
  }
  const auto is_missing = [&](const MetricFile* file) {
    return std::binary_search(missing.begin(), missing.end(), file);
  };

  // Ids in name order: what a first listing finds is numbered as it will be folded.
  const auto name_at = [&](uint32_t at) { return listing.Name(listing.names()[at]); };
  std::sort(is_new.begin(), is_new.end(),
            [&](uint32_t a, uint32_t b) { return name_at(a) < name_at(b); });
  const auto is_same_name = [&](uint32_t a, uint32_t b) { return name_at(a) == name_at(b); };
  is_new.erase(std::unique(is_new.begin(), is_new.end(), is_same_name), is_new.end());

  std::vector<uint64_t> new_inode;
  new_inode.reserve(is_new.size());
  for (const uint32_t at : is_new) new_inode.push_back(listing.names()[at].inode);
  std::sort(new_inode.begin(), new_inode.end());
  const auto is_renamed = [&](const MetricFile& file) {
    return is_same_device &&
           std::binary_search(new_inode.begin(), new_inode.end(), file.pinned_inode());
  };
  std::erase_if(not_plain_, is_missing);
  RemovedFiles removed;
  Files in_order;
  in_order.reserve(in_order_.size() + is_new.size());
  for (auto& file : in_order_) {
    if (!is_missing(file.get())) {
      in_order.push_back(std::move(file));
      continue;
    }
    change->removed_id.push_back(file->id());
    by_id_.erase(file->id());
    if (!file->has_retained_file()) continue;
    (is_renamed(*file) ? removed.renamed : removed.gone).push_back(std::move(file));
  }
  const std::ptrdiff_t kept_count = static_cast<std::ptrdiff_t>(in_order.size());
  for (const uint32_t at : is_new) {
    const ListedName& name = listing.names()[at];
    auto file =
        std::make_unique<MetricFile>(next_id_++, access.Named(listing.Name(name), name.is_regular),
                                     name.inode, name.may_be_link);
    by_id_.emplace(file->id(), file.get());
    listed_file_[at] = file.get();
    if (!file->is_plain()) not_plain_.push_back(file.get());
    change->added_id.push_back(file->id());
    change->added_name.push_back(file->name());
    in_order.push_back(std::move(file));
  }
  std::ranges::sort(not_plain_, IsBefore);
  Merge(kept_count, &in_order);
  in_order_ = std::move(in_order);
  listing_ = std::move(listing);
  return removed;
}

// Directories give their names in about the same order each time. So names are compared with those
// of the last listing, and no file is touched for a name that is still in its place.
FileList::Comparison FileList::Compare(const Listing& listing, bool is_same_device) const {
  const std::vector<ListedName>& before = listing_.names();
  const auto is_same = [&](const ListedName& listed, size_t at) {
    return is_same_device && before[at].inode == listed.inode && listed_file_[at] != nullptr &&
           listing_.Name(before[at]) == listing.Name(listed);
  };
  Comparison compared;
  std::vector<const MetricFile*>& missing = compared.missing;
  compared.file.reserve(listing.names().size());
  size_t at = 0;
  const auto miss = [&](size_t to) {
    for (; at < to; ++at) {
      if (listed_file_[at] != nullptr) missing.push_back(listed_file_[at]);
    }
  };
  for (const ListedName& listed : listing.names()) {
    const size_t limit = std::min(before.size(), at + kSearchedNames);
    size_t found = at;
    while (found < limit && !is_same(listed, found)) ++found;
    if (found == limit) {
      compared.is_new.push_back(static_cast<uint32_t>(compared.file.size()));
      compared.file.push_back(nullptr);
      continue;
    }
    miss(found);
    compared.file.push_back(listed_file_[at++]);
  }
  miss(before.size());
  std::sort(missing.begin(), missing.end());

  // A name that is only in another place is neither new nor missing.
  const auto is_known = [&](uint32_t new_at) {
    const ListedName& listed = listing.names()[new_at];
    MetricFile* const file = FindByName(listing.Name(listed));
    if (file == nullptr) return false;
    const auto place = std::lower_bound(missing.begin(), missing.end(), file);
    // A directory that changes while it is read may give a name twice.
    if (place == missing.end() || *place != file) return true;
    if (!is_same_device || file->listed_inode() != listed.inode) return false;
    compared.file[new_at] = file;
    missing.erase(place);
    return true;
  };
  std::erase_if(compared.is_new, is_known);
  return compared;
}

MetricFile* FileList::FindByName(std::string_view name) const {
  const auto end = in_order_.end() - retained_count_;
  const auto place = std::lower_bound(
      in_order_.begin(), end, name,
      [](const auto& file, std::string_view wanted) { return file->name() < wanted; });
  return place == end || (*place)->name() != name ? nullptr : place->get();
}

}  // namespace promfold
