#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace feedwatch::config {

/// Edits (insert, delete, replace, swap neighbours) that make one text the other. Bytes; texts are
/// cut at 64.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The valid name most like `text`, or empty when none is near (a third of its length, at least 2).
std::string_view nearest(std::string_view text, std::span<const std::string_view> valid);

/// `did you mean "streams"?`, or `use one of name, type, url`.
std::string suggest(std::string_view text, std::span<const std::string_view> valid);

}  // namespace feedwatch::config
