#include "host_lookup.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>

#include "errno_name.h"

namespace promfold {
namespace {

// As node:dns calls them; musl has no EAI_NODATA.
std::string LookupErrorName(int error, int system_error) {
  switch (error) {
#ifdef EAI_NODATA
    case EAI_NODATA:
#endif
    case EAI_NONAME:
      return "ENOTFOUND";
    case EAI_AGAIN:
      return "EAI_AGAIN";
    case EAI_MEMORY:
      return "EAI_MEMORY";
    case EAI_SYSTEM:
      return ErrnoName(system_error);
    default:
      return "EAI_FAIL";
  }
}

}  // namespace

std::string LookUpHost(const char* host, std::vector<std::string>* addresses) {
  addrinfo hints{};
  // One of each address, not of each protocol; of those kinds that this machine has itself.
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host, nullptr, &hints, &found);
  if (error != 0) return LookupErrorName(error, errno);
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(found, &freeaddrinfo);
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    // With the scope of a link-local address: `fe80::1%eth0`.
    char text[INET6_ADDRSTRLEN + 64];
    const int failed =
        getnameinfo(at->ai_addr, at->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST);
    if (failed == 0) addresses->emplace_back(text);
  }
  return addresses->empty() ? "ENOTFOUND" : "";
}

}  // namespace promfold
