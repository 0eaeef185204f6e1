// The addresses of a host, as the system finds them (nsswitch.conf): /etc/hosts, DNS and others.
//
// Where a name server does not answer, it takes ten seconds and more. So it is called on a thread
// that may be lost (detached_thread.h).
#ifndef PROMFOLD_CORE_HOST_LOOKUP_H_
#define PROMFOLD_CORE_HOST_LOOKUP_H_

#include <string>
#include <vector>

namespace promfold {

// Fills `addresses` with texts such as `127.0.0.1` and `::1`, the best first. Returns what went
// wrong, by the name that Node has for it, such as `ENOTFOUND`; "" for nothing. Then there is at
// least one address.
std::string LookUpHost(const char* host, std::vector<std::string>* addresses);

}  // namespace promfold

#endif  // PROMFOLD_CORE_HOST_LOOKUP_H_
