// The least that a scrape of a directory can cost: every value touched once, in file order, through
// mappings that are kept, and as many bytes copied as the exposition has. No check, no fold, no
// number printed. What promfold takes longer than this is its own doing.
//
//   floor DIRECTORY BYTES      prints {"files":…,"entries":…,"bytes":…,"medianMicroseconds":…}
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/directory.h"
#include "core/load.h"
#include "core/read_file.h"

namespace {

using namespace promfold;

constexpr int kRuns = 51;

struct File {
  Mapping mapping;
  std::vector<uint32_t> value_offset;
};

std::vector<File> Index(const char* path, MapBudget* maps) {
  ListedDirectory directory;
  PendingOperation pending;
  std::vector<File> files;
  if (ListDirectory(path, nullptr, &pending, &directory) != 0) return files;
  const Listing& listing = directory.listing;
  std::vector<std::string> names;
  for (const ListedName& listed : listing.names()) names.emplace_back(listing.Name(listed));
  std::sort(names.begin(), names.end());

  Scratch scratch;
  for (const std::string& name : names) {
    const Reading reading =
        ReadFile(directory.opened->descriptor.number(), name.c_str(), std::nullopt, &scratch);
    if (!reading.fault.ok() || reading.format.entries == 0) continue;
    File file;
    if (!file.mapping.Map(reading.descriptor.number(), reading.file_bytes, maps)) continue;
    const uint32_t end = reading.format.end;
    uint32_t cursor = kHeaderBytes;
    while (cursor < end) {
      Entry entry;
      const std::span<const std::byte> bytes(scratch.FileBytes(end), end);
      if (!NextEntry(bytes, end, reading.format.value_bytes, &cursor, &entry).ok()) break;
      file.value_offset.push_back(entry.value_offset);
    }
    files.push_back(std::move(file));
  }
  return files;
}

double Microseconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double, std::micro>(now).count();
}

}  // namespace

int main(int count, char** argument) {
  if (count != 3) {
    std::fprintf(stderr, "usage: floor DIRECTORY BYTES\n");
    return 2;
  }
  std::atomic<uint32_t> held = 0;
  MapBudget maps = {30000, &held};
  const std::vector<File> files = Index(argument[1], &maps);
  size_t entries = 0;
  for (const File& file : files) entries += file.value_offset.size();
  const size_t bytes = std::strtoull(argument[2], nullptr, 10);
  const std::vector<char> text(bytes, 'x');
  std::vector<char> body(bytes);

  std::vector<double> took;
  double total = 0;
  for (int run = 0; run < kRuns; ++run) {
    const double begin = Microseconds();
    for (const File& file : files) {
      for (const uint32_t offset : file.value_offset) {
        total += LoadDouble(file.mapping.base(), offset);
      }
    }
    std::copy(text.begin(), text.end(), body.begin());
    // Neither sum nor copy may be optimised away.
    asm volatile("" : : "r"(body.data()), "m"(total) : "memory");
    took.push_back(Microseconds() - begin);
  }
  std::nth_element(took.begin(), took.begin() + kRuns / 2, took.end());
  std::printf("{\"files\":%zu,\"entries\":%zu,\"bytes\":%zu,\"medianMicroseconds\":%.1f}\n",
              files.size(), entries, bytes, took[kRuns / 2]);
  return files.empty() ? 1 : 0;
}
