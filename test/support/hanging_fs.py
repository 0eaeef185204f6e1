"""Shows a directory through FUSE: hanging_fs.py SOURCE MOUNTPOINT. When this process is stopped (SIGSTOP), whatever
asks the file system hangs, as on a network file system whose server is gone. Nothing is kept by the kernel."""
import errno
import os
import sys

from fusepy import FUSE, FuseOSError, Operations


class Through(Operations):
    def __init__(self, source):
        self.source = source

    def path(self, path):
        return self.source + path

    def getattr(self, path, fh=None):
        try:
            status = os.lstat(self.path(path))
        except OSError as error:
            raise FuseOSError(error.errno)
        names = ("st_atime", "st_ctime", "st_mtime", "st_gid", "st_uid", "st_mode", "st_nlink", "st_size")
        return {name: getattr(status, name) for name in names}

    def readdir(self, path, fh):
        return [".", "..", *os.listdir(self.path(path))]

    def readlink(self, path):
        return os.readlink(self.path(path))

    def statfs(self, path):
        status = os.statvfs(self.path(path))
        names = ("f_bavail", "f_bfree", "f_blocks", "f_bsize", "f_favail", "f_ffree", "f_files", "f_frsize")
        return {name: getattr(status, name) for name in names}

    def open(self, path, flags):
        if flags & (os.O_WRONLY | os.O_RDWR):
            raise FuseOSError(errno.EROFS)
        return os.open(self.path(path), os.O_RDONLY)

    def read(self, path, size, offset, fh):
        return os.pread(fh, size, offset)

    def release(self, path, fh):
        os.close(fh)


FUSE(
    Through(sys.argv[1]),
    sys.argv[2],
    foreground=True,
    nothreads=True,
    allow_other=True,
    fsname="promfold-test",
    attr_timeout=0,
    entry_timeout=0,
    negative_timeout=0,
)
