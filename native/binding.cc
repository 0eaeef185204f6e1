// The whole surface between JavaScript and the core: convert, call, convert back. No rule about
// metrics lives here; if a line needs a test, it belongs in core/.
//
// What the functions promise is said in src/native.ts. Asynchronous ones run on threads that may be
// lost (core/detached_thread.h), those of one file set one at a time. JavaScript is called for one
// thing only, Buffer.from, which runs nobody's code; no callback is ever taken.
#include <malloc.h>
#include <napi.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/block_pool.h"
#include "core/blocking_jobs.h"
#include "core/detached_thread.h"
#include "core/directory.h"
#include "core/errno_name.h"
#include "core/file_set.h"
#include "core/host_lookup.h"
#include "core/inspect_file.h"
#include "core/number.h"
#include "core/path_query.h"
#include "core/pending_operation.h"
#include "core/render.h"

namespace {

using promfold::PreconditionError;

template <typename T>
constexpr napi_typedarray_type kArrayType = napi_uint8_array;
template <>
constexpr napi_typedarray_type kArrayType<uint32_t> = napi_uint32_array;
template <>
constexpr napi_typedarray_type kArrayType<int32_t> = napi_int32_array;
template <>
constexpr napi_typedarray_type kArrayType<double> = napi_float64_array;

void ThrowExpected(Napi::Env env, const std::string& expected) {
  Napi::TypeError::New(env, "expected " + expected).ThrowAsJavaScriptException();
}

void ThrowPreconditionError(Napi::Env env, const std::string& error) {
  Napi::Error::New(env, error).ThrowAsJavaScriptException();
}

// A column passed in, valid during the call. For any other value: none, and an exception pending.
template <typename T>
std::optional<std::span<const T>> Column(Napi::Value value, const char* expected) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != kArrayType<T>) {
    ThrowExpected(value.Env(), expected);
    return std::nullopt;
  }
  const auto array = value.As<Napi::TypedArrayOf<T>>();
  return std::span<const T>(array.Data(), array.ElementLength());
}

std::optional<uint32_t> Uint32(Napi::Value value, const char* expected) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
  if (!(number >= 0) || number > UINT32_MAX || number != std::floor(number)) {
    ThrowExpected(value.Env(), expected);
    return std::nullopt;
  }
  return static_cast<uint32_t>(number);
}

template <typename T>
Napi::TypedArrayOf<T> ToArray(Napi::Env env, std::span<const T> column) {
  auto array = Napi::TypedArrayOf<T>::New(env, column.size());
  if (!column.empty()) std::memcpy(array.Data(), column.data(), column.size_bytes());
  return array;
}

template <typename T>
Napi::TypedArrayOf<T> ToArray(Napi::Env env, const std::vector<T>& column) {
  return ToArray(env, std::span<const T>(column));
}

Napi::Object ToChanges(Napi::Env env, const std::vector<promfold::FileChange>& changes) {
  const size_t count = changes.size();
  auto id = Napi::Uint32Array::New(env, count);
  auto state = Napi::Uint8Array::New(env, count);
  auto entry_from = Napi::Uint32Array::New(env, count);
  auto entry_count = Napi::Uint32Array::New(env, count);
  Napi::Array faults = Napi::Array::New(env);
  for (size_t i = 0; i < count; ++i) {
    const promfold::FileChange& change = changes[i];
    id[i] = change.id;
    state[i] = static_cast<uint8_t>(change.state);
    entry_from[i] = change.entry_from;
    entry_count[i] = change.entry_count;
    if (change.fault.ok()) continue;
    Napi::Object fault = Napi::Object::New(env);
    fault.Set("id", change.id);
    fault.Set("fault", static_cast<uint32_t>(change.fault.code()));
    fault.Set("offset", static_cast<double>(change.fault.offset));
    fault.Set("found", promfold::FoundPhrase(change.fault));
    fault.Set("changedSeconds", change.changed_seconds);
    faults.Set(faults.Length(), fault);
  }
  Napi::Object object = Napi::Object::New(env);
  object.Set("id", id);
  object.Set("state", state);
  object.Set("entryFrom", entry_from);
  object.Set("entryCount", entry_count);
  object.Set("faults", faults);
  return object;
}

// Marks the memory of bodies; no other is ever taken from JavaScript.
constexpr napi_type_tag kBodyTag = {0x70726f6d666f6c64, 0x626f6479626f6479};

// A Buffer over the body's own memory; the tail stays reachable behind it in buffer.buffer.
Napi::Value ToBuffer(Napi::Env env, promfold::Body* body) {
  Napi::ArrayBuffer memory;
  if (body->block.bytes() == 0) {
    memory = Napi::ArrayBuffer::New(env, 0);
  } else {
    auto* const block = new promfold::Block(std::move(body->block));
    memory = Napi::ArrayBuffer::New(
        env, block->memory(), block->bytes(),
        [](Napi::Env, void*, promfold::Block* done) { delete done; }, block);
    memory.TypeTag(&kBodyTag);
  }
  const Napi::Object buffer = env.Global().Get("Buffer").As<Napi::Object>();
  return buffer.Get("from").As<Napi::Function>().Call(
      buffer, {memory, Napi::Number::New(env, 0),
               Napi::Number::New(env, static_cast<double>(body->length))});
}

// Takes the memory of a body from JavaScript, which sees a length of 0 from now on.
Napi::Value ReleaseBody(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsBuffer()) {
    ThrowExpected(env, "a body as a Buffer");
    return env.Undefined();
  }
  Napi::ArrayBuffer memory = info[0].As<Napi::Buffer<char>>().ArrayBuffer();
  if (memory.CheckTypeTag(&kBodyTag)) memory.Detach();
  return env.Undefined();
}

// ---- templates and pages ----

// Mark the objects of createTemplate and createPage; no other object is ever unwrapped as one.
constexpr napi_type_tag kTemplateTag = {0x70726f6d666f6c64, 0x74656d706c617465};
constexpr napi_type_tag kPageTag = {0x70726f6d666f6c64, 0x7061676570616765};

// A JavaScript object that shares what it holds with whoever uses it.
template <typename T>
Napi::Value Wrapped(Napi::Env env, std::shared_ptr<const T> held, const napi_type_tag& tag) {
  Napi::Object object = Napi::Object::New(env);
  object.TypeTag(&tag);
  auto* const shared = new std::shared_ptr<const T>(std::move(held));
  const auto finalize = [](napi_env, void* data, void*) {
    delete static_cast<std::shared_ptr<const T>*>(data);
  };
  if (napi_wrap(env, object, shared, finalize, nullptr, nullptr) != napi_ok) {
    delete shared;
    ThrowPreconditionError(env, "the object could not be wrapped");
    return env.Undefined();
  }
  return object;
}

// What Wrapped put there under this tag; null for anything else.
template <typename T>
const std::shared_ptr<const T>* Unwrapped(Napi::Value value, const napi_type_tag& tag) {
  void* held = nullptr;
  if (!value.IsObject() || !value.As<Napi::Object>().CheckTypeTag(&tag) ||
      napi_unwrap(value.Env(), value, &held) != napi_ok) {
    return nullptr;
  }
  return static_cast<const std::shared_ptr<const T>*>(held);
}

// False where the value is no array, or take(element) is.
template <typename Take>
bool ForEach(Napi::Value value, Take take) {
  if (!value.IsArray()) return false;
  const auto array = value.As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length(); ++i) {
    if (!take(array.Get(i))) return false;
  }
  return true;
}

Napi::Value CreateTemplate(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto text = Column<uint8_t>(info[0], "text as a Uint8Array");
  if (!text) return env.Undefined();
  const auto header_end = Uint32(info[1], "headerEnd as a number of bytes");
  if (!header_end) return env.Undefined();
  const auto line_end = Column<uint32_t>(info[2], "lineEnd as a Uint32Array");
  if (!line_end) return env.Undefined();
  const auto slot = Column<uint32_t>(info[3], "slot as a Uint32Array");
  if (!slot) return env.Undefined();

  auto made = std::make_shared<promfold::Template>();
  made->text.assign(text->begin(), text->end());
  made->header_end = *header_end;
  made->line_end.assign(line_end->begin(), line_end->end());
  made->slot.assign(slot->begin(), slot->end());
  if (!made->Seal()) {
    ThrowExpected(env, "lineEnd to ascend from headerEnd inside text, one slot for each");
    return env.Undefined();
  }

  return Wrapped<promfold::Template>(env, std::move(made), kTemplateTag);
}

Napi::Value CreatePage(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto page = std::make_shared<promfold::Page>();
  if (!ForEach(info[0], [&](Napi::Value part) {
        const auto* const made = Unwrapped<promfold::Template>(part, kTemplateTag);
        if (made != nullptr) page->push_back(*made);
        return made != nullptr;
      })) {
    ThrowExpected(env, "an array of templates");
    return env.Undefined();
  }
  return Wrapped<promfold::Page>(env, page, kPageTag);
}

std::optional<promfold::Pages> ToPages(Napi::Value value) {
  promfold::Pages pages;
  if (!ForEach(value, [&](Napi::Value page) {
        const auto* const made = Unwrapped<promfold::Page>(page, kPageTag);
        if (made != nullptr) pages.push_back(*made);
        return made != nullptr;
      })) {
    ThrowExpected(value.Env(), "an array of pages");
    return std::nullopt;
  }
  return pages;
}

// For anything but an object of src/native.ts' Printing: none, and an exception pending.
std::optional<promfold::Printing> ToPrinting(Napi::Value value) {
  if (!value.IsObject()) {
    ThrowExpected(value.Env(), "what to print");
    return std::nullopt;
  }
  const auto object = value.As<Napi::Object>();
  auto pages = ToPages(object.Get("pages"));
  if (!pages) return std::nullopt;
  const auto tail = Uint32(object.Get("tail"), "tail as a number of bytes");
  if (!tail) return std::nullopt;
  return promfold::Printing{std::move(*pages), *tail, object.Get("onlyWhatIsPrinted").ToBoolean()};
}

// REQUIRES: ToPrinting took it.
bool WithPartEnds(Napi::Value printing) {
  return printing.As<Napi::Object>().Get("partEnds").ToBoolean();
}

Napi::Value ToCollected(Napi::Env env, promfold::CollectResult* result, bool with_part_ends) {
  const uint32_t count = static_cast<uint32_t>(result->bodies.size());
  Napi::Object collected = Napi::Object::New(env);
  if (with_part_ends) {
    Napi::Array part_ends = Napi::Array::New(env, count);
    for (uint32_t i = 0; i < count; ++i) {
      part_ends.Set(i, ToArray(env, result->bodies[i].part_end));
    }
    collected.Set("partEnds", part_ends);
  }
  Napi::Array bodies = Napi::Array::New(env, count);
  for (uint32_t i = 0; i < count; ++i) bodies.Set(i, ToBuffer(env, &result->bodies[i]));
  collected.Set("bodies", bodies);
  if (!result->changes.empty()) collected.Set("changes", ToChanges(env, result->changes));
  return collected;
}

// ---- asynchronous calls ----

// Why an asynchronous call rejects; an empty code is left out.
struct Failure {
  std::string code;
  std::string message;
};

using MaybeFailure = std::optional<Failure>;

MaybeFailure ToFailure(const PreconditionError& error) {
  if (!error) return std::nullopt;
  return Failure{"", *error};
}

// `ENOENT: cannot list '/run/prom'`.
MaybeFailure ToFailure(int error, const char* what, const std::string& path) {
  if (error == 0) return std::nullopt;
  const std::string code = promfold::ErrnoName(error);
  return Failure{code, code + ": " + what + " '" + path + "'"};
}

MaybeFailure LackOfMemory(const promfold::CollectResult& result) {
  for (const promfold::Body& body : result.bodies) {
    if (body.block.memory() == nullptr) return Failure{"ENOMEM", "ENOMEM: no memory to print into"};
  }
  return std::nullopt;
}

class Call;

// Where calls that are done wait for the main thread. It outlives the environment: a thread may
// come back when that is gone.
class Mailbox {
 public:
  // One for each environment, closed at its end.
  static std::shared_ptr<Mailbox> Open(Napi::Env env);

  // On any thread.
  void Post(std::shared_ptr<Call> call);

  // On the main thread. The event loop goes on while a call is expected.
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

struct Addon {
  std::shared_ptr<Mailbox> mailbox;
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
    const Napi::Error error = Napi::Error::New(env, failure.message);
    if (!failure.code.empty()) error.Value().Set("code", failure.code);
    promised->deferred.Reject(error.Value());
  }

 protected:
  // On its thread. False where nobody waits for it any more.
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

std::shared_ptr<Mailbox> Mailbox::Open(Napi::Env env) {
  auto mailbox = std::make_shared<Mailbox>();
  const napi_status status = napi_create_threadsafe_function(
      env, nullptr, nullptr, Napi::String::New(env, "promfold"), 0, 1, nullptr, nullptr, nullptr,
      &Mailbox::Deliver, &mailbox->function_);
  if (status != napi_ok) return nullptr;
  napi_unref_threadsafe_function(env, mailbox->function_);
  // Ahead of the function's own end: hooks run in reverse order.
  napi_add_env_cleanup_hook(
      env,
      [](void* argument) {
        const std::unique_ptr<std::shared_ptr<Mailbox>> closed(
            static_cast<std::shared_ptr<Mailbox>*>(argument));
        const std::lock_guard lock((*closed)->mutex_);
        (*closed)->is_open_ = false;
      },
      new std::shared_ptr<Mailbox>(mailbox));
  return mailbox;
}

void Mailbox::Post(std::shared_ptr<Call> call) {
  const std::lock_guard lock(mutex_);
  if (!is_open_) return;
  auto* const posted = new std::shared_ptr<Call>(std::move(call));
  if (napi_call_threadsafe_function(function_, posted, napi_tsfn_nonblocking) != napi_ok) {
    delete posted;
  }
}

void Mailbox::Deliver(napi_env env, napi_value, void*, void* call) {
  const std::unique_ptr<std::shared_ptr<Call>> posted(static_cast<std::shared_ptr<Call>*>(call));
  if (env != nullptr) (*posted)->Settle(env);
}

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

// ---- the file set ----

class SetCall;

class FileSetObject : public Napi::ObjectWrap<FileSetObject> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit FileSetObject(const Napi::CallbackInfo& info);

  // For SetCall.
  void CallEnded() { call_.reset(); }

 private:
  Napi::Value List(const Napi::CallbackInfo& info);
  Napi::Value Accept(const Napi::CallbackInfo& info);
  Napi::Value Release(const Napi::CallbackInfo& info);
  Napi::Value SetFloors(const Napi::CallbackInfo& info);
  Napi::Value Refresh(const Napi::CallbackInfo& info);
  Napi::Value RefreshAsListed(const Napi::CallbackInfo& info);
  Napi::Value Abandon(const Napi::CallbackInfo& info);
  Napi::Value Counts(const Napi::CallbackInfo& info);
  Napi::Value SetLimits(const Napi::CallbackInfo& info);
  Napi::Value KeyTexts(const Napi::CallbackInfo& info);
  Napi::Value KeyIds(const Napi::CallbackInfo& info);
  Napi::Value EntryOffset(const Napi::CallbackInfo& info);
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

// One call on a file set. The object it belongs to stays alive, and busy, until it is settled.
//
//              comes back                       done
//   looking ───────────────▶ at work with the set ───▶ settled
//      │ Abandon
//      ▼          comes back
//   abandoned ───────────────▶ returned, without having touched the set
class SetCall : public Call {
 public:
  SetCall(Napi::Env env, Napi::Object object, FileSetObject* owner)
      : Call(env, object), owner_(owner) {}

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
  void OnEnd() override { owner_->CallEnded(); }

  FileSetObject* const owner_;
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

  SetCallOf(Napi::Env env, Napi::Object object, FileSetObject* owner,
            std::shared_ptr<promfold::FileSet> set, LookAt look, WorkWith work, Convert convert)
      : SetCall(env, object, owner),
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

Failure FileSetObject::NoAnswer() const {
  return {"ETIMEDOUT", "ETIMEDOUT: '" + set_->directory() + "' does not answer"};
}

template <typename Answer>
Napi::Value FileSetObject::Start(
    const Napi::CallbackInfo& info,
    std::function<MaybeFailure(promfold::PendingOperation*, Answer*)> look,
    std::function<MaybeFailure(promfold::FileSet*, Answer*)> work,
    std::function<Napi::Value(Napi::Env, Answer*)> convert) {
  const Napi::Env env = info.Env();
  if (Usable(env) == nullptr) return env.Undefined();
  if (abandoned_ != nullptr && look && !abandoned_->has_returned()) {
    const auto deferred = Napi::Promise::Deferred::New(env);
    const Failure failure = NoAnswer();
    const Napi::Error error = Napi::Error::New(env, failure.message);
    error.Value().Set("code", failure.code);
    deferred.Reject(error.Value());
    return deferred.Promise();
  }
  abandoned_.reset();
  const auto call =
      std::make_shared<SetCallOf<Answer>>(env, info.This().As<Napi::Object>(), this, set_,
                                          std::move(look), std::move(work), std::move(convert));
  call_ = call;
  return call->Begin(env);
}

// Returns after how many milliseconds to ask again; 0: the call under way is not looking, or is
// settled now.
Napi::Value FileSetObject::Abandon(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto timeout_ms = Uint32(info[0], "timeout as a number of milliseconds");
  if (!timeout_ms) return env.Undefined();
  double left = 0;
  if (call_ != nullptr && call_->is_looking()) {
    left = static_cast<double>(*timeout_ms) - static_cast<double>(call_->pending_milliseconds());
    if (left <= 0 && call_->Abandon()) {
      abandoned_ = call_;
      abandoned_->Reject(env, NoAnswer());
    }
  }
  return Napi::Number::New(env, std::max(left, 0.0));
}

FileSetObject::FileSetObject(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<FileSetObject>(info) {
  if (!info[0].IsString() || !info[1].IsObject()) {
    ThrowExpected(info.Env(), "a directory and options");
    return;
  }
  const auto map_limit =
      Uint32(info[1].As<Napi::Object>().Get("mapLimit"), "mapLimit as a number of mappings");
  if (!map_limit) return;
  const auto retained_files =
      Uint32(info[1].As<Napi::Object>().Get("retainedFiles"), "retainedFiles as a number of files");
  if (!retained_files) return;
  set_ = std::make_shared<promfold::FileSet>(info[0].As<Napi::String>().Utf8Value(), *map_limit,
                                             *retained_files);
}

promfold::FileSet* FileSetObject::Usable(Napi::Env env) {
  if (call_ != nullptr) {
    ThrowPreconditionError(env, "another call on this file set is under way");
    return nullptr;
  }
  if (set_ == nullptr) ThrowPreconditionError(env, "the file set is closed");
  return set_.get();
}

const promfold::MetricFile* FileSetObject::UsableFile(const Napi::CallbackInfo& info) {
  const promfold::FileSet* const set = Usable(info.Env());
  if (set == nullptr) return nullptr;
  const auto id = Uint32(info[0], "id of a file");
  if (!id) return nullptr;
  const promfold::MetricFile* const file = set->Find(*id);
  if (file == nullptr) ThrowPreconditionError(info.Env(), "no file has id " + std::to_string(*id));
  return file;
}

Napi::Value FileSetObject::List(const Napi::CallbackInfo& info) {
  struct Answer {
    promfold::ListedDirectory listed;
    promfold::ListingChange change;
  };
  if (Usable(info.Env()) == nullptr) return info.Env().Undefined();
  return Start<Answer>(
      info,
      [path = set_->directory()](promfold::PendingOperation* pending, Answer* answer) {
        return ToFailure(promfold::ListDirectory(path, pending, &answer->listed), "cannot list",
                         path);
      },
      [](promfold::FileSet* set, Answer* answer) -> MaybeFailure {
        set->TakeListing(std::move(answer->listed), &answer->change);
        return std::nullopt;
      },
      [](Napi::Env env, Answer* answer) -> Napi::Value {
        const promfold::ListingChange& change = answer->change;
        // Bytes that are not UTF-8 become U+FFFD in here.
        Napi::Array names = Napi::Array::New(env, change.added_name.size());
        for (uint32_t i = 0; i < change.added_name.size(); ++i) {
          names.Set(i, Napi::String::New(env, change.added_name[i]));
        }
        Napi::Object listing = Napi::Object::New(env);
        listing.Set("addedId", ToArray(env, change.added_id));
        listing.Set("addedName", names);
        listing.Set("removedId", ToArray(env, change.removed_id));
        return listing;
      });
}

Napi::Value FileSetObject::Accept(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  promfold::FileSet* const set = Usable(env);
  if (set == nullptr) return env.Undefined();
  const auto id = Column<uint32_t>(info[0], "id as a Uint32Array");
  if (!id) return env.Undefined();
  const auto flags = Column<uint8_t>(info[1], "flags as a Uint8Array");
  if (!flags) return env.Undefined();
  const PreconditionError error = set->Accept(*id, *flags);
  if (error) ThrowPreconditionError(env, *error);
  return env.Undefined();
}

Napi::Value FileSetObject::Release(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  promfold::FileSet* const set = Usable(env);
  if (set == nullptr) return env.Undefined();
  const auto id = Column<uint32_t>(info[0], "id as a Uint32Array");
  if (!id) return env.Undefined();
  const PreconditionError error = set->Release(*id);
  if (error) ThrowPreconditionError(env, *error);
  return env.Undefined();
}

Napi::Value FileSetObject::SetFloors(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  promfold::FileSet* const set = Usable(env);
  if (set == nullptr) return env.Undefined();
  const auto id = Column<uint32_t>(info[0], "id as a Uint32Array");
  if (!id) return env.Undefined();
  const auto seconds = Column<double>(info[1], "seconds as a Float64Array");
  if (!seconds) return env.Undefined();
  const PreconditionError error = set->SetFloors(*id, *seconds);
  if (error) ThrowPreconditionError(env, *error);
  return env.Undefined();
}

Napi::Value ToRefreshed(Napi::Env env, const promfold::RefreshResult& result) {
  Napi::Object refreshed = ToChanges(env, result.changes);
  refreshed.Set("keyId", ToArray(env, result.key_id));
  return refreshed;
}

Napi::Value FileSetObject::Refresh(const Napi::CallbackInfo& info) {
  using Result = promfold::RefreshResult;
  return Start<Result>(
      info, nullptr,
      [](promfold::FileSet* set, Result* result) -> MaybeFailure {
        *result = set->Refresh();
        return std::nullopt;
      },
      [](Napi::Env env, Result* result) { return ToRefreshed(env, *result); });
}

// For anything but four BigInts: none, and an exception pending.
std::optional<promfold::DirectoryTimes> ToTimes(Napi::Value value) {
  Napi::Env env = value.Env();
  if (value.IsObject()) {
    const auto object = value.As<Napi::Object>();
    const auto number = [&](const char* name) -> std::optional<int64_t> {
      const Napi::Value property = object.Get(name);
      if (!property.IsBigInt()) return std::nullopt;
      bool is_lossless = false;
      return property.As<Napi::BigInt>().Int64Value(&is_lossless);
    };
    const auto device = number("dev");
    const auto inode = number("ino");
    const auto modified_ns = number("mtimeNs");
    const auto changed_ns = number("ctimeNs");
    if (device && inode && modified_ns && changed_ns) {
      return promfold::DirectoryTimes{static_cast<uint64_t>(*device), static_cast<uint64_t>(*inode),
                                      *modified_ns, *changed_ns};
    }
  }
  ThrowExpected(env, "times of a directory, as BigInts");
  return std::nullopt;
}

Napi::Object FromTimes(Napi::Env env, const promfold::DirectoryTimes& times) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("dev", Napi::BigInt::New(env, static_cast<int64_t>(times.device)));
  object.Set("ino", Napi::BigInt::New(env, static_cast<int64_t>(times.inode)));
  object.Set("mtimeNs", Napi::BigInt::New(env, times.modified_ns));
  object.Set("ctimeNs", Napi::BigInt::New(env, times.changed_ns));
  return object;
}

Napi::Value FileSetObject::RefreshAsListed(const Napi::CallbackInfo& info) {
  struct Answer {
    promfold::FreeSpace free;
    promfold::AsListed as_listed;
  };
  if (Usable(info.Env()) == nullptr) return info.Env().Undefined();
  std::optional<promfold::DirectoryTimes> listed = promfold::DirectoryTimes{};
  if (!info[0].IsUndefined()) listed = ToTimes(info[0]);
  if (!listed) return info.Env().Undefined();
  std::optional<promfold::Printing> to_print;
  if (!info[1].IsUndefined()) {
    to_print = ToPrinting(info[1]);
    if (!to_print) return info.Env().Undefined();
  }
  const bool with_part_ends = to_print && WithPartEnds(info[1]);
  return Start<Answer>(
      info,
      [path = set_->directory(), opened = set_->opened(), listed = *listed](
          promfold::PendingOperation* pending, Answer* answer) {
        return ToFailure(promfold::StatDirectory(path, listed, opened.get(), pending,
                                                 &answer->as_listed.now, &answer->free),
                         "cannot stat", path);
      },
      [listed = *listed, to_print = std::move(to_print)](promfold::FileSet* set,
                                                         Answer* answer) -> MaybeFailure {
        if (!(answer->as_listed.now == listed)) return std::nullopt;
        set->RefreshAndCollect(answer->free, to_print ? &*to_print : nullptr, &answer->as_listed);
        return std::nullopt;
      },
      [with_part_ends](Napi::Env env, Answer* answer) -> Napi::Value {
        promfold::AsListed* const result = &answer->as_listed;
        Napi::Object object = Napi::Object::New(env);
        if (result->collected) {
          object.Set("collected", ToCollected(env, &*result->collected, with_part_ends));
        } else if (result->refreshed) {
          object.Set("refreshed", ToRefreshed(env, *result->refreshed));
        } else {
          object.Set("now", FromTimes(env, result->now));
        }
        return object;
      });
}

Napi::Value FileSetObject::Counts(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const promfold::FileSet* const set = Usable(env);
  if (set == nullptr) return env.Undefined();
  const promfold::FileSetCounts counts = set->Counts();
  Napi::Object object = Napi::Object::New(env);
  object.Set("unmappedFiles", counts.unmapped_files);
  object.Set("readFaults", static_cast<double>(counts.read_faults));
  object.Set("keyBytes", static_cast<double>(counts.key_bytes));
  object.Set("filesRetained", static_cast<double>(counts.files_retained));
  object.Set("freeBytes", counts.free_bytes);
  object.Set("freeInodes", counts.free_inodes);
  return object;
}

// Limits are numbers up to 2^53, or Infinity.
std::optional<uint64_t> Limit(Napi::Object limits, const char* name) {
  const Napi::Value value = limits.Get(name);
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
  constexpr double kMax = 9007199254740991.0;
  if (!(number >= 0)) {
    ThrowExpected(limits.Env(), std::string(name) + " as a limit");
    return std::nullopt;
  }
  return static_cast<uint64_t>(std::min(number, kMax));
}

Napi::Value FileSetObject::SetLimits(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  promfold::FileSet* const set = Usable(env);
  if (set == nullptr) return env.Undefined();
  if (!info[0].IsObject()) {
    ThrowExpected(env, "limits");
    return env.Undefined();
  }
  const auto object = info[0].As<Napi::Object>();
  const auto file_entries = Limit(object, "fileEntries");
  if (!file_entries) return env.Undefined();
  const auto file_key_bytes = Limit(object, "fileKeyBytes");
  if (!file_key_bytes) return env.Undefined();
  const auto entries = Limit(object, "entries");
  if (!entries) return env.Undefined();
  const auto key_bytes = Limit(object, "keyBytes");
  if (!key_bytes) return env.Undefined();
  const auto read = Uint32(info[1], "entries as a number of entries");
  if (!read) return env.Undefined();
  set->SetLimits({*file_entries, *file_key_bytes, *entries, *key_bytes}, *read,
                 info[2].ToBoolean());
  return env.Undefined();
}

Napi::Value FileSetObject::KeyTexts(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const promfold::FileSet* const set = Usable(env);
  if (set == nullptr) return env.Undefined();
  const auto from = Uint32(info[0], "from as the id of a key");
  if (!from) return env.Undefined();
  const auto count = Uint32(info[1], "count as a number of keys");
  if (!count) return env.Undefined();
  const auto max_bytes = Uint32(info[2], "maxBytes as a number of bytes");
  if (!max_bytes) return env.Undefined();
  const promfold::KeyTexts texts = set->Texts(*from, *count, *max_bytes);
  const auto* const text = reinterpret_cast<const uint8_t*>(texts.text.data());
  Napi::Object object = Napi::Object::New(env);
  object.Set("text", ToArray(env, std::span(text, texts.text.size())));
  object.Set("end", ToArray(env, texts.end));
  return object;
}

Napi::Value FileSetObject::KeyIds(const Napi::CallbackInfo& info) {
  const promfold::MetricFile* const file = UsableFile(info);
  if (file == nullptr) return info.Env().Undefined();
  return ToArray(info.Env(), file->key_ids());
}

Napi::Value FileSetObject::EntryOffset(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const promfold::MetricFile* const file = UsableFile(info);
  if (file == nullptr) return env.Undefined();
  const auto entry = Uint32(info[1], "number of an entry");
  if (!entry) return env.Undefined();
  if (*entry >= file->entry_count()) {
    ThrowPreconditionError(env, "the file has no entry " + std::to_string(*entry));
    return env.Undefined();
  }
  return Napi::Number::New(env, file->EntryOffset(*entry));
}

Napi::Value FileSetObject::Survey(const Napi::CallbackInfo& info) {
  using Result = promfold::SurveyResult;
  const Napi::Env env = info.Env();
  const auto family_of_key = Column<int32_t>(info[0], "familyOfKey as an Int32Array");
  if (!family_of_key) return env.Undefined();
  const auto family_count = Uint32(info[1], "familyCount as a number of families");
  if (!family_count) return env.Undefined();
  return Start<Result>(
      info, nullptr,
      [family_of_key = std::vector<int32_t>(family_of_key->begin(), family_of_key->end()),
       family_count = *family_count](promfold::FileSet* set, Result* result) {
        return ToFailure(set->Survey(family_of_key, family_count, result));
      },
      [](Napi::Env env, Result* result) -> Napi::Value {
        Napi::Object survey = Napi::Object::New(env);
        survey.Set("firstRank", ToArray(env, result->first_rank));
        survey.Set("firstFile", ToArray(env, result->first_file));
        survey.Set("firstEntry", ToArray(env, result->first_entry));
        survey.Set("firstKey", ToArray(env, result->first_key));
        survey.Set("lastFile", ToArray(env, result->last_file));
        survey.Set("firstModeFile", ToArray(env, result->first_mode_file));
        survey.Set("lastModeFile", ToArray(env, result->last_mode_file));
        survey.Set("liveKeys", result->live_keys);
        return survey;
      });
}

Napi::Value FileSetObject::SetRows(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  promfold::FileSet* const set = Usable(env);
  if (set == nullptr) return env.Undefined();
  const auto id = Column<uint32_t>(info[0], "id as a Uint32Array");
  if (!id) return env.Undefined();
  const auto from = Column<uint32_t>(info[1], "from as a Uint32Array");
  if (!from) return env.Undefined();
  const auto count = Column<uint32_t>(info[2], "count as a Uint32Array");
  if (!count) return env.Undefined();
  const auto slot = Column<uint32_t>(info[3], "slot as a Uint32Array");
  if (!slot) return env.Undefined();
  const auto operation = Column<uint8_t>(info[4], "operation as a Uint8Array");
  if (!operation) return env.Undefined();
  const PreconditionError error = set->SetRows(*id, *from, *count, *slot, *operation);
  if (error) ThrowPreconditionError(env, *error);
  return env.Undefined();
}

Napi::Value FileSetObject::Order(const Napi::CallbackInfo& info) {
  using Result = std::vector<uint32_t>;
  const auto slot_count = Uint32(info[0], "slotCount as a number of slots");
  if (!slot_count) return info.Env().Undefined();
  return Start<Result>(
      info, nullptr,
      [slot_count = *slot_count](promfold::FileSet* set, Result* result) {
        return ToFailure(set->Order(slot_count, result));
      },
      [](Napi::Env env, Result* result) -> Napi::Value { return ToArray(env, *result); });
}

Napi::Value FileSetObject::SetLayout(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  promfold::FileSet* const set = Usable(env);
  if (set == nullptr) return env.Undefined();
  const auto slot_count = Uint32(info[0], "slotCount as a number of slots");
  if (!slot_count) return env.Undefined();
  const auto bucket_slot = Column<uint32_t>(info[1], "bucketSlot as a Uint32Array");
  if (!bucket_slot) return env.Undefined();
  const auto bucket_end = Column<uint32_t>(info[2], "bucketEnd as a Uint32Array");
  if (!bucket_end) return env.Undefined();
  const auto count_slot = Column<uint32_t>(info[3], "countSlot as a Uint32Array");
  if (!count_slot) return env.Undefined();
  const PreconditionError error =
      set->SetBuckets(*slot_count, {{bucket_slot->begin(), bucket_slot->end()},
                                    {bucket_end->begin(), bucket_end->end()},
                                    {count_slot->begin(), count_slot->end()}});
  if (error) ThrowPreconditionError(env, *error);
  return env.Undefined();
}

Napi::Value FileSetObject::Collect(const Napi::CallbackInfo& info) {
  using Result = promfold::CollectResult;
  const Napi::Env env = info.Env();
  auto printing = ToPrinting(info[0]);
  if (!printing) return env.Undefined();
  const bool with_part_ends = WithPartEnds(info[0]);
  return Start<Result>(
      info, nullptr,
      [printing = std::move(*printing)](promfold::FileSet* set, Result* result) -> MaybeFailure {
        const PreconditionError error = set->Collect(printing, result);
        return error ? ToFailure(error) : LackOfMemory(*result);
      },
      [with_part_ends](Napi::Env env, Result* result) -> Napi::Value {
        return ToCollected(env, result, with_part_ends);
      });
}

Napi::Value FileSetObject::SlotTimes(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const promfold::FileSet* const set = Usable(env);
  if (set == nullptr) return env.Undefined();
  const auto slot = Column<uint32_t>(info[0], "slot as a Uint32Array");
  if (!slot) return env.Undefined();
  std::vector<double> seconds;
  const PreconditionError error = set->Times(*slot, &seconds);
  if (error) {
    ThrowPreconditionError(env, *error);
    return env.Undefined();
  }
  return ToArray(env, seconds);
}

Napi::Value FileSetObject::CompactKeys(const Napi::CallbackInfo& info) {
  promfold::FileSet* const set = Usable(info.Env());
  if (set != nullptr) set->CompactKeys();
  return info.Env().Undefined();
}

Napi::Value FileSetObject::Close(const Napi::CallbackInfo& info) {
  // Twice is fine: whoever closes need not know whether it was done.
  if (set_ != nullptr && Usable(info.Env()) != nullptr) set_.reset();
  return info.Env().Undefined();
}

Napi::Function FileSetObject::Define(Napi::Env env) {
  return DefineClass(env, "FileSet",
                     {
                         InstanceMethod<&FileSetObject::List>("list"),
                         InstanceMethod<&FileSetObject::Accept>("accept"),
                         InstanceMethod<&FileSetObject::Release>("release"),
                         InstanceMethod<&FileSetObject::SetFloors>("setFloors"),
                         InstanceMethod<&FileSetObject::Refresh>("refresh"),
                         InstanceMethod<&FileSetObject::RefreshAsListed>("refreshAsListed"),
                         InstanceMethod<&FileSetObject::Abandon>("abandon"),
                         InstanceMethod<&FileSetObject::Counts>("counts"),
                         InstanceMethod<&FileSetObject::SetLimits>("setLimits"),
                         InstanceMethod<&FileSetObject::KeyTexts>("keyTexts"),
                         InstanceMethod<&FileSetObject::KeyIds>("keyIds"),
                         InstanceMethod<&FileSetObject::EntryOffset>("entryOffset"),
                         InstanceMethod<&FileSetObject::Survey>("survey"),
                         InstanceMethod<&FileSetObject::SetRows>("setRows"),
                         InstanceMethod<&FileSetObject::Order>("order"),
                         InstanceMethod<&FileSetObject::SetLayout>("setLayout"),
                         InstanceMethod<&FileSetObject::Collect>("collect"),
                         InstanceMethod<&FileSetObject::SlotTimes>("slotTimes"),
                         InstanceMethod<&FileSetObject::CompactKeys>("compactKeys"),
                         InstanceMethod<&FileSetObject::Close>("close"),
                     });
}

// ---- one file, to look into ----

double Seconds(const timespec& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

Napi::Value ToInspected(Napi::Env env, const promfold::Inspection& inspection) {
  const auto bytes = [env](const auto& column) {
    return ToArray(env, std::span(reinterpret_cast<const uint8_t*>(column.data()), column.size()));
  };
  const auto doubles = [env](const std::vector<double>& column) {
    return ToArray(env, std::span<const double>(column));
  };
  const struct stat& status = inspection.status;
  char device[32];
  std::snprintf(device, sizeof(device), "%02x:%02x", major(status.st_dev), minor(status.st_dev));

  Napi::Object object = Napi::Object::New(env);
  object.Set("fault", static_cast<uint32_t>(inspection.fault.code()));
  object.Set("faultOffset", static_cast<double>(inspection.fault.offset));
  object.Set("found", promfold::FoundPhrase(inspection.fault));
  object.Set("sizeBytes", static_cast<double>(status.st_size));
  object.Set("diskBytes", static_cast<double>(status.st_blocks) * 512);
  object.Set("device", device);
  object.Set("inode", std::to_string(status.st_ino));
  object.Set("modifiedSeconds", Seconds(status.st_mtim));
  object.Set("changedSeconds", Seconds(status.st_ctim));
  object.Set("uid", status.st_uid);
  object.Set("mode", status.st_mode);
  object.Set("usedBytes", static_cast<double>(inspection.stored_used));
  object.Set("slotBytes", inspection.slot_bytes);
  object.Set("endBytes", static_cast<double>(inspection.end));
  object.Set("key", bytes(inspection.keys));
  object.Set("keyEnd", ToArray(env, inspection.key_end));
  object.Set("offset", ToArray(env, inspection.offset));
  object.Set("valueOffset", ToArray(env, inspection.value_offset));
  object.Set("value", doubles(inspection.value));
  object.Set("timestampSeconds", doubles(inspection.timestamp));
  object.Set("excerptOffset", static_cast<double>(inspection.excerpt_offset));
  object.Set("excerpt", bytes(inspection.excerpt));
  return object;
}

std::string ToBytes(const std::span<const uint8_t>& column) {
  return std::string(column.begin(), column.end());
}

Napi::Value ReadMetricFile(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto path = Column<uint8_t>(info[0], "path as a Uint8Array");
  if (!path) return env.Undefined();
  std::string directory;
  if (!info[3].IsUndefined()) {
    const auto given = Column<uint8_t>(info[3], "directory as a Uint8Array");
    if (!given) return env.Undefined();
    directory = ToBytes(*given);
  }
  return StartTask<promfold::Inspection>(
      env,
      [path = ToBytes(*path), directory, is_stamped = info[1].ToBoolean().Value(),
       keeps_bytes =
           info[2].ToBoolean().Value()](promfold::Inspection* inspection) -> MaybeFailure {
        *inspection =
            directory.empty()
                ? promfold::InspectFile(path.c_str(), is_stamped, keeps_bytes)
                : promfold::InspectFileIn(directory.c_str(), path.c_str(), is_stamped, keeps_bytes);
        return std::nullopt;
      },
      [](Napi::Env at, promfold::Inspection* inspection) -> Napi::Value {
        return ToInspected(at, *inspection);
      });
}

Napi::Value ReadMetricBytes(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto bytes = Column<uint8_t>(info[0], "bytes as a Uint8Array");
  if (!bytes) return env.Undefined();
  const double size = info[1].IsNumber() ? info[1].As<Napi::Number>().DoubleValue() : -1;
  if (!(size >= 0) || size > 9007199254740991.0) {
    ThrowExpected(env, "sizeBytes as a number of bytes");
    return env.Undefined();
  }
  // A Buffer may begin at any address.
  std::vector<double> aligned(bytes->size() / sizeof(double) + 1);
  if (!bytes->empty()) std::memcpy(aligned.data(), bytes->data(), bytes->size());
  promfold::Inspection inspection;
  promfold::InspectBytes({reinterpret_cast<const std::byte*>(aligned.data()), bytes->size()},
                         static_cast<uint64_t>(size), info[2].ToBoolean().Value(), false,
                         &inspection);
  return ToInspected(env, inspection);
}

// ---- paths ----

// The path of info[0]; none, and an exception pending, for anything but a string without a zero.
std::optional<std::string> Path(const Napi::CallbackInfo& info) {
  if (info[0].IsString()) {
    std::string path = info[0].As<Napi::String>().Utf8Value();
    if (path.find('\0') == std::string::npos) return path;
  }
  ThrowExpected(info.Env(), "a path");
  return std::nullopt;
}

template <typename Answer>
Napi::Value Query(const Napi::CallbackInfo& info, int (*query)(const std::string&, Answer*),
                  const char* what, Napi::Value (*convert)(Napi::Env, Answer*)) {
  const auto path = Path(info);
  if (!path) return info.Env().Undefined();
  return StartTask<Answer>(
      info.Env(),
      [query, what, path = *path](Answer* answer) {
        return ToFailure(query(path, answer), what, path);
      },
      convert);
}

Napi::Value StatPath(const Napi::CallbackInfo& info) {
  return Query<struct stat>(info, promfold::StatPath, "cannot stat",
                            [](Napi::Env env, struct stat* status) -> Napi::Value {
                              const auto big = [env](uint64_t number) {
                                return Napi::BigInt::New(env, number);
                              };
                              const timespec& changed = status->st_ctim;
                              Napi::Object object = Napi::Object::New(env);
                              object.Set("dev", big(status->st_dev));
                              object.Set("ino", big(status->st_ino));
                              object.Set("uid", status->st_uid);
                              object.Set("gid", status->st_gid);
                              object.Set("mode", status->st_mode);
                              object.Set("changedSeconds", Seconds(changed));
                              return object;
                            });
}

Napi::Value ToText(Napi::Env env, std::string* text) { return Napi::String::New(env, *text); }

Napi::Value ToBytesOf(Napi::Env env, const std::string& text) {
  return ToArray(env, std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

Napi::Value ReadLink(const Napi::CallbackInfo& info) {
  return Query<std::string>(info, promfold::ReadLink, "cannot read the link", ToText);
}

Napi::Value RealPath(const Napi::CallbackInfo& info) {
  return Query<std::string>(info, promfold::RealPath, "cannot find", ToText);
}

Napi::Value ReadNames(const Napi::CallbackInfo& info) {
  using Names = std::vector<std::string>;
  return Query<Names>(info, promfold::ReadNames, "cannot list",
                      [](Napi::Env env, Names* names) -> Napi::Value {
                        Napi::Array array = Napi::Array::New(env, names->size());
                        for (uint32_t i = 0; i < names->size(); ++i) {
                          array.Set(i, ToBytesOf(env, (*names)[i]));
                        }
                        return array;
                      });
}

Napi::Value ReadWhole(const Napi::CallbackInfo& info) {
  return Query<std::string>(
      info, promfold::ReadWhole, "cannot read",
      [](Napi::Env env, std::string* bytes) -> Napi::Value { return ToBytesOf(env, *bytes); });
}

Napi::Value IsOnLocalFileSystems(const Napi::CallbackInfo& info) {
  return Query<bool>(info, promfold::IsOnLocalFileSystems, "cannot look at",
                     [](Napi::Env env, bool* is_local) -> Napi::Value {
                       return Napi::Boolean::New(env, *is_local);
                     });
}

// ---- the process ----

Napi::Value HungFiles(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), promfold::LostJobs());
}

Napi::Value ExitWithin(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto milliseconds = Uint32(info[0], "a number of milliseconds");
  if (!milliseconds) return env.Undefined();
  const auto code = Uint32(info[1], "an exit code");
  if (!code) return env.Undefined();
  promfold::RunDetached([milliseconds = *milliseconds, code = static_cast<int>(*code)] {
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    _exit(code);
  });
  return env.Undefined();
}

Napi::Value FormatNumber(const Napi::CallbackInfo& info) {
  if (!info[0].IsNumber()) {
    ThrowExpected(info.Env(), "a number");
    return info.Env().Undefined();
  }
  char text[promfold::kNumberBytes];
  const char* const end = promfold::FormatNumber(info[0].As<Napi::Number>().DoubleValue(), text);
  return Napi::String::New(info.Env(), text, static_cast<size_t>(end - text));
}

Napi::Value LookUpHost(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsString()) {
    ThrowExpected(env, "host as a string");
    return env.Undefined();
  }
  using Addresses = std::vector<std::string>;
  return StartTask<Addresses>(
      env,
      [host = info[0].As<Napi::String>().Utf8Value()](Addresses* addresses) -> MaybeFailure {
        const std::string code = promfold::LookUpHost(host.c_str(), addresses);
        if (code.empty()) return std::nullopt;
        return Failure{code, code + ": cannot look up '" + host + "'"};
      },
      [](Napi::Env at, Addresses* addresses) -> Napi::Value {
        const Napi::Array texts = Napi::Array::New(at, addresses->size());
        for (uint32_t i = 0; i < addresses->size(); ++i) texts.Set(i, (*addresses)[i]);
        return texts;
      });
}

Napi::Value TrimMemory(const Napi::CallbackInfo& info) {
  promfold::ReleaseSpareBlocks();
  malloc_trim(0);
  return info.Env().Undefined();
}

// Large blocks are the kernel's own, so that they go back when they are freed. By itself glibc
// would keep them in a heap from the first one on that is freed, and a heap for each thread.
void ConfigureMalloc() {
  constexpr int kMmapThreshold = 1 << 20;
  constexpr int kArenas = 2;
  mallopt(M_MMAP_THRESHOLD, kMmapThreshold);
  mallopt(M_ARENA_MAX, kArenas);
}

Napi::Object Initialise(Napi::Env env, Napi::Object exports) {
  ConfigureMalloc();
  auto mailbox = Mailbox::Open(env);
  if (mailbox == nullptr) {
    ThrowPreconditionError(env, "no threadsafe function can be had");
    return exports;
  }
  env.SetInstanceData(new Addon{std::move(mailbox)});
  exports.Set("FileSet", FileSetObject::Define(env));
  exports.Set("createTemplate", Napi::Function::New(env, CreateTemplate, "createTemplate"));
  exports.Set("createPage", Napi::Function::New(env, CreatePage, "createPage"));
  exports.Set("releaseBody", Napi::Function::New(env, ReleaseBody, "releaseBody"));
  exports.Set("readMetricFile", Napi::Function::New(env, ReadMetricFile, "readMetricFile"));
  exports.Set("readMetricBytes", Napi::Function::New(env, ReadMetricBytes, "readMetricBytes"));
  exports.Set("lookUpHost", Napi::Function::New(env, LookUpHost, "lookUpHost"));
  exports.Set("trimMemory", Napi::Function::New(env, TrimMemory, "trimMemory"));
  exports.Set("statPath", Napi::Function::New(env, StatPath, "statPath"));
  exports.Set("readLink", Napi::Function::New(env, ReadLink, "readLink"));
  exports.Set("realPath", Napi::Function::New(env, RealPath, "realPath"));
  exports.Set("readNames", Napi::Function::New(env, ReadNames, "readNames"));
  exports.Set("readWhole", Napi::Function::New(env, ReadWhole, "readWhole"));
  exports.Set("isOnLocalFileSystems",
              Napi::Function::New(env, IsOnLocalFileSystems, "isOnLocalFileSystems"));
  exports.Set("hungFiles", Napi::Function::New(env, HungFiles, "hungFiles"));
  exports.Set("exitWithin", Napi::Function::New(env, ExitWithin, "exitWithin"));
  exports.Set("formatNumber", Napi::Function::New(env, FormatNumber, "formatNumber"));
  return exports;
}

}  // namespace

NODE_API_MODULE(promfold, Initialise)
