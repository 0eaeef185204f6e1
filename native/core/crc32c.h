// CRC-32C (Castagnoli), as of RFC 3720.
#ifndef PROMFOLD_CORE_CRC32C_H_
#define PROMFOLD_CORE_CRC32C_H_

#include <cstdint>
#include <string_view>

namespace promfold {

// Of bytes that follow those of which `before` is the checksum.
uint32_t Crc32c(std::string_view bytes, uint32_t before = 0);

}  // namespace promfold

#endif  // PROMFOLD_CORE_CRC32C_H_
