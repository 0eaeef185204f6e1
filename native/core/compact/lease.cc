#include "lease.h"

#include <fcntl.h>
#include <signal.h>

#include <cerrno>

namespace promfold {

namespace {

int Take(int descriptor, int kind) {
  // Whoever opens the file has us sent a signal: SIGIO, which would end the process, but for this.
  // SIGURG is ignored by default, and there is no one to send it to, once the lease is there.
  if (fcntl(descriptor, F_SETSIG, SIGURG) != 0) return errno;
  if (fcntl(descriptor, F_SETLEASE, kind) != 0) return errno;
  fcntl(descriptor, F_SETOWN, 0);
  return 0;
}

}  // namespace

int TakeLease(int descriptor) { return Take(descriptor, F_RDLCK); }

int TakeWriteLease(int descriptor) { return Take(descriptor, F_WRLCK); }

bool HoldsLease(int descriptor) { return fcntl(descriptor, F_GETLEASE) == F_RDLCK; }

void GiveUpLease(int descriptor) { fcntl(descriptor, F_SETLEASE, F_UNLCK); }

}  // namespace promfold
