#include "names.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <ctime>

namespace promfold {

namespace {

constexpr std::string_view kMark = ".promfold-";
constexpr std::string_view kArchiveMark = "-promfold-";
constexpr std::string_view kExtension = ".db";
// Of the type that every client reads.
constexpr std::string_view kGateStart = "counter_-promfold-";
constexpr std::string_view kGateEnd = "-gate.db";
constexpr size_t kGenerationDigits = 16;

std::string Numbered(std::string name, uint32_t nth) {
  if (nth > 1) name += "-" + std::to_string(nth);
  return name;
}

bool StartsWith(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

}  // namespace

bool IsManifestName(std::string_view name) {
  return name == kManifestName || name == kNewManifestName;
}

std::string NewGeneration(std::string_view earlier) {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  const uint64_t nanoseconds =
      static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
  uint64_t last = 0;
  std::from_chars(earlier.data(), earlier.data() + earlier.size(), last, 16);
  const uint64_t number = std::max(nanoseconds, last + 1);
  char text[kGenerationDigits + 1];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(number));
  return text;
}

bool IsGeneration(std::string_view text) {
  return text.size() == kGenerationDigits && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

std::string SiblingName(std::string_view directory, std::string_view generation) {
  return "." + std::string(directory) + std::string(kMark) + std::string(generation);
}

Sibling ParseSibling(std::string_view name, std::string_view directory) {
  const std::string start = SiblingName(directory, "");
  if (!StartsWith(name, start)) return {};
  const std::string_view generation = name.substr(start.size(), kGenerationDigits);
  const std::string_view end = name.substr(start.size() + generation.size());
  if (!IsGeneration(generation) || (!end.empty() && end != kDone && end != kUndone)) return {};
  return {std::string(generation), std::string(end)};
}

std::string JournalName(std::string_view generation) {
  return std::string(kMark) + std::string(generation);
}

std::string ParseJournal(std::string_view name) {
  if (!StartsWith(name, kMark) || !IsGeneration(name.substr(kMark.size()))) return "";
  return std::string(name.substr(kMark.size()));
}

std::string ArchiveName(std::string_view prefix, std::string_view generation, uint32_t nth) {
  const std::string name =
      std::string(prefix) + "_" + std::string(kArchiveMark) + std::string(generation);
  return Numbered(name, nth) + std::string(kExtension);
}

bool IsArchiveName(std::string_view name) {
  const std::string_view prefix = PrefixOf(name);
  // The process id: what follows the prefix and an underscore.
  return StartsWith(name.substr(std::min(prefix.size() + 1, name.size())), kArchiveMark);
}

std::string GateName(std::string_view generation) {
  return std::string(kGateStart) + std::string(generation) + std::string(kGateEnd);
}

bool IsGateName(std::string_view name) {
  if (name.size() != kGateStart.size() + kGenerationDigits + kGateEnd.size()) return false;
  return StartsWith(name, kGateStart) && name.ends_with(kGateEnd) &&
         IsGeneration(name.substr(kGateStart.size(), kGenerationDigits));
}

std::string SpareName(std::string_view name, std::string_view generation, uint32_t nth) {
  const bool has_extension = name.size() >= kExtension.size() &&
                             name.substr(name.size() - kExtension.size()) == kExtension;
  const std::string_view stem = name.substr(0, name.size() - (has_extension ? 3 : 0));
  const std::string spare = std::string(stem) + std::string(kArchiveMark) + std::string(generation);
  return Numbered(spare, nth) + std::string(has_extension ? kExtension : "");
}

// Source: prometheus_client multiprocess.py, _read_metrics: split at underscores.
std::string_view PrefixOf(std::string_view name) {
  size_t end = name.find('_');
  if (end != std::string_view::npos && name.substr(0, end) == "gauge")
    end = name.find('_', end + 1);
  return name.substr(0, end);
}

}  // namespace promfold
