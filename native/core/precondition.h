// What the caller did that it must not do.
#ifndef PROMFOLD_CORE_PRECONDITION_H_
#define PROMFOLD_CORE_PRECONDITION_H_

#include <optional>
#include <string>

namespace promfold {

// As a phrase; none where nothing is wrong. Then, and only then, the call did something.
using PreconditionError = std::optional<std::string>;

}  // namespace promfold

#endif  // PROMFOLD_CORE_PRECONDITION_H_
