// Reads mapped pages that may vanish while they are read.
//
// A file truncated under a mapping raises SIGBUS in the thread that touches the page next.
// ReadGuarded turns that into a return value. One handler for the process is installed on first
// use; it leaves the scope only for an address inside the scope's own range, on the scope's own
// thread, and hands everything else to the handler that was there before.
#ifndef PROMFOLD_CORE_GUARD_H_
#define PROMFOLD_CORE_GUARD_H_

#include <cstddef>

namespace promfold {

// Calls body(context); false where a page in [begin, begin + bytes) was gone. `body` is then left
// at whatever instruction it was at, and what it wrote may be half done. REQUIRES: no object with a
// destructor lives in body or below it, and body takes no lock and no memory: none of it would be
// undone. Scopes do not nest.
bool ReadGuarded(const void* begin, size_t bytes, void (*body)(void*), void* context);

// The same with a callable; what it captures lives outside the scope.
template <typename Body>
bool ReadGuarded(const void* begin, size_t bytes, Body&& body) {
  return ReadGuarded(
      begin, bytes, [](void* context) { (*static_cast<Body*>(context))(); }, &body);
}

}  // namespace promfold

#endif  // PROMFOLD_CORE_GUARD_H_
