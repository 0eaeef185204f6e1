#include "lease.h"

#include <fcntl.h>
#include <signal.h>

#include <cerrno>

namespace promfold {

int TakeLease(int descriptor) {
  // Whoever opens the file has us sent a signal: SIGIO, which would end the process, but for this.
  // SIGURG is ignored by default, and there is no one to send it to, once the lease is there.
  if (fcntl(descriptor, F_SETSIG, SIGURG) != 0) return errno;
  if (fcntl(descriptor, F_SETLEASE, F_RDLCK) != 0) return errno;
  fcntl(descriptor, F_SETOWN, 0);
  return 0;
}

bool HoldsLease(int descriptor) { return fcntl(descriptor, F_GETLEASE) == F_RDLCK; }

void GiveUpLease(int descriptor) { fcntl(descriptor, F_SETLEASE, F_UNLCK); }

}  // namespace promfold
