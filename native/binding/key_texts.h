// The method keyTexts(from, count, maxBytes), of all that has keys by number; and what it returns,
// as an argument.
#ifndef PROMFOLD_BINDING_KEY_TEXTS_H_
#define PROMFOLD_BINDING_KEY_TEXTS_H_

#include <napi.h>

#include <algorithm>
#include <cstdint>
#include <optional>
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

// For anything but texts of keys: none, and an exception pending.
inline std::optional<promfold::KeyTexts> ToKeyTexts(Napi::Value value) {
  if (!value.IsObject()) {
    ThrowExpected(value.Env(), "texts of keys");
    return std::nullopt;
  }
  const auto object = value.As<Napi::Object>();
  const auto text = Column<uint8_t>(object.Get("text"), "text as a Uint8Array");
  if (!text) return std::nullopt;
  const auto end = Column<uint32_t>(object.Get("end"), "end as a Uint32Array");
  if (!end) return std::nullopt;
  if (!std::ranges::is_sorted(*end) || (!end->empty() && end->back() > text->size())) {
    ThrowPreconditionError(value.Env(), "there is no text of each key");
    return std::nullopt;
  }
  return promfold::KeyTexts{{text->begin(), text->end()}, {end->begin(), end->end()}};
}

}  // namespace binding

#endif  // PROMFOLD_BINDING_KEY_TEXTS_H_
