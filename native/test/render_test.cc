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
  CHECK(made->Seal());
  return made;
}

PrintedNumbers ThreeNumbers() {
  Slots slots;
  slots.Reset(4);
  slots.value = {0, 1, 0, 2.5e7};
  slots.present = {0, 1, 0, 1};
  slots.Finish();
  PrintedNumbers numbers;
  numbers.Update(slots);
  return numbers;
}

TEST("a line is left out where its slot is absent, the header never") {
  const auto part = Make("# TYPE a gauge\n", {"a{x=\"1\"} ", "a{x=\"2\"} ", "a "}, {1, 2, 3});
  const auto none = Make("# TYPE b gauge\n", {"b "}, {2});
  const Body body = Render({part, none, part}, ThreeNumbers(), 10);
  const std::string once = "# TYPE a gauge\na{x=\"1\"} 1.0\na 2.5e+07\n";
  CHECK_EQ(std::string(body.bytes.get(), body.length), once + "# TYPE b gauge\n" + once);
  CHECK_EQ(body.capacity, body.length + 10);
}

TEST("a body says where each template ends, also one without lines") {
  const auto part = Make("# TYPE a gauge\n", {"a "}, {1});
  const auto header = Make("# TYPE b gauge\n", {}, {});
  const Body body = Render({part, header, part}, ThreeNumbers(), 0);
  CHECK(body.part_end == (std::vector<uint32_t>{21, 36, 57}));
  CHECK_EQ(body.length, 57u);
}

TEST("an empty page is an empty body, with room behind it") {
  const Body body = Render({}, ThreeNumbers(), 0);
  CHECK(body.bytes != nullptr);
  CHECK_EQ(body.length, 0u);
  CHECK_EQ(Render({}, ThreeNumbers(), 7).capacity, 7u);
}

TEST("many lines of every length are printed by two threads, each byte as if by one") {
  std::vector<std::string> lines;
  std::vector<uint32_t> slot;
  Slots slots;
  slots.Reset(30'001);
  std::string expected;
  for (uint32_t s = 1; s <= 30'000; ++s) {
    lines.push_back(std::string(s % 97, 'a' + static_cast<char>(s % 26)) + " ");
    slot.push_back(s);
    slots.value[s] = s % 3 == 0 ? s : -1.0 / s;
    slots.present[s] = s % 7 != 0;
    if (s % 7 == 0) continue;
    char text[kNumberBytes];
    expected += lines.back();
    expected.append(text, FormatNumber(slots.value[s], text));
    expected += '\n';
  }
  PrintedNumbers numbers;
  numbers.Update(slots);
  const auto part = Make("# HELP a\n", lines, slot);
  const Body body = Render({part, part}, numbers, 3);
  const std::string once = "# HELP a\n" + expected;
  CHECK(std::string(body.bytes.get(), body.length) == once + once);
}

TEST("a number is printed anew when its bits change, and only shown while it is present") {
  PrintedNumbers numbers;
  Slots slots;
  slots.Reset(2);
  const auto shown = [&](double value, uint8_t present) {
    slots.value[1] = value;
    slots.present[1] = present;
    numbers.Update(slots);
    return std::string(numbers.Text(1), numbers.Bytes(1));
  };
  CHECK_EQ(shown(0.0, 1), "0.0");
  CHECK_EQ(shown(-0.0, 1), "-0.0");
  CHECK_EQ(shown(2.5, 1), "2.5");
  CHECK_EQ(shown(2.5, 0), "");
  CHECK_EQ(shown(2.5, 1), "2.5");
  slots.Reset(5000);
  CHECK_EQ(shown(1e6, 1), "1e+06");
}

TEST("a template whose columns disagree is not sound") {
  CHECK_EQ(Make("h", {"abc", "de"}, {1, 7})->slot_limit, 8u);
  for (int fault = 0; fault < 5; ++fault) {
    Template part;
    part.text = "habcde";
    part.header_end = 1;
    part.line_end = {4, 6};
    part.slot = {1, 7};
    if (fault == 0) part.line_end[1] = 99;
    if (fault == 1) part.line_end[0] = 99;
    if (fault == 2) part.header_end = 99;
    if (fault == 3) part.slot.pop_back();
    if (fault == 4) part.slot[0] = UINT32_MAX;
    CHECK(!part.Seal());
  }
}

}  // namespace
}  // namespace promfold::test
