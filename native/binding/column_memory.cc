#include "column_memory.h"

#include <utility>

namespace binding {

namespace {

using SharedMemory = std::shared_ptr<const promfold::Block>;

// What an ArrayBuffer wraps.
struct Columns {
  SharedMemory memory;
  // V8 starts a garbage collection where external memory has grown, and 8 MB that are there for a
  // second made it mark a heap of 60 MB each time. The memory is released, not collected.
  std::shared_ptr<bool> is_released;
};

int64_t BytesOf(const SharedMemory& memory) { return static_cast<int64_t>(memory->bytes()); }

void Uncount(Napi::Env env, const SharedMemory& memory) {
  Napi::MemoryManagement::AdjustExternalMemory(env, -BytesOf(memory));
}

// Before V8 subtracts them, too.
void Recount(Napi::Env env, const SharedMemory& memory) {
  Napi::MemoryManagement::AdjustExternalMemory(env, BytesOf(memory));
}

// Marks the ArrayBuffers of ColumnMemory; each wraps Columns.
constexpr napi_type_tag kColumnsTag = {0x70726f6d666f6c64, 0x636f6c756d6e7300};

// The memory is JavaScript's until the buffer is collected or released. What the buffer wraps says
// whose it is.
Napi::ArrayBuffer MakeBuffer(Napi::Env env, promfold::Block block) {
  if (block.bytes() == 0) return Napi::ArrayBuffer::New(env, 0);
  char* const memory = block.memory();
  const size_t bytes = block.bytes();
  const Columns columns = {std::make_shared<const promfold::Block>(std::move(block)),
                           std::make_shared<bool>(false)};
  const auto free = [](Napi::Env owner, void*, Columns* done) {
    if (!*done->is_released) Recount(owner, done->memory);
    delete done;
  };
  auto* const freed = new Columns(columns);
  const auto buffer = Napi::ArrayBuffer::New(env, memory, bytes, free, freed);
  if (buffer.IsEmpty()) {
    // The environment is being torn down: V8 counted nothing.
    delete freed;
    return buffer;
  }
  Uncount(env, columns.memory);
  auto* const wrapped = new Columns(columns);
  const auto finalize = [](napi_env, void* data, void*) { delete static_cast<Columns*>(data); };
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
  return static_cast<const Columns*>(shared)->memory;
}

namespace {

void Release(Napi::ArrayBuffer buffer) {
  if (!buffer.CheckTypeTag(&kColumnsTag)) return;
  void* wrapped = nullptr;
  if (napi_remove_wrap(buffer.Env(), buffer, &wrapped) == napi_ok) {
    const std::unique_ptr<Columns> columns(static_cast<Columns*>(wrapped));
    *columns->is_released = true;
    Recount(buffer.Env(), columns->memory);
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
