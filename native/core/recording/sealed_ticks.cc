#include "sealed_ticks.h"

namespace promfold {

void SealedWriter::Add(std::string_view prelude, const RecordedState& state,
                       const TickChanges& changes) {
  ++count_;
  std::string values;
  WriteValues(state, changes, &values);
  ByteWriter writer(&out_);
  writer.Text(prelude);
  writer.Text(values);
}

std::string SealedWriter::Finish() {
  std::string all;
  ByteWriter(&all).Varint(count_);
  return all + out_;
}

bool SealedReader::ReadPrelude(std::string_view* bytes, TickPrelude* prelude) {
  if (left_ == 0) return false;
  --left_;
  *bytes = reader_.Text();
  ByteReader reader(*bytes);
  return promfold::ReadPrelude(&reader, prelude) && reader.AtEnd();
}

bool SealedReader::ReadValues(const RecordedState& state, TickChanges* changes) {
  ByteReader bytes(reader_.Text());
  return reader_.ok() && promfold::ReadValues(&bytes, state, changes);
}

}  // namespace promfold
