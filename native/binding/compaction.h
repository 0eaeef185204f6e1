// compact, recoverCompaction and readManifest of the addon.
#ifndef PROMFOLD_BINDING_COMPACTION_H_
#define PROMFOLD_BINDING_COMPACTION_H_

#include <napi.h>

namespace binding {

Napi::Value Compact(const Napi::CallbackInfo& info);
Napi::Value RecoverCompaction(const Napi::CallbackInfo& info);
Napi::Value ReadManifest(const Napi::CallbackInfo& info);

}  // namespace binding

#endif  // PROMFOLD_BINDING_COMPACTION_H_
