#include "templates.h"

#include <memory>
#include <utility>

#include "convert.h"

namespace binding {

namespace {

// Mark the objects of createTemplate and createPage; no other object is ever unwrapped as one.
constexpr napi_type_tag kTemplateTag = {0x70726f6d666f6c64, 0x74656d706c617465};
constexpr napi_type_tag kPageTag = {0x70726f6d666f6c64, 0x7061676570616765};

// A JavaScript object that shares what it holds with the calls that use it.
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

}  // namespace

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

std::optional<promfold::PrintRequest> ToPrintRequest(Napi::Value value) {
  if (!value.IsObject()) {
    ThrowExpected(value.Env(), "what to print");
    return std::nullopt;
  }
  const auto object = value.As<Napi::Object>();
  auto pages = ToPages(object.Get("pages"));
  if (!pages) return std::nullopt;
  const auto tail = Uint32(object.Get("tail"), "tail as a number of bytes");
  if (!tail) return std::nullopt;
  return promfold::PrintRequest{std::move(*pages), *tail,
                                object.Get("onlyWhatIsPrinted").ToBoolean(),
                                object.Get("columns").ToBoolean()};
}

bool WithPartEnds(Napi::Value request) {
  return request.As<Napi::Object>().Get("partEnds").ToBoolean();
}

}  // namespace binding
