#pragma once

#include <compare>
#include <functional>
#include <string>
#include <string_view>

#include "feedwatch/base/error.hpp"
#include "feedwatch/model/kind.hpp"

namespace feedwatch {

/// The unit of freshness: (venue, symbol, kind). The symbol is the venue's own name in its own
/// case, any UTF-8. Text form `venue/symbol/kind`: venue before the first '/', kind after the last,
/// symbol all between (it may hold '/').
struct StreamKey {
  std::string venue;
  std::string symbol;
  Kind kind = Kind::last;

  std::string text() const;
  /// Errors name what is missing: venue, symbol or a known kind.
  static Result<StreamKey> parse(std::string_view text);

  friend auto operator<=>(const StreamKey&, const StreamKey&) = default;
};

/// Whether `text` matches `pattern`: `*` is any run of characters ('/' included), `\*` a star,
/// `\\` a backslash; everything else stands for itself. Bytes, no locale. Linear in practice, no
/// recursion.
bool glob_match(std::string_view pattern, std::string_view text);

/// Number of literal characters of a pattern; of two matching globs the one with more is more
/// specific. A pattern without an unescaped star is exact and beats every glob.
struct GlobRank {
  bool exact = false;
  std::size_t literals = 0;
  friend auto operator<=>(const GlobRank&, const GlobRank&) = default;
};
GlobRank glob_rank(std::string_view pattern);

/// The one text an exact pattern matches: escapes resolved.
std::string glob_literal(std::string_view pattern);

}  // namespace feedwatch

template <>
struct std::hash<feedwatch::StreamKey> {
  std::size_t operator()(const feedwatch::StreamKey& key) const noexcept {
    const std::size_t a = std::hash<std::string>{}(key.venue);
    const std::size_t b = std::hash<std::string>{}(key.symbol);
    return (a * 31U + b) * 31U + static_cast<std::size_t>(key.kind);
  }
};
