// The class Recording of src/native.ts (core/recording/read_*.h), and openRecording.
#ifndef PROMFOLD_BINDING_RECORDING_OBJECT_H_
#define PROMFOLD_BINDING_RECORDING_OBJECT_H_

#include <napi.h>

#include <memory>

#include "core/recording/recorder.h"

namespace binding {

class RecordingObject : public Napi::ObjectWrap<RecordingObject> {
 public:
  static Napi::Function Define(Napi::Env env);
  static Napi::Value Make(Napi::Env env, promfold::RecordedSegments recorded);
  // Takes what Make gives it.
  explicit RecordingObject(const Napi::CallbackInfo& info);

 private:
  Napi::Value Segments(const Napi::CallbackInfo& info);
  Napi::Value Times(const Napi::CallbackInfo& info);
  Napi::Value At(const Napi::CallbackInfo& info);
  Napi::Value History(const Napi::CallbackInfo& info);
  Napi::Value Increases(const Napi::CallbackInfo& info);
  Napi::Value KeyTable(const Napi::CallbackInfo& info);
  Napi::Value KeyCount(const Napi::CallbackInfo& info);
  Napi::Value KeyTexts(const Napi::CallbackInfo& info);
  Napi::Value Save(const Napi::CallbackInfo& info);
  Napi::Value Close(const Napi::CallbackInfo& info);

  // False, and an exception pending, where it is closed.
  bool IsOpen(Napi::Env env) const;

  // Shared with the calls under way, which may outlive this; null when closed.
  std::shared_ptr<const promfold::RecordedSegments> recorded_;
};

// What src/native.ts calls openRecording.
Napi::Value OpenRecording(const Napi::CallbackInfo& info);

}  // namespace binding

#endif  // PROMFOLD_BINDING_RECORDING_OBJECT_H_
