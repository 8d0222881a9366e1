#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/base/time.hpp"

namespace feedwatch::alert {

/// What the row of an alert does not say and a later run has to know.
struct Remembered {
  enum class Type : std::uint8_t { pending, ending };
  Type type = Type::pending;
  std::string identity;
  /// Since when the condition of a pending alert holds, or that of a firing one does not any more.
  WallTime since{};

  friend bool operator==(const Remembered&, const Remembered&) = default;
};

/// As bytes for a StateStore, with the moment of writing; version 1.
std::string encode_memory(const std::vector<Remembered>& memory, WallTime now);

/// Nothing of a record that is damaged, of another version, or older than an hour: who was away for
/// so long cannot go on where he was.
std::vector<Remembered> decode_memory(std::string_view bytes, WallTime now);

}  // namespace feedwatch::alert
