#include "pins.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "../directory_stream.h"
#include "../mapping.h"
#include "../path_query.h"

namespace promfold {

namespace {

// One line of /proc/PID/mountinfo, as far as it counts here.
struct Mount {
  int id = 0;
  int parent = 0;
  std::string device;  // `253:1`
  std::string root;    // of the file system, that is seen at the mount point
  std::string point;
};

// Blanks and the like are written in octal: `\040`.
std::string Unescaped(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    uint8_t byte = 0;
    const char* const digits = text.data() + i + 1;
    if (text[i] == '\\' && i + 3 < text.size() &&
        std::from_chars(digits, digits + 3, byte, 8).ptr == digits + 3) {
      plain.push_back(static_cast<char>(byte));
      i += 3;
    } else {
      plain.push_back(text[i]);
    }
  }
  return plain;
}

// Source: proc_pid_mountinfo(5).
std::vector<Mount> ParseMounts(std::string_view text) {
  std::vector<Mount> mounts;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    std::vector<std::string_view> field;
    while (field.size() < 5 && !line.empty()) {
      field.push_back(line.substr(0, line.find(' ')));
      line.remove_prefix(std::min(field.back().size() + 1, line.size()));
    }
    if (field.size() < 5) continue;
    Mount mount;
    mount.id = std::atoi(std::string(field[0]).c_str());
    mount.parent = std::atoi(std::string(field[1]).c_str());
    mount.device = field[2];
    mount.root = Unescaped(field[3]);
    mount.point = Unescaped(field[4]);
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

// `base` + what `path` has below `above`; empty where it is not below.
std::string Rebased(const std::string& path, const std::string& above, const std::string& base) {
  const std::string start = above == "/" ? "" : above;
  if (path.compare(0, start.size(), start) != 0) return "";
  const std::string rest = path.substr(start.size());
  if (!rest.empty() && rest[0] != '/') return "";
  const std::string joined = (base == "/" ? "" : base) + rest;
  return joined.empty() ? "/" : joined;
}

// A directory by its place in its file system: the same in all namespaces.
struct Place {
  std::string device;
  std::string path;
};

int MountIdOf(int descriptor, const std::string& proc) {
  std::string text;
  const std::string path = proc + "/self/fdinfo/" + std::to_string(descriptor);
  if (ReadWhole(path, &text) != 0) return -1;
  const std::string_view mark = "mnt_id:";
  const size_t at = text.find(mark);
  return at == std::string::npos ? -1 : std::atoi(text.c_str() + at + mark.size());
}

Place PlaceOf(int directory, const std::string& path, const std::string& proc) {
  std::string text;
  if (ReadWhole(proc + "/self/mountinfo", &text) != 0) return {};
  const int id = MountIdOf(directory, proc);
  for (const Mount& mount : ParseMounts(text)) {
    if (mount.id == id) return {mount.device, Rebased(path, mount.point, mount.root)};
  }
  return {};
}

// The mount that keeps to the place, or is on it.
const Mount* FindMount(const std::vector<Mount>& mounts, const Place& place) {
  for (const Mount& mount : mounts) {
    if (mount.device == place.device && mount.root == place.path) return &mount;
    for (const Mount& parent : mounts) {
      if (parent.id == mount.parent && parent.id != mount.id && parent.device == place.device &&
          Rebased(mount.point, parent.point, parent.root) == place.path) {
        return &mount;
      }
    }
  }
  return nullptr;
}

// Whether a link of /proc leads to the directory, whatever its path is called there. One of another
// name is not asked further: its file system may hang.
bool LeadsTo(const std::string& link, const std::string& name, const FileIdentity& identity) {
  std::string text;
  if (ReadLink(link, &text) != 0 || text.size() < name.size() ||
      text.compare(text.size() - name.size(), name.size(), name) != 0) {
    return false;
  }
  struct stat status;
  return stat(link.c_str(), &status) == 0 && IdentityOf(status) == identity;
}

}  // namespace

CompactionFault FindPin(int directory, const std::string& path, const std::string& proc) {
  struct stat status;
  if (fstat(directory, &status) != 0) return {CompactionStep::kOpen, path, errno};
  const FileIdentity identity = IdentityOf(status);
  const std::string name = path.substr(path.rfind('/') + 1);
  const Place place = PlaceOf(directory, path, proc);
  // Without it no mount can be told: better not to exchange anything.
  if (place.path.empty()) return {CompactionStep::kMounted, proc, ENOENT};

  DirectoryStream processes(opendir(proc.c_str()));
  if (!processes.is_open()) return {CompactionStep::kMounted, proc, errno};
  std::set<std::string> seen;
  while (const dirent* const entry = processes.Next()) {
    const int process = std::atoi(entry->d_name);
    if (process <= 0) continue;
    const std::string folder = proc + "/" + entry->d_name;
    for (const char* const link : {"/cwd", "/root"}) {
      if (LeadsTo(folder + link, name, identity)) {
        return {CompactionStep::kOccupied, path, 0, process};
      }
    }
    // Namespaces that cannot be told apart are read for each process.
    std::string space;
    if (ReadLink(folder + "/ns/mnt", &space) == 0 && !seen.insert(space).second) continue;
    std::string text;
    if (ReadWhole(folder + "/mountinfo", &text) != 0) continue;
    const std::vector<Mount> mounts = ParseMounts(text);
    if (const Mount* const mount = FindMount(mounts, place)) {
      return {CompactionStep::kMounted, mount->point, 0, process};
    }
  }
  return {};
}

}  // namespace promfold
