#include "feedwatch/config/nearest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace feedwatch::config {
namespace {
constexpr std::size_t longest = 64;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  a = a.substr(0, longest);
  b = b.substr(0, longest);
  // Three rows suffice: a swap looks two back.
  std::array<std::array<std::size_t, longest + 1>, 3> rows{};
  for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto& row = rows[i % 3];
    const auto& above = rows[(i + 2) % 3];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], rows[(i + 1) % 3][j - 2] + 1);
      }
    }
  }
  return rows[a.size() % 3][b.size()];
}

std::string_view nearest(std::string_view text, std::span<const std::string_view> valid) {
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(2, text.size() / 3) + 1;
  for (const std::string_view each : valid) {
    const std::size_t distance = edit_distance(text, each);
    if (distance >= best_distance) continue;
    best = each;
    best_distance = distance;
  }
  return best;
}

std::string suggest(std::string_view text, std::span<const std::string_view> valid) {
  const std::string_view near = nearest(text, valid);
  if (!near.empty()) return fmt::format("did you mean \"{}\"?", near);
  return fmt::format("use one of {}", fmt::join(valid, ", "));
}

}  // namespace feedwatch::config
