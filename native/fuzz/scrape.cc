// Whole scrapes over arbitrary bytes: the first half of the input is a file, the second half is
// stored over it, in place, between two scrapes. Nothing may crash or hang; mapped and unmapped
// reading agree; what was served is held or read again, never half of both. A scrape in one pass,
// where nothing is new, prints what one in two steps prints.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "core/file_set.h"

namespace {

using namespace promfold;

[[noreturn]] void Must(const char* what) {
  std::perror(what);
  std::abort();
}

// One directory for the process, in memory.
const std::string& DirectoryPath() {
  static const std::string* const path = [] {
    auto* made = new std::string("/dev/shm/promfold-fuzz-XXXXXX");
    if (mkdtemp(made->data()) == nullptr) Must("mkdtemp");
    std::atexit([] {
      unlink((DirectoryPath() + "/a.db").c_str());
      rmdir(DirectoryPath().c_str());
    });
    return made;
  }();
  return *path;
}

void Overwrite(const uint8_t* data, size_t size) {
  std::FILE* const file = std::fopen((DirectoryPath() + "/a.db").c_str(), "r+");
  if (file == nullptr) Must("fopen");
  if (std::fwrite(data, 1, size, file) != size) Must("fwrite");
  std::fclose(file);
}

// A caller with the smallest plan: the slot of a key is its id + 1, its text decides the operation.
class Caller {
 public:
  explicit Caller(uint32_t map_limit) : set_(DirectoryPath(), map_limit) {
    ListingChange listed;
    if (set_.List(&listed) != 0 || listed.added_id.size() != 1) Must("list");
    const uint8_t flags[] = {kKeepLastGood};
    if (set_.Accept(listed.added_id, flags)) std::abort();
    AsListed first;
    if (set_.RefreshAsListed({}, nullptr, &first) != 0) Must("stat");
    listed_ = first.now;
  }

  std::string Run() {
    AsListed as_listed;
    const PrintRequest* const ahead = request_.pages.empty() ? nullptr : &request_;
    if (set_.RefreshAsListed(listed_, ahead, &as_listed) != 0) Must("refresh");
    if (as_listed.collected) {
      if (!as_listed.collected->changes.empty()) std::abort();
      Take(*as_listed.collected);
      const std::string in_one_pass = body_;
      if (Collect() != in_one_pass) std::abort();
      return in_one_pass;
    }
    if (!as_listed.refreshed) std::abort();
    const RefreshResult& refreshed = *as_listed.refreshed;
    std::string seen = Note(refreshed.changes);
    const KeyTexts texts = set_.Texts(0, UINT32_MAX, SIZE_MAX);
    key_.clear();
    for (uint32_t begin = 0; const uint32_t end : texts.end) {
      key_.push_back(std::hash<std::string>()(texts.text.substr(begin, end - begin)));
      begin = end;
    }
    const uint32_t keys = static_cast<uint32_t>(key_.size());
    if (refreshed.changes.size() == 1) {
      const FileChange& change = refreshed.changes[0];
      if (change.entry_from > change.entry_count) std::abort();
      const uint32_t count = change.entry_count - change.entry_from;
      if (refreshed.key_id.size() != count) std::abort();
      std::vector<uint32_t> slot;
      std::vector<uint8_t> operation;
      for (const uint32_t key : refreshed.key_id) {
        if (key >= keys) std::abort();
        slot.push_back(key + 1);
        operation.push_back(static_cast<uint8_t>(key_[key] % kOperations));
      }
      if (set_.SetRows({&change.id, 1}, {&change.entry_from, 1}, {&count, 1}, slot, operation)) {
        std::abort();
      }
    }
    if (set_.SetBuckets(keys + 1, {})) std::abort();

    auto part = std::make_shared<Template>();
    for (uint32_t key = 0; key < keys; ++key) {
      part->text += std::to_string(key_[key]) + ' ';
      part->line_end.push_back(static_cast<uint32_t>(part->text.size()));
      part->slot.push_back(key + 1);
    }
    if (!part->Seal()) std::abort();
    const auto page = std::make_shared<const Page>(Page{part});
    request_ = {{page, std::make_shared<const Page>()}, 3, false};
    seen += Collect();

    std::vector<uint32_t> order;
    SurveyResult survey;
    if (set_.Order(keys + 1, &order) || set_.Survey(std::vector<int32_t>(keys, 0), 1, &survey)) {
      std::abort();
    }
    if (survey.live_keys != order.size()) std::abort();
    return seen;
  }

  // What the last run printed, in an order of its own.
  std::vector<std::string> Lines() const {
    std::vector<std::string> lines;
    for (size_t begin = 0; begin < body_.size();) {
      const size_t end = body_.find('\n', begin) + 1;
      lines.push_back(body_.substr(begin, end - begin));
      begin = end;
    }
    std::sort(lines.begin(), lines.end());
    return lines;
  }

  void CompactKeys() {
    set_.CompactKeys();
    was_compacted_ = true;
  }

 private:
  // What became known on the way, and the body.
  std::string Collect() {
    CollectResult collected;
    if (set_.Collect(request_, &collected)) std::abort();
    const std::string seen = Note(collected.changes);
    Take(collected);
    return seen + body_;
  }

  void Take(const CollectResult& collected) {
    const Body& body = collected.bodies[0];
    if (body.block.bytes() != body.length + 3) std::abort();
    body_.assign(body.block.memory(), body.length);
  }

  std::string Note(const std::vector<FileChange>& changes) {
    std::string text;
    for (const FileChange& change : changes) {
      const bool has_entries = change.state == FileState::kGood || change.state == FileState::kHeld;
      if (!has_entries && change.entry_count != 0) std::abort();
      if ((change.state == FileState::kGood) != change.fault.ok()) std::abort();
      if (change.state == FileState::kEmpty && was_good_with_entries_) std::abort();
      if (change.state == FileState::kGood) was_good_with_entries_ = change.entry_count > 0;
      if (change.state == FileState::kHeld && !was_compacted_ &&
          change.entry_from != change.entry_count) {
        std::abort();
      }
      text += std::to_string(static_cast<int>(change.state)) + ' ' +
              std::to_string(change.entry_count) + ' ' + FoundPhrase(change.fault) + '\n';
    }
    return text;
  }

  FileSet set_;
  DirectoryTimes listed_;
  PrintRequest request_;       // by the layout there is
  std::vector<uint64_t> key_;  // by id: a number instead of its text
  std::string body_;
  bool was_compacted_ = false;
  bool was_good_with_entries_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string path = DirectoryPath() + "/a.db";
  // Most inputs are one file; a byte in front decides how much of it comes later.
  const size_t later = size < 2 ? 0 : size * (data[size - 1] % 4) / 4;
  const size_t first = size - later;
  std::FILE* const file = std::fopen(path.c_str(), "w");
  if (file == nullptr) Must(path.c_str());
  if (std::fwrite(data, 1, first, file) != first) Must("fwrite");
  std::fclose(file);

  Caller mapped(1);
  Caller unmapped(0);
  if (mapped.Run() != unmapped.Run()) std::abort();
  const std::string again = mapped.Run();
  if (again != unmapped.Run()) std::abort();

  // In place, shorter or longer than what was there.
  if (later % 3 == 1 && truncate(path.c_str(), static_cast<off_t>(later / 2)) != 0)
    Must("truncate");
  Overwrite(data + first, later);
  mapped.Run();
  unmapped.Run();

  // Mapped and unmapped may differ by now in what they hold, but nothing comes or goes by itself.
  for (Caller* const caller : {&mapped, &unmapped}) {
    caller->Run();
    const std::vector<std::string> before = caller->Lines();
    caller->CompactKeys();
    caller->Run();
    if (caller->Lines() != before) std::abort();
  }
  return 0;
}
