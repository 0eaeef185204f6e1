// The class FileSet of src/native.ts: each method reads its arguments, calls the core and gives
// back what it says. One asynchronous call at a time; other calls meanwhile throw.
#ifndef PROMFOLD_BINDING_FILE_SET_OBJECT_H_
#define PROMFOLD_BINDING_FILE_SET_OBJECT_H_

#include <napi.h>

#include <functional>
#include <memory>

#include "call.h"
#include "core/file_set.h"
#include "core/pending_operation.h"
#include "set_call.h"

namespace binding {

class FileSetObject : public Napi::ObjectWrap<FileSetObject> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit FileSetObject(const Napi::CallbackInfo& info);

 private:
  Napi::Value List(const Napi::CallbackInfo& info);
  Napi::Value Accept(const Napi::CallbackInfo& info);
  Napi::Value Release(const Napi::CallbackInfo& info);
  Napi::Value AddRetained(const Napi::CallbackInfo& info);
  Napi::Value SetMinTimestamps(const Napi::CallbackInfo& info);
  Napi::Value Refresh(const Napi::CallbackInfo& info);
  Napi::Value RefreshAsListed(const Napi::CallbackInfo& info);
  Napi::Value Abandon(const Napi::CallbackInfo& info);
  Napi::Value Counts(const Napi::CallbackInfo& info);
  Napi::Value SetLimits(const Napi::CallbackInfo& info);
  Napi::Value KeyTexts(const Napi::CallbackInfo& info);
  Napi::Value KeyIds(const Napi::CallbackInfo& info);
  Napi::Value EntryOffset(const Napi::CallbackInfo& info);
  Napi::Value GatherEntries(const Napi::CallbackInfo& info);
  Napi::Value Rows(const Napi::CallbackInfo& info);
  Napi::Value EntryPlaces(const Napi::CallbackInfo& info);
  Napi::Value FileFacts(const Napi::CallbackInfo& info);
  Napi::Value Survey(const Napi::CallbackInfo& info);
  Napi::Value SetRows(const Napi::CallbackInfo& info);
  Napi::Value Order(const Napi::CallbackInfo& info);
  Napi::Value SetLayout(const Napi::CallbackInfo& info);
  Napi::Value Collect(const Napi::CallbackInfo& info);
  Napi::Value SlotTimes(const Napi::CallbackInfo& info);
  Napi::Value CompactKeys(const Napi::CallbackInfo& info);
  Napi::Value Close(const Napi::CallbackInfo& info);

  // The set, where it may be used now. Else null, and an exception pending.
  promfold::FileSet* Usable(Napi::Env env);
  // The file of info[0], likewise.
  const promfold::MetricFile* UsableFile(const Napi::CallbackInfo& info);

  // Runs look(pending, answer), if there is one, and then work(set, answer) on a thread; the
  // promise gets convert(env, answer). `look` may never come back, and uses nothing of the set.
  template <typename Answer>
  Napi::Value Start(const Napi::CallbackInfo& info,
                    std::function<MaybeFailure(promfold::PendingOperation*, Answer*)> look,
                    std::function<MaybeFailure(promfold::FileSet*, Answer*)> work,
                    std::function<Napi::Value(Napi::Env, Answer*)> convert);
  Failure NoAnswer() const;

  // Shared with the call under way, which may outlive this.
  std::shared_ptr<promfold::FileSet> set_;
  std::shared_ptr<SetCall> call_;       // under way
  std::shared_ptr<SetCall> abandoned_;  // its thread may not have come back
};

}  // namespace binding

#endif  // PROMFOLD_BINDING_FILE_SET_OBJECT_H_
