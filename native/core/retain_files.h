// What happens to the values of files that are gone: each file's retained file takes them over, so
// that no sum goes back.
#ifndef PROMFOLD_CORE_RETAIN_FILES_H_
#define PROMFOLD_CORE_RETAIN_FILES_H_

#include <cstdint>

#include "file_list.h"

namespace promfold {

// REQUIRES: none of `removed` is listed any more, and the renamed ones are listed under their new
// names; all have retained files; their key ids are below `keys`.
void RetainFiles(const RemovedFiles& removed, const FileList& list, uint32_t keys);

}  // namespace promfold

#endif  // PROMFOLD_CORE_RETAIN_FILES_H_
