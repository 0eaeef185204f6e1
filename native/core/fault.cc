#include "fault.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "errno_name.h"

namespace promfold {

namespace {

const char* KindOfFile(int64_t format) {
  switch (format) {
    case S_IFDIR:
      return "a directory";
    case S_IFIFO:
      return "a fifo";
    case S_IFSOCK:
      return "a socket";
    case S_IFCHR:
    case S_IFBLK:
      return "a device";
    default:
      return "no regular file";
  }
}

// As chmod takes it: `0640`.
std::string Octal(int64_t mode) {
  char text[8];
  std::snprintf(text, sizeof text, "%04o", static_cast<unsigned>(mode & 07777));
  return text;
}

}  // namespace

FaultCode Fault::code() const {
  switch (found) {
    case Found::kNothingWrong:
      return FaultCode::kNone;
    case Found::kFileTooShort:
    case Found::kUsedZero:
      return FaultCode::kEmpty;
    case Found::kUsedTooSmall:
    case Found::kUsedPastFile:
    case Found::kUsedUnaligned:
      return FaultCode::kUsedOutOfRange;
    case Found::kKeyLengthNotPositive:
    case Found::kKeyPastUsed:
    case Found::kKeyTooLong:
      return FaultCode::kKeyOutOfRange;
    case Found::kValuePastUsed:
    case Found::kValuePastFile:
      return FaultCode::kValueOutOfRange;
    case Found::kUsedShrank:
    case Found::kLastEntryChanged:
    case Found::kPaddingChanged:
    case Found::kEntriesGone:
    case Found::kKeyErased:
      return FaultCode::kChangedInPlace;
    case Found::kPageGone:
      return FaultCode::kReadFault;
    case Found::kStatFailed:
    case Found::kOpenFailed:
    case Found::kReadFailed:
    case Found::kNoAnswer:
    case Found::kNotTried:
    case Found::kPermissionDenied:
      return FaultCode::kIoError;
    case Found::kNotRegular:
      return FaultCode::kNotRegular;
    case Found::kTooManyEntries:
    case Found::kNoRoomForEntries:
      return FaultCode::kTooManyEntries;
    case Found::kFileTooLarge:
    case Found::kTooManyKeyBytes:
    case Found::kNoRoomForKeys:
      return FaultCode::kTooManyKeyBytes;
    case Found::kLinkOfAnother:
    case Found::kTargetOfAnother:
      return FaultCode::kLinkToOtherOwner;
  }
  return FaultCode::kNone;
}

std::string FoundPhrase(const Fault& fault) {
  const std::string a = std::to_string(fault.a);
  const std::string b = std::to_string(fault.b);
  switch (fault.found) {
    case Found::kNothingWrong:
      return "";
    case Found::kFileTooShort:
      return a + (fault.a == 1 ? " byte" : " bytes");
    case Found::kUsedZero:
      return "used 0";
    case Found::kUsedTooSmall:
      return "used " + a + " is below 8";
    case Found::kUsedPastFile:
      return "used " + a + " runs past the file's " + b + " bytes";
    case Found::kUsedUnaligned:
      return "used " + a + " is not a multiple of 8";
    case Found::kKeyLengthNotPositive:
      return "key length " + a + " is not positive";
    case Found::kKeyPastUsed:
      return "key length " + a + " runs past used " + b;
    case Found::kKeyTooLong:
      return "key length " + a + " is beyond " + b;
    case Found::kValuePastUsed:
      return "value up to byte " + a + " runs past used " + b;
    case Found::kValuePastFile:
      return "value up to byte " + a + " runs past the file's " + b + " bytes";
    case Found::kUsedShrank:
      return "used fell from " + b + " to " + a;
    case Found::kLastEntryChanged:
      return "the last entry is another than before";
    case Found::kPaddingChanged:
      return "the blank before a value is gone";
    case Found::kEntriesGone:
      return "no entry where " + a + " were before";
    case Found::kKeyErased:
      return "no text where a key was";
    case Found::kPageGone:
      return "the page was gone when it was read";
    case Found::kStatFailed:
      return "stat failed with " + ErrnoName(static_cast<int>(fault.a));
    case Found::kOpenFailed:
      return "open failed with " + ErrnoName(static_cast<int>(fault.a));
    case Found::kReadFailed:
      return "read failed with " + ErrnoName(static_cast<int>(fault.a));
    case Found::kNotRegular:
      return KindOfFile(fault.a);
    case Found::kFileTooLarge:
      return a + " bytes used, the limits for a file allow " + b;
    case Found::kTooManyEntries:
      return a + " entries, the limit for a file is " + b;
    case Found::kTooManyKeyBytes:
      return a + " bytes of keys, the limit for a file is " + b;
    case Found::kNoRoomForEntries:
      return a + " entries, the limit for all files leaves room for " + b;
    case Found::kNoRoomForKeys:
      return a + " bytes of new keys, the limit for all files leaves room for " + b;
    case Found::kLinkOfAnother:
      return "a link of uid " + a + " in a directory of uid " + b;
    case Found::kTargetOfAnother:
      return "a link to a file of uid " + a + " in a directory of uid " + b;
    case Found::kNoAnswer:
      return "its file system does not answer";
    case Found::kNotTried:
      return "not read, because other files do not answer";
    case Found::kPermissionDenied:
      return "permission denied: it belongs to uid " + a + " with mode " + Octal(fault.b) +
             ", promfold runs as uid " + std::to_string(geteuid());
  }
  return "";
}

}  // namespace promfold
