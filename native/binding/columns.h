// Calls that take the columns of a moment back: what changed since another moment, and pages
// printed from it later. They belong to no file set.
#ifndef PROMFOLD_BINDING_COLUMNS_H_
#define PROMFOLD_BINDING_COLUMNS_H_

#include <napi.h>

namespace binding {

// What src/native.ts calls compareColumns, printColumns.
Napi::Value CompareColumns(const Napi::CallbackInfo& info);
Napi::Value PrintColumns(const Napi::CallbackInfo& info);

}  // namespace binding

#endif  // PROMFOLD_BINDING_COLUMNS_H_
