// What is asked of the system, on threads that may be lost: paths (core/path_query.h), the
// addresses of a host (core/host_lookup.h). src/native.ts has the promises under the same names.
#ifndef PROMFOLD_BINDING_QUERIES_H_
#define PROMFOLD_BINDING_QUERIES_H_

#include <napi.h>

namespace binding {

Napi::Value StatPath(const Napi::CallbackInfo& info);
Napi::Value ReadLink(const Napi::CallbackInfo& info);
Napi::Value RealPath(const Napi::CallbackInfo& info);
Napi::Value ReadNames(const Napi::CallbackInfo& info);
Napi::Value ReadWhole(const Napi::CallbackInfo& info);
Napi::Value IsOnLocalFileSystems(const Napi::CallbackInfo& info);
Napi::Value LookUpHost(const Napi::CallbackInfo& info);

}  // namespace binding

#endif  // PROMFOLD_BINDING_QUERIES_H_
