#include "session.h"

#include <algorithm>

#include "check.h"
#include "core/number.h"

namespace promfold::test {

std::string Session::Describe(const std::vector<FileChange>& changes) const {
  std::string text;
  for (const FileChange& change : changes) {
    constexpr const char* kState[] = {"good", "empty", "held", "bad"};
    if (!text.empty()) text += '\n';
    text += name_.at(change.id) + ' ' + kState[static_cast<size_t>(change.state)] + ' ' +
            std::to_string(change.entry_from) + ".." + std::to_string(change.entry_count);
    CHECK_EQ(change.state == FileState::kGood, change.fault.ok());
    if (!change.fault.ok()) text += ", " + FoundPhrase(change.fault);
  }
  return text;
}

std::string Session::Update() {
  ListingChange listed;
  CHECK_EQ(set_.List(&listed), 0);
  for (size_t i = 0; i < listed.added_id.size(); ++i) {
    name_[listed.added_id[i]] = listed.added_name[i];
  }
  const std::vector<uint8_t> flags(listed.added_id.size(), flags_);
  CHECK(!set_.Accept(listed.added_id, flags));
  return Refresh();
}

std::string Session::Refresh() { return Plan(set_.Refresh()); }

std::string Session::ScrapeWarm(const PrintRequest& request) {
  AsListed first;
  CHECK_EQ(set_.RefreshAsListed({}, nullptr, &first), 0);
  AsListed result;
  CHECK_EQ(set_.RefreshAsListed(first.now, &request, &result), 0);
  CHECK(result.collected.has_value() != result.refreshed.has_value());
  return result.collected ? "collected" : Plan(*result.refreshed);
}

std::string Session::Plan(const RefreshResult& result) {
  const KeyTexts texts = set_.Texts(0, UINT32_MAX, SIZE_MAX);
  key_.clear();
  size_t begin = 0;
  for (const uint32_t end : texts.end) {
    key_.push_back(texts.text.substr(begin, end - begin));
    begin = end;
  }

  size_t at = 0;
  for (const FileChange& change : result.changes) {
    const uint32_t count = change.entry_count - change.entry_from;
    std::vector<uint32_t> slot;
    for (uint32_t i = 0; i < count; ++i) slot.push_back(result.key_id[at++] + 1);
    const auto found = operation_.find(name_.at(change.id));
    const Operation operation = found == operation_.end() ? Operation::kSum : found->second;
    const std::vector<uint8_t> operations(count, static_cast<uint8_t>(operation));
    CHECK(!set_.SetRows({&change.id, 1}, {&change.entry_from, 1}, {&count, 1}, slot, operations));
  }
  CHECK_EQ(at, result.key_id.size());
  CHECK(!set_.SetBuckets(static_cast<uint32_t>(key_.size()) + 1, {}));
  return Describe(result.changes);
}

std::string Session::Collect() {
  CollectResult result;
  const PreconditionError error = set_.Collect({}, &result);
  CHECK_EQ(error.value_or(""), "");
  return Describe(result.changes);
}

std::string Session::Value(const std::string& key) const {
  const auto found = std::find(key_.begin(), key_.end(), key);
  if (found == key_.end()) return "unknown key";
  const size_t slot = static_cast<size_t>(found - key_.begin()) + 1;
  if (slot >= set_.slots().count() || set_.slots().present[slot] == 0) return "absent";
  char text[kNumberBytes];
  return std::string(text, FormatNumber(set_.slots().value[slot], text));
}

std::string Session::Scrape(const std::string& key) {
  Update();
  Collect();
  return Value(key);
}

uint32_t Session::IdOf(const std::string& name) const {
  uint32_t newest = UINT32_MAX;
  for (const auto& [id, one] : name_) {
    if (one == name) newest = id;
  }
  return newest;
}

}  // namespace promfold::test
