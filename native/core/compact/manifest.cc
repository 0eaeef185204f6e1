#include "manifest.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <iterator>
#include <unordered_map>
#include <utility>

#include "new_file.h"

namespace promfold {

namespace {

constexpr std::string_view kTitle = "promfold-compaction 1";
constexpr std::string_view kFolded = "folded";
constexpr int64_t kGoneSeconds = 24 * 60 * 60;
constexpr size_t kMaxGone = 100'000;
// Of 100,000 files with long names, several times over.
constexpr uint64_t kMaxBytes = uint64_t{256} << 20;

void AppendName(std::string_view name, std::string* text) {
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > ' ' && byte < 0x7f && c != '%') {
      text->push_back(c);
      continue;
    }
    char escaped[4];
    std::snprintf(escaped, sizeof escaped, "%%%02X", byte);
    *text += escaped;
  }
  text->push_back('\n');
}

bool ParseName(std::string_view text, std::string* name) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      name->push_back(text[i]);
      continue;
    }
    uint8_t byte = 0;
    if (i + 2 >= text.size()) return false;
    const char* const digits = text.data() + i + 1;
    if (std::from_chars(digits, digits + 2, byte, 16).ptr != digits + 2) return false;
    name->push_back(static_cast<char>(byte));
    i += 2;
  }
  // Names of others are not taken: a manifest lies where others write.
  return !name->empty() && name->find('/') == std::string::npos &&
         name->find('\0') == std::string::npos && *name != "." && *name != "..";
}

template <typename Number>
bool ParseNumber(std::string_view text, Number* number) {
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, *number);
  return parsed.ec == std::errc() && parsed.ptr == end;
}

// Cuts the first field off.
std::string_view NextField(std::string_view* line) {
  const size_t end = std::min(line->find(' '), line->size());
  const std::string_view field = line->substr(0, end);
  line->remove_prefix(std::min(end + 1, line->size()));
  return field;
}

std::vector<ManifestName>* ListOf(Manifest* manifest, std::string_view kind) {
  if (kind == "archive") return &manifest->archive;
  if (kind == "linked") return &manifest->linked;
  if (kind == kFolded) return &manifest->folded;
  if (kind == "removed") return &manifest->removed;
  return nullptr;
}

bool ParseGone(std::string_view line, Manifest* manifest) {
  GoneFile gone;
  return ParseNumber(NextField(&line), &gone.seconds) &&
         ParseIdentity(std::string(NextField(&line)), &gone.identity) &&
         ParseName(line, &gone.name) && (manifest->gone.push_back(std::move(gone)), true);
}

bool ParseLine(std::string_view line, Manifest* manifest) {
  const std::string_view kind = NextField(&line);
  if (kind == "generation") {
    manifest->generation = line;
    return IsGeneration(line);
  }
  if (kind == "gone") return ParseGone(line, manifest);
  std::vector<ManifestName>* const list = ListOf(manifest, kind);
  ManifestName named;
  if (list == nullptr || !ParseNumber(NextField(&line), &named.inode)) return false;
  if (kind == kFolded && !ParseNumber(NextField(&line), &named.checksum)) return false;
  if (!ParseName(line, &named.name)) return false;
  list->push_back(std::move(named));
  return true;
}

bool ParseAll(std::string_view text, Manifest* manifest) {
  for (size_t lines = 0; !text.empty(); ++lines) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) return false;
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (lines == 0) {
      if (line != kTitle) return false;
      continue;
    }
    if (line.substr(0, 4) == "end ") {
      return line == "end " + std::to_string(lines) && text.empty() &&
             !manifest->generation.empty();
    }
    if (!ParseLine(line, manifest)) return false;
  }
  return false;
}

}  // namespace

std::string IdentityText(const FileIdentity& identity) {
  char text[64];
  std::snprintf(text, sizeof text, "%02x:%02x:%llu", major(identity.device), minor(identity.device),
                static_cast<unsigned long long>(identity.inode));
  return text;
}

bool ParseIdentity(const std::string& text, FileIdentity* identity) {
  unsigned major_number = 0;
  unsigned minor_number = 0;
  unsigned long long inode = 0;
  int end = 0;
  if (std::sscanf(text.c_str(), "%x:%x:%llu%n", &major_number, &minor_number, &inode, &end) != 3) {
    return false;
  }
  if (static_cast<size_t>(end) != text.size()) return false;
  *identity = {makedev(major_number, minor_number), inode};
  return true;
}

std::string PrintManifest(const Manifest& manifest) {
  std::string text(kTitle);
  text += "\ngeneration " + manifest.generation + "\n";
  const auto append = [&text](std::string_view kind, const std::vector<ManifestName>& list) {
    for (const ManifestName& named : list) {
      text.append(kind).append(" ").append(std::to_string(named.inode)).append(" ");
      if (kind == kFolded) text.append(std::to_string(named.checksum)).append(" ");
      AppendName(named.name, &text);
    }
  };
  append("archive", manifest.archive);
  append("linked", manifest.linked);
  append(kFolded, manifest.folded);
  append("removed", manifest.removed);
  for (const GoneFile& gone : manifest.gone) {
    text += "gone " + std::to_string(gone.seconds) + " " + IdentityText(gone.identity) + " ";
    AppendName(gone.name, &text);
  }
  const auto lines = std::count(text.begin(), text.end(), '\n');
  return text + "end " + std::to_string(lines) + "\n";
}

bool ParseManifest(std::string_view text, Manifest* manifest) {
  *manifest = {};
  if (ParseAll(text, manifest)) return true;
  *manifest = {};
  return false;
}

int ReadManifest(int directory, Manifest* manifest, const char* name) {
  *manifest = {};
  const Descriptor file(openat(directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!file) return errno == ENOENT || errno == ELOOP ? 0 : errno;
  struct stat status;
  if (fstat(file.number(), &status) != 0) return errno;
  if (!S_ISREG(status.st_mode) || static_cast<uint64_t>(status.st_size) > kMaxBytes) return 0;
  std::string text(static_cast<size_t>(status.st_size), '\0');
  const int64_t got =
      ReadRange(file.number(), reinterpret_cast<std::byte*>(text.data()), 0, text.size());
  if (got < 0) return errno;
  text.resize(static_cast<size_t>(got));
  ParseManifest(text, manifest);
  return 0;
}

CompactionFault WriteManifest(int directory, const Manifest& manifest, const char* name) {
  NewFile file;
  CompactionFault fault = file.Create(directory, name);
  if (fault.ok()) fault = file.Write(PrintManifest(manifest), 0);
  // Its names are those of the directory, which has its own mode.
  if (fault.ok()) fault = file.SetMode(0644);
  return fault.ok() ? file.Sync() : fault;
}

CompactionFault ReplaceManifest(int directory, const Manifest& manifest) {
  // A part of one may be there.
  if (unlinkat(directory, kNewManifestName, 0) != 0 && errno != ENOENT) {
    return {CompactionStep::kWrite, kNewManifestName, errno};
  }
  const CompactionFault fault = WriteManifest(directory, manifest, kNewManifestName);
  if (!fault.ok()) return fault;
  if (renameat(directory, kNewManifestName, directory, kManifestName) != 0) {
    return {CompactionStep::kWrite, kManifestName, errno};
  }
  return {};
}

void AddGone(std::vector<GoneFile> folded, std::vector<GoneFile>* gone) {
  const auto key = [](const GoneFile& file) {
    return IdentityText(file.identity) + " " + file.name;
  };
  std::unordered_map<std::string, GoneFile*> fresh;
  for (GoneFile& file : folded) fresh[key(file)] = &file;
  std::erase_if(*gone, [&](const GoneFile& earlier) {
    const auto same = fresh.find(key(earlier));
    if (same == fresh.end()) return false;
    same->second->seconds = std::max(same->second->seconds, earlier.seconds + 1);
    return true;
  });
  std::ranges::move(folded, std::back_inserter(*gone));
}

std::vector<GoneFile> RecentlyGone(const Manifest& earlier, int64_t now_seconds) {
  std::vector<GoneFile> recent;
  for (const GoneFile& gone : earlier.gone) {
    if (now_seconds - gone.seconds < kGoneSeconds) recent.push_back(gone);
  }
  // The latest are at the end.
  if (recent.size() > kMaxGone) {
    recent.erase(recent.begin(), recent.end() - static_cast<ptrdiff_t>(kMaxGone));
  }
  return recent;
}

}  // namespace promfold
