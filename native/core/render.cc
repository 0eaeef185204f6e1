#include "render.h"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cstring>

#include "parallel_for.h"

namespace promfold {

namespace {

// Few enough that one number which changed costs little, and many enough to be a piece of work.
constexpr uint32_t kLinesAtOnce = 512;

// Below, all is copied before the helper is there (about 100 µs against 15 ns a line).
constexpr size_t kLinesWorthAThread = 8'000;

// Bytes copied at a time: a few wide moves, where memcpy would first look at the length.
constexpr size_t kStep = 32;

// Some lines of one template, and where they go.
struct Piece {
  const Template* part;
  uint32_t from;
  uint32_t to;
  size_t bytes = 0;
  size_t begin = 0;
  uint64_t since = 0;  // the numbers are as they are
};

std::vector<Piece> Cut(const Page& page) {
  std::vector<Piece> pieces;
  for (const auto& part : page) {
    const uint32_t lines = static_cast<uint32_t>(part->slot.size());
    uint32_t from = 0;
    do {
      const uint32_t to = std::min(lines, from + kLinesAtOnce);
      pieces.push_back({part.get(), from, to});
      from = to;
    } while (from < lines);
  }
  return pieces;
}

void Measure(const PrintedNumbers& numbers, Piece* piece) {
  const Template& part = *piece->part;
  size_t bytes = piece->from == 0 ? part.header_end : 0;
  uint32_t begin = piece->from == 0 ? part.header_end : part.line_end[piece->from - 1];
  uint64_t since = 0;
  for (uint32_t line = piece->from; line < piece->to; ++line) {
    const uint32_t slot = part.slot[line];
    const uint32_t end = part.line_end[line];
    const uint32_t printed = numbers.Bytes(slot);
    bytes += printed == 0 ? 0 : end - begin + printed + 1;
    since = std::max(since, numbers.Since(slot));
    begin = end;
  }
  piece->bytes = bytes;
  piece->since = since;
}

bool IsCurrent(const Piece& piece, const PrintedNumbers& numbers, const CachedPiece& cached) {
  return cached.text == piece.part->id && cached.from == piece.from && cached.to == piece.to &&
         cached.begin == piece.begin && cached.bytes == piece.bytes &&
         cached.numbers == numbers.id() && cached.version >= piece.since;
}

// Up to kStep - 1 bytes too many are read and written.
char* CopyInSteps(const char* from, size_t bytes, char* to) {
  for (size_t at = 0; at < bytes; at += kStep) std::memcpy(to + at, from + at, kStep);
  return to + bytes;
}

char* Copy(const char* from, size_t bytes, char* to) {
  std::memcpy(to, from, bytes);
  return to + bytes;
}

void Assemble(const Piece& piece, const PrintedNumbers& numbers, char* body) {
  const Template& part = *piece.part;
  const char* const text = part.text.data();
  char* out = body + piece.begin;
  // Up to here too much may be written: after it another thread may be at work.
  const char* const limit = out + piece.bytes - std::min(piece.bytes, kStep + kNumberBytes);
  uint32_t begin = 0;
  if (piece.from == 0) {
    begin = part.header_end;
    out = Copy(text, begin, out);
  } else {
    begin = part.line_end[piece.from - 1];
  }
  for (uint32_t line = piece.from; line < piece.to; ++line) {
    const uint32_t slot = part.slot[line];
    const uint32_t end = part.line_end[line];
    const uint32_t printed = numbers.Bytes(slot);
    if (printed > 0) {
      if (out + (end - begin) < limit) {
        out = CopyInSteps(text + begin, end - begin, out);
        std::memcpy(out, numbers.Text(slot), kNumberBytes);
        out += printed;
      } else {
        out = Copy(text + begin, end - begin, out);
        out = Copy(numbers.Text(slot), printed, out);
      }
      *out++ = '\n';
    }
    begin = end;
  }
  assert(out == body + piece.begin + piece.bytes);
}

}  // namespace

bool Template::Seal() {
  if (line_end.size() != slot.size() || header_end > text.size()) return false;
  uint32_t begin = header_end;
  for (const uint32_t end : line_end) {
    if (end < begin || end > text.size()) return false;
    begin = end;
  }
  slot_limit = 0;
  for (const uint32_t s : slot) {
    if (s == UINT32_MAX) return false;
    slot_limit = std::max(slot_limit, s + 1);
  }
  text.append(kStep, '\0');
  static std::atomic<uint64_t> ids = 0;
  id = ++ids;
  return true;
}

bool HaveMemory(std::span<const Body> bodies) {
  return std::ranges::all_of(bodies,
                             [](const Body& body) { return body.block.memory() != nullptr; });
}

Body Render(const Page& page, const PrintedNumbers& numbers, size_t tail) {
  std::vector<Piece> pieces = Cut(page);
  size_t lines = 0;
  for (const Piece& piece : pieces) lines += piece.to - piece.from;
  ParallelFor(static_cast<uint32_t>(pieces.size()), lines >= kLinesWorthAThread,
              [&](uint32_t i) { Measure(numbers, &pieces[i]); });

  Body body;
  for (Piece& piece : pieces) {
    piece.begin = body.length;
    body.length += piece.bytes;
    if (piece.to == piece.part->slot.size()) {
      body.part_end.push_back(static_cast<uint32_t>(body.length));
    }
  }
  body.block = Block(body.length + tail, page.empty() ? 0 : page.front()->id);
  if (body.block.memory() == nullptr) return body;

  std::vector<CachedPiece>& cached_pieces = body.block.cached_pieces;
  cached_pieces.resize(pieces.size());
  std::vector<uint32_t> missing;
  size_t missing_lines = 0;
  for (uint32_t i = 0; i < pieces.size(); ++i) {
    const Piece& piece = pieces[i];
    if (!IsCurrent(piece, numbers, cached_pieces[i])) {
      missing.push_back(i);
      missing_lines += piece.to - piece.from;
    }
    cached_pieces[i] = {piece.part->id, numbers.id(), numbers.version(), piece.from,
                        piece.to,       piece.begin,  piece.bytes};
  }
  ParallelFor(static_cast<uint32_t>(missing.size()), missing_lines >= kLinesWorthAThread,
              [&](uint32_t i) { Assemble(pieces[missing[i]], numbers, body.block.memory()); });
  return body;
}

}  // namespace promfold
