#include "column_memory.h"

#include <utility>

namespace binding {

namespace {

using SharedMemory = std::shared_ptr<const promfold::Block>;

// Marks the ArrayBuffers of ColumnMemory; each wraps a SharedMemory.
constexpr napi_type_tag kColumnsTag = {0x70726f6d666f6c64, 0x636f6c756d6e7300};

// The memory is JavaScript's until the buffer is collected or released. What the buffer wraps says
// whose it is.
Napi::ArrayBuffer MakeBuffer(Napi::Env env, promfold::Block block) {
  if (block.bytes() == 0) return Napi::ArrayBuffer::New(env, 0);
  char* const memory = block.memory();
  const size_t bytes = block.bytes();
  const auto shared = std::make_shared<const promfold::Block>(std::move(block));
  const auto buffer = Napi::ArrayBuffer::New(
      env, memory, bytes, [](Napi::Env, void*, SharedMemory* done) { delete done; },
      new SharedMemory(shared));
  auto* const wrapped = new SharedMemory(shared);
  const auto finalize = [](napi_env, void* data, void*) {
    delete static_cast<SharedMemory*>(data);
  };
  if (napi_wrap(env, buffer, wrapped, finalize, nullptr, nullptr) == napi_ok) {
    buffer.TypeTag(&kColumnsTag);
  } else {
    delete wrapped;
  }
  return buffer;
}

}  // namespace

ColumnMemory::ColumnMemory(Napi::Env env, promfold::Block block)
    : env_(env), memory_(block.memory()), buffer_(MakeBuffer(env, std::move(block))) {}

SharedMemory SharedBlock(Napi::TypedArray array) {
  const Napi::ArrayBuffer buffer = array.ArrayBuffer();
  void* shared = nullptr;
  if (!buffer.CheckTypeTag(&kColumnsTag) || napi_unwrap(array.Env(), buffer, &shared) != napi_ok) {
    return nullptr;
  }
  return *static_cast<const SharedMemory*>(shared);
}

namespace {

void Release(Napi::ArrayBuffer buffer) {
  if (!buffer.CheckTypeTag(&kColumnsTag)) return;
  void* shared = nullptr;
  if (napi_remove_wrap(buffer.Env(), buffer, &shared) == napi_ok) {
    delete static_cast<SharedMemory*>(shared);
  }
  buffer.Detach();
}

}  // namespace

Napi::Value ReleaseColumns(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsObject()) {
    ThrowExpected(env, "columns");
    return env.Undefined();
  }
  const auto columns = info[0].As<Napi::Object>();
  const Napi::Array names = columns.GetPropertyNames();
  for (uint32_t i = 0; i < names.Length(); ++i) {
    const Napi::Value column = columns.Get(names.Get(i));
    if (column.IsTypedArray()) Release(column.As<Napi::TypedArray>().ArrayBuffer());
  }
  return env.Undefined();
}

}  // namespace binding
