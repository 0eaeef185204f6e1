// How arguments of JavaScript are read and values given back, whatever they mean: numbers, columns,
// arrays, bytes. An argument that is not what was expected leaves an exception pending and no
// value.
//
// All of binding/ is in the namespace `binding`; what belongs to the core is written `promfold::`.
#ifndef PROMFOLD_BINDING_CONVERT_H_
#define PROMFOLD_BINDING_CONVERT_H_

#include <napi.h>

#include <cstdint>
#include <cstring>
#include <ctime>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace binding {

template <typename T>
constexpr napi_typedarray_type kArrayType = napi_uint8_array;
template <>
constexpr napi_typedarray_type kArrayType<uint32_t> = napi_uint32_array;
template <>
constexpr napi_typedarray_type kArrayType<int32_t> = napi_int32_array;
template <>
constexpr napi_typedarray_type kArrayType<double> = napi_float64_array;

// Leaves a TypeError pending: `expected …`.
void ThrowExpected(Napi::Env env, const std::string& expected);
// Leaves an Error pending: the caller did what it must not do.
void ThrowPreconditionError(Napi::Env env, const std::string& error);

// A column passed in, valid during the call.

template <typename T>
std::optional<std::span<const T>> Column(Napi::Value value, const char* expected) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != kArrayType<T>) {
    ThrowExpected(value.Env(), expected);
    return std::nullopt;
  }
  const auto array = value.As<Napi::TypedArrayOf<T>>();
  return std::span<const T>(array.Data(), array.ElementLength());
}

// A whole number from 0 to UINT32_MAX.
std::optional<uint32_t> Uint32(Napi::Value value, const char* expected);

// The bytes of a string that has a character for each; none for anything else.
std::optional<std::string> Latin1(Napi::Value value);
Napi::Value ToLatin1(Napi::Env env, std::string_view bytes);

// False where the value is not an array, or take(element) returns false.
template <typename Take>
bool ForEach(Napi::Value value, Take take) {
  if (!value.IsArray()) return false;
  const auto array = value.As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length(); ++i) {
    if (!take(array.Get(i))) return false;
  }
  return true;
}

template <typename T>
Napi::TypedArrayOf<T> ToArray(Napi::Env env, std::span<const T> column) {
  auto array = Napi::TypedArrayOf<T>::New(env, column.size());
  // There is none in a worker thread that is terminated at this moment.
  if (array.Data() != nullptr && !column.empty())
    std::memcpy(array.Data(), column.data(), column.size_bytes());
  return array;
}

template <typename T>
Napi::TypedArrayOf<T> ToArray(Napi::Env env, const std::vector<T>& column) {
  return ToArray(env, std::span<const T>(column));
}

// text() makes a JavaScript string of an element.
template <typename List, typename Text>
Napi::Array Texts(Napi::Env env, const List& list, Text text) {
  auto array = Napi::Array::New(env, list.size());
  uint32_t i = 0;
  for (const auto& element : list) array.Set(i++, text(element));
  return array;
}

// A Uint8Array.
Napi::Value ToBytes(Napi::Env env, std::string_view text);

double ToSeconds(const timespec& time);

}  // namespace binding

#endif  // PROMFOLD_BINDING_CONVERT_H_
