#include "bodies.h"

#include <utility>

#include "convert.h"
#include "core/block_pool.h"

namespace binding {

namespace {

// Marks the memory of bodies; no other is ever taken from JavaScript.
constexpr napi_type_tag kBodyTag = {0x70726f6d666f6c64, 0x626f6479626f6479};

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

}  // namespace

void SetBodies(std::vector<promfold::Body>* bodies, bool with_part_ends, Napi::Object object) {
  const Napi::Env env = object.Env();
  const auto count = static_cast<uint32_t>(bodies->size());
  if (with_part_ends) {
    Napi::Array part_ends = Napi::Array::New(env, count);
    for (uint32_t i = 0; i < count; ++i) part_ends.Set(i, ToArray(env, (*bodies)[i].part_end));
    object.Set("partEnds", part_ends);
  }
  Napi::Array buffers = Napi::Array::New(env, count);
  for (uint32_t i = 0; i < count; ++i) buffers.Set(i, ToBuffer(env, &(*bodies)[i]));
  object.Set("bodies", buffers);
}

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

}  // namespace binding
