// One call on a file set: it may first look at the directory, and then works with the set. While it
// looks, which may hang, it can be abandoned, and uses nothing of the set. The object it belongs to
// stays alive, and busy, until it is settled.
//
//              comes back                       done
//   looking ───────────────▶ at work with the set ───▶ settled
//      │ Abandon
//      ▼          comes back
//   abandoned ───────────────▶ returned, without having touched the set
#ifndef PROMFOLD_BINDING_SET_CALL_H_
#define PROMFOLD_BINDING_SET_CALL_H_

#include <napi.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "call.h"
#include "core/file_set.h"
#include "core/pending_operation.h"

namespace binding {

class SetCall : public Call {
 public:
  // `on_end` is called on the main thread, when the call is about to be settled.
  SetCall(Napi::Env env, Napi::Object object, std::function<void()> on_end)
      : Call(env, object), on_end_(std::move(on_end)) {}

  // On the main thread. Whether it was looking, and will not touch the set any more.
  bool Abandon() {
    Stage stage = Stage::kLooking;
    return stage_.compare_exchange_strong(stage, Stage::kAbandoned);
  }
  bool is_looking() const { return stage_ == Stage::kLooking; }
  bool has_returned() const { return stage_ == Stage::kReturned; }
  int64_t pending_milliseconds() const { return pending_.milliseconds(); }

 protected:
  bool Work() override {
    MaybeFailure failure = Look(&pending_);
    Stage stage = Stage::kLooking;
    if (!stage_.compare_exchange_strong(stage, Stage::kAtWork)) {
      stage_ = Stage::kReturned;
      return false;
    }
    failure_ = failure ? std::move(failure) : WorkWithSet();
    return true;
  }
  virtual MaybeFailure Look(promfold::PendingOperation* pending) = 0;
  virtual MaybeFailure WorkWithSet() = 0;

 private:
  enum class Stage { kLooking, kAtWork, kAbandoned, kReturned };

  const MaybeFailure& failure() const override { return failure_; }
  void OnEnd() override { on_end_(); }

  const std::function<void()> on_end_;
  std::atomic<Stage> stage_ = Stage::kLooking;
  promfold::PendingOperation pending_;
  MaybeFailure failure_;
};

template <typename Answer>
class SetCallOf : public SetCall {
 public:
  using LookAt = std::function<MaybeFailure(promfold::PendingOperation*, Answer*)>;
  using WorkWith = std::function<MaybeFailure(promfold::FileSet*, Answer*)>;
  using Convert = std::function<Napi::Value(Napi::Env, Answer*)>;

  SetCallOf(Napi::Env env, Napi::Object object, std::function<void()> on_end,
            std::shared_ptr<promfold::FileSet> set, LookAt look, WorkWith work, Convert convert)
      : SetCall(env, object, std::move(on_end)),
        set_(std::move(set)),
        look_(std::move(look)),
        work_(std::move(work)),
        convert_(std::move(convert)) {}

 private:
  MaybeFailure Look(promfold::PendingOperation* pending) override {
    return look_ ? look_(pending, &answer_) : std::nullopt;
  }
  MaybeFailure WorkWithSet() override { return work_(set_.get(), &answer_); }
  Napi::Value Result(Napi::Env env) override { return convert_(env, &answer_); }

  const std::shared_ptr<promfold::FileSet> set_;
  const LookAt look_;
  const WorkWith work_;
  const Convert convert_;
  Answer answer_;
};

}  // namespace binding

#endif  // PROMFOLD_BINDING_SET_CALL_H_
