// Why a file, or a part of it, cannot be read.
//
// A Fault is plain bytes (no string, no destructor), so it can be made inside a guarded scope
// (guard.h) that a SIGBUS may leave at any instruction. The words for it are made later, by
// FoundPhrase.
#ifndef PROMFOLD_CORE_FAULT_H_
#define PROMFOLD_CORE_FAULT_H_

#include <cstdint>
#include <string>

namespace promfold {

// The kinds a caller tells apart. src/native.ts, FAULT: same numbers, same meaning.
enum class FaultCode : uint8_t {
  kNone = 0,
  kEmpty = 1,
  kUsedOutOfRange = 2,
  kKeyOutOfRange = 3,
  kValueOutOfRange = 4,
  kChangedInPlace = 5,
  kReadFault = 6,
  kIoError = 7,
  kNotRegular = 8,
  kTooManyEntries = 9,
  kTooManyKeyBytes = 10,
  kLinkToOtherOwner = 11,
};

// What was found, exactly. The comment says what `a` and `b` of the Fault hold.
enum class Found : uint8_t {
  kNothingWrong,
  kFileTooShort,          // a: bytes of the file
  kUsedZero,              //
  kUsedTooSmall,          // a: used, negative or 1 to 7
  kUsedPastFile,          // a: used, b: bytes of the file
  kUsedUnaligned,         // a: used
  kKeyLengthNotPositive,  // a: key length
  kKeyPastUsed,           // a: key length, b: used
  kKeyTooLong,            // a: key length, b: the most it may be
  kValuePastUsed,         // a: end of the value, b: used
  kValuePastFile,         // a: end of the value, b: bytes of the file
  kUsedShrank,            // a: used now, b: used before
  kLastEntryChanged,      //
  kPaddingChanged,        //
  kEntriesGone,           // a: entries there were
  kKeyErased,             //
  kPageGone,              //
  kStatFailed,            // a: errno
  kOpenFailed,            // a: errno
  kReadFailed,            // a: errno
  kNotRegular,            // a: the S_IFMT bits of its mode
  kFileTooLarge,          // a: used, b: the most that the limits for a file allow
  kTooManyEntries,        // a: entries of the file, b: the limit for a file
  kTooManyKeyBytes,       // a: bytes of keys, b: the limit for a file
  kNoRoomForEntries,      // a: entries of the file, b: how many more are allowed
  kNoRoomForKeys,         // a: bytes of keys, b: how many more are allowed
  kLinkOfAnother,         // a: uid of the link, b: uid of the directory
  kTargetOfAnother,       // a: uid of what the link leads to, b: uid of the directory
  kNoAnswer,              //
  kNotTried,              //
  kPermissionDenied,      // a: uid of the file, b: its permission bits
};

struct Fault {
  Found found = Found::kNothingWrong;
  int64_t offset = -1;  // first wrong byte from the start of the file; -1: no byte is to blame
  int64_t a = 0;
  int64_t b = 0;

  bool ok() const { return found == Found::kNothingWrong; }
  FaultCode code() const;
  // The file is sound, and would hold more than read_budget.h allows.
  bool is_over_budget() const {
    return code() == FaultCode::kTooManyEntries || code() == FaultCode::kTooManyKeyBytes;
  }
  friend bool operator==(const Fault&, const Fault&) = default;
};

// `key length 1879048192 runs past used 65240`; empty for no fault.
std::string FoundPhrase(const Fault& fault);

}  // namespace promfold

#endif  // PROMFOLD_CORE_FAULT_H_
