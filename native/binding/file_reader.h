// The class FileReader of src/native.ts: metric files, read for people (core/inspect_files.h), and
// their keys by number.
#ifndef PROMFOLD_BINDING_FILE_READER_H_
#define PROMFOLD_BINDING_FILE_READER_H_

#include <napi.h>

#include <memory>

#include "core/inspect_files.h"

namespace binding {

class FileReader : public Napi::ObjectWrap<FileReader> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit FileReader(const Napi::CallbackInfo& info);

 private:
  Napi::Value ReadFiles(const Napi::CallbackInfo& info);
  Napi::Value ReadBytes(const Napi::CallbackInfo& info);
  Napi::Value AddKey(const Napi::CallbackInfo& info);
  Napi::Value KeyCount(const Napi::CallbackInfo& info);
  Napi::Value KeyTexts(const Napi::CallbackInfo& info);

  // Shared with the calls under way, which may outlive this.
  const std::shared_ptr<promfold::SharedKeys> keys_;
};

}  // namespace binding

#endif  // PROMFOLD_BINDING_FILE_READER_H_
