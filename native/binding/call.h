// Asynchronous calls: the work of one runs on a thread that may be lost (core/detached_thread.h),
// its promise is settled on the main thread.
//
//   main thread    Begin ─▶ promise                          Settle: resolves or rejects
//                    │                                          ▲
//   its thread       └──▶ Work ──▶ Mailbox::Post ──▶ (event loop)
//
// A thread may come back when the environment is gone: then nothing is settled.
#ifndef PROMFOLD_BINDING_CALL_H_
#define PROMFOLD_BINDING_CALL_H_

#include <napi.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "core/detached_thread.h"
#include "core/precondition.h"

namespace binding {

// Why an asynchronous call rejects; an empty code is left out.
struct Failure {
  std::string code;
  std::string message;
};

using MaybeFailure = std::optional<Failure>;

MaybeFailure ToFailure(const promfold::PreconditionError& error);
// `ENOENT: cannot list '/run/prom'`; none where error is 0.
MaybeFailure ToFailure(int error, const char* what, const std::string& path);

// ENOMEM where there was none for the answer.
MaybeFailure UnlessMemory(bool has_memory);

Napi::Error ToError(Napi::Env env, const Failure& failure);

class Call;

// Where calls that are done wait for the main thread. It outlives the environment: a thread may
// come back when that is gone.
class Mailbox {
 public:
  // One for each environment, closed at its end.
  static std::shared_ptr<Mailbox> Open(Napi::Env env);

  // On any thread.
  void Post(std::shared_ptr<Call> call);

  // On the main thread. The event loop stays alive while a call is expected.
  void Expect(Napi::Env env) {
    if (expected_++ == 0) napi_ref_threadsafe_function(env, function_);
  }
  void NoLongerExpect(Napi::Env env) {
    if (--expected_ == 0) napi_unref_threadsafe_function(env, function_);
  }

 private:
  static void Deliver(napi_env env, napi_value, void*, void* call);

  std::mutex mutex_;
  bool is_open_ = true;
  napi_threadsafe_function function_ = nullptr;
  uint32_t expected_ = 0;
};

// What the environment keeps for the addon.
struct Addon {
  std::shared_ptr<Mailbox> mailbox;
  // The class Recording, of which JavaScript makes no objects.
  Napi::FunctionReference recording;
};

// One asynchronous call: work on a thread, and what becomes of it on the main thread.
class Call : public std::enable_shared_from_this<Call> {
 public:
  // `object` stays alive until the call is settled; it may be empty.
  Call(Napi::Env env, Napi::Object object)
      : mailbox_(env.GetInstanceData<Addon>()->mailbox),
        promised_(
            new Promised{object.IsEmpty() ? Napi::ObjectReference() : Napi::Persistent(object),
                         Napi::Promise::Deferred::New(env)}) {}
  virtual ~Call() = default;

  Napi::Value Begin(Napi::Env env) {
    const Napi::Promise promise = promised_->deferred.Promise();
    mailbox_->Expect(env);
    const auto run = [call = shared_from_this()] {
      if (call->Work()) call->mailbox_->Post(call);
    };
    if (!promfold::RunDetached(run)) Reject(env, {"EAGAIN", "EAGAIN: no thread can be had"});
    return promise;
  }

  // On the main thread, all of them: one settles the promise, once.
  void Settle(Napi::Env env) {
    if (const MaybeFailure& failure = this->failure()) return Reject(env, *failure);
    const std::unique_ptr<Promised> promised = End(env);
    promised->deferred.Resolve(Result(env));
  }
  void Reject(Napi::Env env, const Failure& failure) {
    const std::unique_ptr<Promised> promised = End(env);
    promised->deferred.Reject(ToError(env, failure).Value());
  }

 protected:
  // On its thread. False where the call was abandoned.
  virtual bool Work() = 0;
  // On the main thread.
  virtual const MaybeFailure& failure() const = 0;
  virtual Napi::Value Result(Napi::Env env) = 0;
  virtual void OnEnd() {}

 private:
  // The main thread's part, which no other may destroy: at the end of the environment it is left.
  struct Promised {
    Napi::ObjectReference object;
    Napi::Promise::Deferred deferred;
  };

  std::unique_ptr<Promised> End(Napi::Env env) {
    mailbox_->NoLongerExpect(env);
    OnEnd();
    return std::unique_ptr<Promised>(std::exchange(promised_, nullptr));
  }

  const std::shared_ptr<Mailbox> mailbox_;
  Promised* promised_;
};

// A call that belongs to no object.
template <typename Answer>
class Task : public Call {
 public:
  using Make = std::function<MaybeFailure(Answer*)>;
  using Convert = std::function<Napi::Value(Napi::Env, Answer*)>;

  Task(Napi::Env env, Make make, Convert convert)
      : Call(env, Napi::Object()), make_(std::move(make)), convert_(std::move(convert)) {}

 private:
  bool Work() override {
    failure_ = make_(&answer_);
    return true;
  }
  const MaybeFailure& failure() const override { return failure_; }
  Napi::Value Result(Napi::Env env) override { return convert_(env, &answer_); }

  const Make make_;
  const Convert convert_;
  Answer answer_;
  MaybeFailure failure_;
};

template <typename Answer>
Napi::Value StartTask(Napi::Env env, typename Task<Answer>::Make make,
                      typename Task<Answer>::Convert convert) {
  return std::make_shared<Task<Answer>>(env, std::move(make), std::move(convert))->Begin(env);
}

}  // namespace binding

#endif  // PROMFOLD_BINDING_CALL_H_
