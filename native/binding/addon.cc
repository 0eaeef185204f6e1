// The exports of the addon, and what concerns the process as a whole. What the functions promise is
// said in src/native.ts.
//
// Everything in binding/ converts, calls and converts back. No rule about metrics lives here; if a
// line needs a test, it belongs in core/. JavaScript is called for one thing only, Buffer.from,
// which runs no code of the application; no callback is ever taken.
#include <malloc.h>
#include <napi.h>
#include <unistd.h>

#include <chrono>
#include <thread>
#include <utility>

#include "bodies.h"
#include "call.h"
#include "column_memory.h"
#include "columns.h"
#include "compaction.h"
#include "convert.h"
#include "core/block_pool.h"
#include "core/blocking_jobs.h"
#include "core/detached_thread.h"
#include "core/number.h"
#include "file_reader.h"
#include "file_set_object.h"
#include "queries.h"
#include "recorder_object.h"
#include "recording_object.h"
#include "templates.h"

namespace binding {

namespace {

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
  env.SetInstanceData(
      new Addon{std::move(mailbox), Napi::Persistent(RecordingObject::Define(env))});
  exports.Set("FileSet", FileSetObject::Define(env));
  exports.Set("FileReader", FileReader::Define(env));
  exports.Set("Recorder", RecorderObject::Define(env));
  exports.Set("openRecording", Napi::Function::New(env, OpenRecording, "openRecording"));
  exports.Set("createTemplate", Napi::Function::New(env, CreateTemplate, "createTemplate"));
  exports.Set("createPage", Napi::Function::New(env, CreatePage, "createPage"));
  exports.Set("releaseBody", Napi::Function::New(env, ReleaseBody, "releaseBody"));
  exports.Set("compareColumns", Napi::Function::New(env, CompareColumns, "compareColumns"));
  exports.Set("printColumns", Napi::Function::New(env, PrintColumns, "printColumns"));
  exports.Set("releaseColumns", Napi::Function::New(env, ReleaseColumns, "releaseColumns"));
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
  exports.Set("compact", Napi::Function::New(env, Compact, "compact"));
  exports.Set("recoverCompaction",
              Napi::Function::New(env, RecoverCompaction, "recoverCompaction"));
  exports.Set("readManifest", Napi::Function::New(env, ReadManifest, "readManifest"));
  exports.Set("formatNumber", Napi::Function::New(env, FormatNumber, "formatNumber"));
  return exports;
}

}  // namespace

NODE_API_MODULE(promfold, Initialise)

}  // namespace binding
