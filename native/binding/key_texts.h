// The method keyTexts(from, count, maxBytes), of all that has keys by number.
#ifndef PROMFOLD_BINDING_KEY_TEXTS_H_
#define PROMFOLD_BINDING_KEY_TEXTS_H_

#include <napi.h>

#include <cstdint>
#include <span>

#include "convert.h"
#include "core/key_table.h"

namespace binding {

template <typename Source>
Napi::Value KeyTextsOf(const Napi::CallbackInfo& info, const Source& source) {
  const Napi::Env env = info.Env();
  const auto from = Uint32(info[0], "from as the id of a key");
  if (!from) return env.Undefined();
  const auto count = Uint32(info[1], "count as a number of keys");
  if (!count) return env.Undefined();
  const auto max_bytes = Uint32(info[2], "maxBytes as a number of bytes");
  if (!max_bytes) return env.Undefined();
  const promfold::KeyTexts texts = source.Texts(*from, *count, *max_bytes);
  const auto* const text = reinterpret_cast<const uint8_t*>(texts.text.data());
  Napi::Object object = Napi::Object::New(env);
  object.Set("text", ToArray(env, std::span(text, texts.text.size())));
  object.Set("end", ToArray(env, texts.end));
  return object;
}

}  // namespace binding

#endif  // PROMFOLD_BINDING_KEY_TEXTS_H_
