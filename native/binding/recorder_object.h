// The class Recorder of src/native.ts (core/recording/recorder.h).
#ifndef PROMFOLD_BINDING_RECORDER_OBJECT_H_
#define PROMFOLD_BINDING_RECORDER_OBJECT_H_

#include <napi.h>

#include <memory>

#include "core/recording/recorder.h"

namespace binding {

class RecorderObject : public Napi::ObjectWrap<RecorderObject> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit RecorderObject(const Napi::CallbackInfo& info);

 private:
  Napi::Value Add(const Napi::CallbackInfo& info);
  Napi::Value Recording(const Napi::CallbackInfo& info);
  Napi::Value SetMaxBytes(const Napi::CallbackInfo& info);
  Napi::Value Close(const Napi::CallbackInfo& info);

  // False, and an exception pending, where it is closed.
  bool IsOpen(Napi::Env env) const;

  // Shared with the call under way, which may outlive this; null when closed.
  std::shared_ptr<promfold::Recorder> recorder_;
  bool is_durable_ = false;
  bool is_busy_ = false;
};

}  // namespace binding

#endif  // PROMFOLD_BINDING_RECORDER_OBJECT_H_
