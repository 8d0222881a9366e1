#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace feedwatch {

/// What a price is. A mark price is never stored as a last price.
enum class Kind : std::uint8_t { last, quote, mark, index };
constexpr std::array all_kinds{Kind::last, Kind::quote, Kind::mark, Kind::index};
constexpr std::size_t kind_count = all_kinds.size();

constexpr std::string_view to_text(Kind kind) {
  constexpr std::array<std::string_view, kind_count> words{"last", "quote", "mark", "index"};
  return words[static_cast<std::size_t>(kind)];
}

constexpr std::optional<Kind> kind_from_text(std::string_view text) {
  for (const Kind kind : all_kinds) {
    if (to_text(kind) == text) return kind;
  }
  return std::nullopt;
}

}  // namespace feedwatch
