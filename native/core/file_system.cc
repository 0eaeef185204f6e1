#include "file_system.h"

#include <linux/magic.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace promfold {

namespace {

// statfs(2). Those that <linux/magic.h> has not in all its versions are given as numbers.
constexpr uint32_t kLocal[] = {
    TMPFS_MAGIC,       RAMFS_MAGIC,
    EXT4_SUPER_MAGIC,  // and ext2, ext3
    0x58465342,        // XFS
    BTRFS_SUPER_MAGIC, OVERLAYFS_SUPER_MAGIC,
    0xF2F52010,  // F2FS
    0x2FC12FC1,  // ZFS
    0xCA451A4E,  // bcachefs
    0x61756673,  // aufs
    NILFS_SUPER_MAGIC, REISERFS_SUPER_MAGIC,
    0x3153464A,  // JFS
    MSDOS_SUPER_MAGIC, SQUASHFS_MAGIC,
    0xE0F5E1E2,  // EROFS
    ISOFS_SUPER_MAGIC,
};

// The kernel's word is signed and as wide as a register.
uint32_t TypeOf(const struct statfs& status) { return static_cast<uint32_t>(status.f_type); }

}  // namespace

bool IsLocal(const struct statfs& status) {
  return std::find(std::begin(kLocal), std::end(kLocal), TypeOf(status)) != std::end(kLocal);
}

bool IsOverlay(const struct statfs& status) { return TypeOf(status) == OVERLAYFS_SUPER_MAGIC; }

}  // namespace promfold
