#include "core/render.h"

#include <cstring>

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

struct ThreeNumbers {
  ThreeNumbers() {
    Slots slots;
    slots.Reset(4);
    slots.value = {0, 1, 0, 2.5e7};
    slots.present = {0, 1, 0, 1};
    slots.Finish();
    printed.Update(slots);
  }
  PrintedNumbers printed;
};

std::string Text(const Body& body) { return {body.block.memory(), body.length}; }

TEST("a line is left out where its slot is absent, the header never") {
  const auto part = Make("# TYPE a gauge\n", {"a{x=\"1\"} ", "a{x=\"2\"} ", "a "}, {1, 2, 3});
  const auto none = Make("# TYPE b gauge\n", {"b "}, {2});
  const Body body = Render({part, none, part}, ThreeNumbers().printed, 10);
  const std::string once = "# TYPE a gauge\na{x=\"1\"} 1.0\na 2.5e+07\n";
  CHECK_EQ(Text(body), once + "# TYPE b gauge\n" + once);
  CHECK_EQ(body.block.bytes(), body.length + 10);
}

TEST("a body says where each template ends, also one without lines") {
  const auto part = Make("# TYPE a gauge\n", {"a "}, {1});
  const auto header = Make("# TYPE b gauge\n", {}, {});
  const Body body = Render({part, header, part}, ThreeNumbers().printed, 0);
  CHECK(body.part_end == (std::vector<uint32_t>{21, 36, 57}));
  CHECK_EQ(body.length, 57u);
}

TEST("an empty page is an empty body, with room after it") {
  const Body body = Render({}, ThreeNumbers().printed, 0);
  CHECK(body.block.memory() != nullptr);
  CHECK_EQ(body.length, 0u);
  CHECK_EQ(Render({}, ThreeNumbers().printed, 7).block.bytes(), 7u);
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
  CHECK(Text(body) == once + once);
}

// Templates of one page and the numbers in them, and what they print line by line.
class Scene {
 public:
  explicit Scene(uint32_t slots) {
    slots_.Reset(slots);
    for (uint32_t s = 1; s < slots; ++s) Set(s, s);
  }

  void Set(uint32_t slot, double value) {
    slots_.value[slot] = value;
    slots_.present[slot] = 1;
  }
  void Remove(uint32_t slot) { slots_.present[slot] = 0; }
  double value(uint32_t slot) const { return slots_.value[slot]; }

  // A family of all slots from..to.
  void Add(const std::string& name, uint32_t from, uint32_t to) {
    std::vector<std::string> lines;
    std::vector<uint32_t> slot;
    for (uint32_t s = from; s < to; ++s) {
      lines.push_back(name + "{series=\"" + std::to_string(s) + "\"} ");
      slot.push_back(s);
    }
    page_.push_back(Make("# HELP " + name + " \n", lines, slot));
  }
  Page& page() { return page_; }

  Body Print() {
    numbers_.Update(slots_);
    return Render(page_, numbers_, 100);
  }

  std::string Expected() const {
    std::string text;
    for (const auto& part : page_) {
      text.append(part->text, 0, part->header_end);
      uint32_t begin = part->header_end;
      for (size_t i = 0; i < part->slot.size(); ++i) {
        if (slots_.present[part->slot[i]] != 0) {
          char number[kNumberBytes];
          text.append(part->text, begin, part->line_end[i] - begin);
          text.append(number, FormatNumber(slots_.value[part->slot[i]], number));
          text += '\n';
        }
        begin = part->line_end[i];
      }
    }
    return text;
  }

 private:
  Slots slots_;
  PrintedNumbers numbers_;
  Page page_;
};

constexpr uint32_t kManySlots = 20'000;

TEST("in a used block only what has changed is printed, each byte as in a new one") {
  Scene scene(kManySlots);
  scene.Add("a", 1, 6'000);
  scene.Add("b", 6'000, 6'003);
  scene.Add("c", 6'003, kManySlots);
  uint32_t random = 1;
  const auto next = [&](uint32_t below) {
    random = random * 1664525 + 1013904223;
    return (random >> 8) % below;
  };
  const Page all = scene.page();
  for (uint32_t step = 0; step < 300; ++step) {
    const uint32_t slot = 1 + next(kManySlots - 1);
    switch (next(9)) {
      case 0:
        scene.Remove(slot);
        break;
      case 1:  // as long as before, or nearly
        scene.Set(slot, scene.value(slot) + 1);
        break;
      case 2:
        scene.Set(slot, 1.0 / slot);
        break;
      case 3:
        for (uint32_t s = slot; s < kManySlots && s < slot + 3'000; ++s) scene.Set(s, step + s);
        break;
      case 4:  // a family less
        scene.page() = {all[0], all[2]};
        break;
      case 5:
        scene.page() = all;
        break;
      case 6:  // the same lines from another template
        scene.page()[0] = std::make_shared<Template>(*all[0]);
        CHECK(std::const_pointer_cast<Template>(scene.page()[0])->Seal());
        break;
      case 7: {  // two pages alive at once
        const Body first = scene.Print();
        CHECK(Text(first) == scene.Expected());
        CHECK(Text(scene.Print()) == scene.Expected());
        continue;
      }
      default:
        break;
    }
    const Body body = scene.Print();
    CHECK(Text(body) == scene.Expected());
    // After the body, as promfold's own families are.
    std::memset(body.block.memory() + body.length, '#', body.block.bytes() - body.length);
  }
}

TEST("what is in a used block already is left alone") {
  Scene scene(kManySlots);
  scene.Add("a", 1, kManySlots);
  size_t middle = 0;
  {
    const Body body = scene.Print();
    middle = body.length / 2;
    body.block.memory()[middle] = '!';
  }
  CHECK_EQ(scene.Print().block.memory()[middle], '!');
  scene.Set(kManySlots - 1, 5);
  CHECK_EQ(scene.Print().block.memory()[middle], '!');
  // Everything after the first line moves.
  scene.Set(1, 0.25);
  CHECK(Text(scene.Print()) == scene.Expected());
}

TEST("what other numbers printed is printed again") {
  Scene one(kManySlots);
  one.Add("a", 1, kManySlots);
  Scene other(kManySlots);
  other.page() = one.page();
  for (uint32_t s = 1; s < kManySlots; ++s) other.Set(s, kManySlots + s);
  one.Print();
  CHECK(Text(other.Print()) == other.Expected());
  CHECK(Text(one.Print()) == one.Expected());
}

TEST("a number is printed again when its bits change, and only shown while it is present") {
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
