#include "feedwatch/api/newest_first.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <iterator>
#include <limits>
#include <utility>

#include "feedwatch/base/utf8.hpp"

namespace feedwatch::api {
namespace {

constexpr std::int64_t latest = std::numeric_limits<std::int64_t>::max();
constexpr unsigned inverse = 0xffU;

std::optional<std::string> id_of(std::string_view inverted) {
  std::string id;
  for (; inverted.size() > 1; inverted.remove_prefix(2)) {
    unsigned byte = 0;
    const char* const end = inverted.data() + 2;
    if (std::from_chars(inverted.data(), end, byte, 16).ptr != end) return std::nullopt;
    id += static_cast<char>(inverse - byte);
  }
  return inverted == "~" && is_text(id) ? std::optional(std::move(id)) : std::nullopt;
}

}  // namespace

std::string newest_first(WallTime at, std::string_view id) {
  std::string name = fmt::format("{:019}-", latest - to_ns(at));
  for (const char c : id) {
    fmt::format_to(std::back_inserter(name), "{:02x}", inverse - static_cast<unsigned char>(c));
  }
  return name + "~";
}

Result<std::optional<HistoryPlace>> place_of(std::string_view cursor) {
  if (cursor.empty()) return std::optional<HistoryPlace>{};
  std::int64_t left = 0;
  const auto [end, error] = std::from_chars(cursor.data(), cursor.data() + cursor.size(), left);
  const auto length = static_cast<std::size_t>(end - cursor.data());
  const bool reads = error == std::errc{} && left >= 0 && length < cursor.size() && *end == '-';
  auto id = reads ? id_of(cursor.substr(length + 1)) : std::nullopt;
  if (!id) {
    return std::unexpected(Error{"cursor", "is none of this list", "take next_cursor as it is"});
  }
  return std::optional(HistoryPlace{wall_from_ns(latest - left), std::move(*id)});
}

}  // namespace feedwatch::api
