#include "inspect_file.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "file_format.h"
#include "load.h"
#include "read_file.h"
#include "scratch.h"

namespace promfold {

namespace {

// Where a walk over entries of one width stops: at a fault, at `used`, or where the bytes end.
uint32_t WalkTo(std::span<const std::byte> bytes, uint32_t used, uint32_t value_bytes) {
  uint32_t cursor = kHeaderBytes;
  while (cursor < used && cursor + uint64_t{kLengthBytes} <= bytes.size()) {
    uint32_t next = cursor;
    Entry entry;
    if (!NextEntry(bytes, used, value_bytes, &next, &entry).ok() || next > bytes.size()) break;
    cursor = next;
  }
  return cursor;
}

// REQUIRES: a walk of this width reaches `end`.
void TakeEntries(std::span<const std::byte> bytes, uint32_t end, uint32_t value_bytes,
                 Inspection* inspection) {
  uint32_t cursor = kHeaderBytes;
  while (cursor < end) {
    Entry entry;
    if (!NextEntry(bytes, end, value_bytes, &cursor, &entry).ok()) break;
    inspection->key.push_back(entry.key);
    inspection->value_offset.push_back(entry.value_offset);
    inspection->value.push_back(LoadDouble(bytes.data(), entry.value_offset));
    inspection->timestamp.push_back(
        value_bytes == kPairBytes ? LoadDouble(bytes.data(), entry.value_offset + kValueBytes) : 0);
  }
  inspection->value_bytes = inspection->value.empty() ? 0 : value_bytes;
  inspection->end = cursor;
}

// The chain is broken: whichever width leads further is taken to be the file's.
void Salvage(std::span<const std::byte> bytes, uint32_t used, bool is_stamped,
             Inspection* inspection) {
  const uint32_t within =
      static_cast<uint32_t>(std::min<uint64_t>({used, bytes.size(), uint64_t{INT32_MAX}}));
  const uint32_t pairs = WalkTo(bytes, within, kPairBytes);
  const uint32_t values = WalkTo(bytes, within, kValueBytes);
  if (values > pairs && !is_stamped)
    TakeEntries(bytes, values, kValueBytes, inspection);
  else
    TakeEntries(bytes, pairs, kPairBytes, inspection);
}

void KeepExcerpt(std::span<const std::byte> bytes, uint64_t from, uint64_t to,
                 Inspection* inspection) {
  to = std::min<uint64_t>(to, bytes.size());
  from = std::min(from, to);
  inspection->excerpt_offset = from;
  inspection->excerpt.assign(bytes.begin() + static_cast<ptrdiff_t>(from),
                             bytes.begin() + static_cast<ptrdiff_t>(to));
}

uint64_t EndOfNonZeros(std::span<const std::byte> bytes) {
  uint64_t end = bytes.size();
  while (end > 0 && bytes[end - 1] == std::byte{0}) --end;
  return end;
}

}  // namespace

void InspectBytes(std::span<const std::byte> bytes, uint64_t file_bytes, bool is_stamped,
                  bool keep_bytes, Inspection* inspection) {
  inspection->fault = {};
  uint32_t used = 0;
  if (bytes.size() < kUsedBytes) {
    inspection->fault = {Found::kFileTooShort, -1, static_cast<int64_t>(file_bytes)};
  } else {
    inspection->stored_used = LoadInt32(bytes.data(), 0);
    inspection->fault = ReadUsed(bytes.data(), file_bytes, &used);
  }
  inspection->end = std::min<uint64_t>(kHeaderBytes, file_bytes);

  FileFormat format = {};
  if (inspection->fault.ok()) {
    const Detection detection =
        DetectFormat(bytes, file_bytes, used, is_stamped, &format, &inspection->fault);
    if (detection == Detection::kNeedsMore || format.end > std::max<uint64_t>(bytes.size(), 8)) {
      // Fewer bytes than the file has: a snapshot that was cut.
      inspection->fault = {Found::kUsedPastFile, 0, used, static_cast<int64_t>(bytes.size())};
    }
  }
  if (inspection->fault.ok()) {
    if (format.entries > 0) TakeEntries(bytes, format.end, format.value_bytes, inspection);
  } else if (used > kHeaderBytes) {
    Salvage(bytes, used, is_stamped, inspection);
  }

  const Fault& fault = inspection->fault;
  if (keep_bytes) {
    KeepExcerpt(bytes, 0, fault.ok() ? inspection->end : EndOfNonZeros(bytes), inspection);
  } else if (fault.offset >= 0) {
    const uint64_t at = static_cast<uint64_t>(fault.offset);
    const uint64_t before = std::min(at, kExcerptBytes / 2);
    KeepExcerpt(bytes, at - before, at - before + kExcerptBytes, inspection);
  }
}

void InspectFound(FoundFile found, bool is_stamped, bool keep_bytes, Scratch* scratch,
                  Inspection* inspection) {
  inspection->Clear();
  if (found.fault.ok()) found = OpenFound(found);
  // Something that is not a regular file is described, too.
  if (found.has_status) inspection->status = found.status;

  const Reading reading = ReadFile(std::move(found), is_stamped, scratch);
  if (reading.fault.ok()) {
    const uint64_t at_hand = std::min<uint64_t>(reading.format.end, reading.file_bytes);
    InspectBytes({scratch->FileBytes(0), at_hand}, reading.file_bytes, is_stamped, keep_bytes,
                 inspection);
    return;
  }
  inspection->fault = reading.fault;
  if (!reading.descriptor || reading.fault.found == Found::kReadFailed) return;

  // ReadFile stops at the first step that shows the damage; here the entries before it count.
  const uint64_t wanted =
      std::min(static_cast<uint64_t>(inspection->status.st_size), kMaxSalvagedBytes);
  std::byte* const bytes = scratch->FileBytes(wanted);
  const int64_t got = ReadRange(reading.descriptor.number(), bytes, 0, wanted);
  if (got < 0) {
    inspection->fault = {Found::kReadFailed, -1, errno};
    return;
  }
  const uint64_t file_bytes = got < static_cast<int64_t>(wanted)
                                  ? static_cast<uint64_t>(got)
                                  : static_cast<uint64_t>(inspection->status.st_size);
  InspectBytes({bytes, static_cast<uint64_t>(got)}, file_bytes, is_stamped, keep_bytes, inspection);
}

void InspectFile(const char* path, bool is_stamped, bool keep_bytes, Scratch* scratch,
                 Inspection* inspection) {
  InspectFound(FindFile(AT_FDCWD, path, std::nullopt), is_stamped, keep_bytes, scratch, inspection);
}

void Inspection::Clear() {
  fault = {};
  status = {};
  stored_used = -1;
  value_bytes = 0;
  end = 0;
  key.clear();
  value_offset.clear();
  value.clear();
  timestamp.clear();
  excerpt_offset = 0;
  excerpt.clear();
}

}  // namespace promfold
