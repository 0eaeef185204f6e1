#include "convert.h"

#include <cmath>

namespace binding {

void ThrowExpected(Napi::Env env, const std::string& expected) {
  Napi::TypeError::New(env, "expected " + expected).ThrowAsJavaScriptException();
}

void ThrowPreconditionError(Napi::Env env, const std::string& error) {
  Napi::Error::New(env, error).ThrowAsJavaScriptException();
}

std::optional<uint32_t> Uint32(Napi::Value value, const char* expected) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
  if (!(number >= 0) || number > UINT32_MAX || number != std::floor(number)) {
    ThrowExpected(value.Env(), expected);
    return std::nullopt;
  }
  return static_cast<uint32_t>(number);
}

std::optional<std::string> Latin1(Napi::Value value) {
  size_t length = 0;
  if (napi_get_value_string_latin1(value.Env(), value, nullptr, 0, &length) != napi_ok) {
    return std::nullopt;
  }
  std::string text(length, '\0');
  napi_get_value_string_latin1(value.Env(), value, text.data(), length + 1, &length);
  return text;
}

Napi::Value ToLatin1(Napi::Env env, std::string_view bytes) {
  napi_value text = nullptr;
  napi_create_string_latin1(env, bytes.data(), bytes.size(), &text);
  return {env, text};
}

Napi::Value ToBytes(Napi::Env env, std::string_view text) {
  return ToArray(env, std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

double ToSeconds(const timespec& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

}  // namespace binding
