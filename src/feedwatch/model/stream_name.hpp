#pragma once

#include <string_view>

#include "feedwatch/model/stream_key.hpp"

namespace feedwatch {

/// A stream's name as the text that somebody else keeps: copied for nothing, allocates nothing, and
/// is cut into its parts only where they are asked for.
class StreamName {
 public:
  StreamName() = default;
  /// Of the text form of a key, which outlives this. Anything else is a name without parts.
  explicit StreamName(std::string_view text) : text_(text) {}

  /// The whole of it: venue/symbol/kind.
  std::string_view text() const { return text_; }
  std::string_view venue() const;
  std::string_view symbol() const;
  Kind kind() const;

  /// The same with strings of its own, to keep beyond the text. A name is one wherever one is asked
  /// for.
  StreamKey key() const;
  operator StreamKey() const { return key(); }

  friend bool operator==(const StreamName&, const StreamName&) = default;
  friend bool operator==(const StreamName& name, const StreamKey& key) {
    return name.kind() == key.kind && name.symbol() == key.symbol && name.venue() == key.venue;
  }

 private:
  std::string_view text_;
};

}  // namespace feedwatch
