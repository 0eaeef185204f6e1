#include "columns.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "bodies.h"
#include "call.h"
#include "column_memory.h"
#include "convert.h"
#include "core/compare_columns.h"
#include "core/print_columns.h"
#include "templates.h"

namespace binding {

namespace {

// The arguments of compareColumns. Indexes are copied, so that they stay what they were when they
// were checked; values and slots of entries may be written to meanwhile.
struct Compared {
  promfold::EntryValues earlier;
  promfold::EntryValues now;
  PassedColumn<double> earlier_value;
  PassedColumn<double> now_value;
  PassedColumn<uint32_t> slot_of_entry;
  promfold::SlotGroups groups;
};

template <typename T>
std::optional<std::vector<T>> CopiedColumn(Napi::Value value, const char* expected) {
  const auto column = Column<T>(value, expected);
  if (!column) return std::nullopt;
  return std::vector<T>(column->begin(), column->end());
}

// For anything but such an object: false, and an exception pending.
bool TakeEntryValues(Napi::Value value, promfold::EntryValues* values,
                     PassedColumn<double>* passed) {
  if (!value.IsObject()) {
    ThrowExpected(value.Env(), "columns");
    return false;
  }
  const auto object = value.As<Napi::Object>();
  auto id = CopiedColumn<uint32_t>(object.Get("fileId"), "fileId as a Uint32Array");
  if (!id) return false;
  auto generation = CopiedColumn<uint32_t>(object.Get("generation"), "generation as a Uint32Array");
  if (!generation) return false;
  auto end = CopiedColumn<uint32_t>(object.Get("entryEnd"), "entryEnd as a Uint32Array");
  if (!end) return false;
  auto column = PassedColumn<double>::From(object.Get("value"), "value as a Float64Array");
  if (!column) return false;
  *passed = std::move(*column);
  *values = {std::move(*id), std::move(*generation), std::move(*end), passed->view()};
  return true;
}

Napi::Value ToColumnChanges(Napi::Env env, promfold::ColumnChanges* changes) {
  const ColumnMemory memory(env, std::move(changes->memory));
  Napi::Object object = Napi::Object::New(env);
  object.Set("fileMoved", memory.ToArray<uint32_t>(changes->file_moved));
  object.Set("fileGroups", memory.ToArray<uint32_t>(changes->file_groups));
  object.Set("fileIncrease", memory.ToArray<double>(changes->file_increase));
  object.Set("groupIncrease", memory.ToArray<double>(changes->group_increase));
  object.Set("groupFiles", memory.ToArray<uint32_t>(changes->group_files));
  object.Set("groupBack", memory.ToArray<uint32_t>(changes->group_back));
  return object;
}

}  // namespace

Napi::Value CompareColumns(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto compared = std::make_shared<Compared>();
  if (!TakeEntryValues(info[0], &compared->earlier, &compared->earlier_value) ||
      !TakeEntryValues(info[1], &compared->now, &compared->now_value)) {
    return env.Undefined();
  }
  auto slot_of_entry = PassedColumn<uint32_t>::From(info[2], "slotOfEntry as a Uint32Array");
  if (!slot_of_entry) return env.Undefined();
  compared->slot_of_entry = std::move(*slot_of_entry);
  auto class_of_slot = CopiedColumn<uint8_t>(info[3], "classOfSlot as a Uint8Array");
  if (!class_of_slot) return env.Undefined();
  auto group_of_slot = CopiedColumn<uint32_t>(info[4], "groupOfSlot as a Uint32Array");
  if (!group_of_slot) return env.Undefined();
  const auto group_count = Uint32(info[5], "groupCount as a number of groups");
  if (!group_count) return env.Undefined();
  compared->groups = {std::move(*class_of_slot), std::move(*group_of_slot), *group_count};

  using Result = promfold::ColumnChanges;
  return StartTask<Result>(
      env,
      [compared](Result* changes) {
        const promfold::PreconditionError error =
            promfold::CompareColumns(compared->earlier, compared->now,
                                     compared->slot_of_entry.view(), compared->groups, changes);
        return error ? ToFailure(error) : UnlessMemory(changes->memory.memory() != nullptr);
      },
      ToColumnChanges);
}

Napi::Value PrintColumns(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  auto pages = ToPages(info[0]);
  if (!pages) return env.Undefined();
  auto slot = PassedColumn<double>::From(info[1], "slot as a Float64Array");
  if (!slot) return env.Undefined();
  const auto tail = Uint32(info[2], "tail as a number of bytes");
  if (!tail) return env.Undefined();

  using Bodies = std::vector<promfold::Body>;
  return StartTask<Bodies>(
      env,
      [pages = std::move(*pages),
       slot = std::make_shared<const PassedColumn<double>>(std::move(*slot)),
       tail = *tail](Bodies* bodies) {
        const promfold::PreconditionError error =
            promfold::PrintColumns(pages, slot->view(), tail, bodies);
        return error ? ToFailure(error) : UnlessMemory(promfold::HaveMemory(*bodies));
      },
      [](Napi::Env at, Bodies* bodies) -> Napi::Value {
        Napi::Object printed = Napi::Object::New(at);
        SetBodies(bodies, true, printed);
        return printed;
      });
}

}  // namespace binding
