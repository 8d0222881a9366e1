#pragma once

#include <expected>
#include <string>

namespace feedwatch {

/// Every error a person reads: what failed, why, and what to do about it. Printed as
/// `feedwatch: what: why (what to do)`.
struct Error {
  std::string what;
  std::string why;
  std::string fix;  ///< empty when there is nothing a person can do

  std::string text() const {
    return fix.empty() ? what + ": " + why : what + ": " + why + " (" + fix + ")";
  }
};

template <class T>
using Result = std::expected<T, Error>;

}  // namespace feedwatch
