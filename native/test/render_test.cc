#include "core/render.h"

#include "check.h"

namespace promfold::test {
namespace {

std::shared_ptr<Template> Make(const std::string& header, const std::vector<std::string>& lines,
                               const std::vector<uint32_t>& slot) {
  auto made = std::make_shared<Template>();
  made->text = header;
  made->header_end = static_cast<uint32_t>(header.size());
  for (const std::string& line : lines) {
    made->text += line;
    made->line_end.push_back(static_cast<uint32_t>(made->text.size()));
  }
  made->slot = slot;
  CHECK(made->IsSound());
  return made;
}

RenderScratch scratch;

Slots ThreeSlots() {
  Slots slots;
  slots.Reset(4);
  slots.value = {0, 1, 0, 2.5e7};
  slots.present = {0, 1, 0, 1};
  slots.Finish();
  return slots;
}

TEST("a line is left out where its slot is absent, the header never") {
  const auto part = Make("# TYPE a gauge\n", {"a{x=\"1\"} ", "a{x=\"2\"} ", "a "}, {1, 2, 3});
  const auto none = Make("# TYPE b gauge\n", {"b "}, {2});
  const Body body = Render({part, none, part}, ThreeSlots(), 10, &scratch);
  const std::string once = "# TYPE a gauge\na{x=\"1\"} 1.0\na 2.5e+07\n";
  CHECK_EQ(std::string(body.bytes.get(), body.length), once + "# TYPE b gauge\n" + once);
  CHECK_EQ(body.capacity, body.length + 10);
}

TEST("an empty page is an empty body, with room behind it") {
  const Body body = Render({}, ThreeSlots(), 0, &scratch);
  CHECK(body.bytes != nullptr);
  CHECK_EQ(body.length, 0u);
  CHECK_EQ(Render({}, ThreeSlots(), 7, &scratch).capacity, 7u);
}

TEST("a template whose columns disagree is not sound") {
  const auto sound = Make("h", {"abc", "de"}, {1, 7});
  CHECK_EQ(sound->slot_limit, 8u);
  for (int fault = 0; fault < 5; ++fault) {
    Template part = *sound;
    if (fault == 0) part.line_end[1] = 99;
    if (fault == 1) part.line_end[0] = 99;
    if (fault == 2) part.header_end = 99;
    if (fault == 3) part.slot.pop_back();
    if (fault == 4) part.slot[0] = UINT32_MAX;
    CHECK(!part.IsSound());
  }
}

}  // namespace
}  // namespace promfold::test
