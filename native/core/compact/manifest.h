// What a compaction notes in the directory that it made. Lines of text, fields separated by blanks,
// a name last with bytes that are not printable as %XX:
//
//   promfold-compaction 1
//   generation GEN
//   archive INODE NAME
//   linked INODE NAME            stayed; the old directory has it, too
//   folded INODE CRC NAME        is in an archive, and in the old directory alone; of its content
//   removed INODE NAME           in the old directory alone
//   gone SECONDS DEVICE:INODE NAME
//   end LINES
//
// `gone`, for readers that keep the values of removed files: such a file's values are not lost, but
// in a file that is there. It has what was folded now, and for a day what was folded earlier, since
// a reader may have seen neither.
#ifndef PROMFOLD_CORE_COMPACT_MANIFEST_H_
#define PROMFOLD_CORE_COMPACT_MANIFEST_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "../mapping.h"
#include "names.h"
#include "step.h"

namespace promfold {

struct ManifestName {
  std::string name;
  uint64_t inode;         // as the directory has it
  uint32_t checksum = 0;  // of what is folded: ContentChecksum
};

struct GoneFile {
  std::string name;
  FileIdentity identity;
  int64_t seconds;  // when it was folded, since 1970
};

struct Manifest {
  std::string generation;  // empty: there is none
  std::vector<ManifestName> archive;
  std::vector<ManifestName> linked;
  std::vector<ManifestName> folded;
  std::vector<ManifestName> removed;
  std::vector<GoneFile> gone;
};

// `fd:01:4711`.
std::string IdentityText(const FileIdentity& identity);
bool ParseIdentity(const std::string& text, FileIdentity* identity);

std::string PrintManifest(const Manifest& manifest);
// False for anything but a whole manifest; then *manifest is empty.
bool ParseManifest(std::string_view text, Manifest* manifest);

// An empty one where there is none, or none that is whole. Returns 0 or an errno.
int ReadManifest(int directory, Manifest* manifest, const char* name = kManifestName);

// Makes the file; it must not be there. It is on the disk then. The path of a fault is `name`.
CompactionFault WriteManifest(int directory, const Manifest& manifest,
                              const char* name = kManifestName);

// Takes the place of the one that is there, in one step.
CompactionFault ReplaceManifest(int directory, const Manifest& manifest);

// Adds files that are folded now. One of the same name and identity that was folded earlier was
// another file; it is forgotten, and the new one is later, even where the clock was set back: so
// whoever listed a file tells by the time whether it was folded since.
void AddGone(std::vector<GoneFile> folded, std::vector<GoneFile>* gone);

// What is to be carried over from an earlier manifest, of a time.
std::vector<GoneFile> RecentlyGone(const Manifest& earlier, int64_t now_seconds);

}  // namespace promfold

#endif  // PROMFOLD_CORE_COMPACT_MANIFEST_H_
