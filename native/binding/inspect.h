// One metric file, read for people (core/inspect_file.h).
#ifndef PROMFOLD_BINDING_INSPECT_H_
#define PROMFOLD_BINDING_INSPECT_H_

#include <napi.h>

namespace binding {

// What src/native.ts calls readMetricFile, readMetricBytes.
Napi::Value ReadMetricFile(const Napi::CallbackInfo& info);
Napi::Value ReadMetricBytes(const Napi::CallbackInfo& info);

}  // namespace binding

#endif  // PROMFOLD_BINDING_INSPECT_H_
