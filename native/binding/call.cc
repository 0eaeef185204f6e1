#include "call.h"

#include "core/errno_name.h"

namespace binding {

MaybeFailure ToFailure(const promfold::PreconditionError& error) {
  if (!error) return std::nullopt;
  return Failure{"", *error};
}

MaybeFailure ToFailure(int error, const char* what, const std::string& path) {
  if (error == 0) return std::nullopt;
  const std::string code = promfold::ErrnoName(error);
  return Failure{code, code + ": " + what + " '" + path + "'"};
}

MaybeFailure UnlessMemory(bool has_memory) {
  if (has_memory) return std::nullopt;
  return Failure{"ENOMEM", "ENOMEM: no memory to print into"};
}

Napi::Error ToError(Napi::Env env, const Failure& failure) {
  Napi::Error error = Napi::Error::New(env, failure.message);
  if (!failure.code.empty()) error.Value().Set("code", failure.code);
  return error;
}

namespace {

// False in a worker thread that is being terminated. It still delivers what is posted, but no
// object can be made there any more.
bool CanRun(napi_env env) {
  napi_value global = nullptr;
  bool has = false;
  return napi_get_global(env, &global) == napi_ok &&
         napi_has_named_property(env, global, "Object", &has) == napi_ok;
}

}  // namespace

std::shared_ptr<Mailbox> Mailbox::Open(Napi::Env env) {
  auto mailbox = std::make_shared<Mailbox>();
  const napi_status status = napi_create_threadsafe_function(
      env, nullptr, nullptr, Napi::String::New(env, "promfold"), 0, 1, nullptr, nullptr, nullptr,
      &Mailbox::Deliver, &mailbox->function_);
  if (status != napi_ok) return nullptr;
  napi_unref_threadsafe_function(env, mailbox->function_);
  // Before the function's own end: hooks run in reverse order.
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
  if (env != nullptr && CanRun(env)) (*posted)->Settle(env);
}

}  // namespace binding
