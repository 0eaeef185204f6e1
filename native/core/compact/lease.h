// Read leases: the kernel's word that no process of this host, in whichever namespace, has a file
// open for writing or maps it so.
//
// Whoever opens the file for writing then waits in open() until the lease is given up, 45 seconds
// at the most (/proc/sys/fs/lease-break-time), and the lease says so. Readers are not held up.
// Source: fcntl(2), "Leases".
#ifndef PROMFOLD_CORE_COMPACT_LEASE_H_
#define PROMFOLD_CORE_COMPACT_LEASE_H_

namespace promfold {

// Of a file that is open for reading only. Returns 0 or an errno. EAGAIN: it is open for writing.
// EACCES: it belongs to another user. EINVAL and others: its file system has no leases.
int TakeLease(int descriptor);

// Of a file that nothing else has open. Then readers wait, too.
int TakeWriteLease(int descriptor);

// Whether nothing has opened the file for writing since.
bool HoldsLease(int descriptor);

void GiveUpLease(int descriptor);

}  // namespace promfold

#endif  // PROMFOLD_CORE_COMPACT_LEASE_H_
