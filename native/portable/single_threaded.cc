// What the static C++ library (of GCC 11 and later) asks of glibc 2.32 and later, for an addon that
// runs on older ones: whether there is one thread only, so that counts need no atomic operation.
// Node always has several.
//
// Only the addon that is published has this file (scripts/package/portable-addon.js).

extern "C" {
__attribute__((visibility("hidden"))) extern const char __libc_single_threaded = 0;
}
