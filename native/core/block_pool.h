// Large blocks of memory that are used again instead of being given back.
//
// A body lives until JavaScript's garbage collection notices that it is dead, so several are alive
// at once, and glibc gives blocks of that size back to the kernel; every scrape would then fault in
// each of its pages anew (12 MB: 3,000 faults, which can cost ten times what printing costs).
// Spares are shared by the whole process and bounded; small blocks are left to malloc.
#ifndef PROMFOLD_CORE_BLOCK_POOL_H_
#define PROMFOLD_CORE_BLOCK_POOL_H_

#include <cstddef>

namespace promfold {

// A block of at least *bytes, and sets *bytes to its size. Null where memory ran out. Any thread.
char* TakeBlock(size_t* bytes);

// Gives back what TakeBlock gave, with the size it set. Any thread.
void ReturnBlock(char* block, size_t bytes);

}  // namespace promfold

#endif  // PROMFOLD_CORE_BLOCK_POOL_H_
