#pragma once

#include <string>
#include <string_view>

/// Text from outside (symbols, the venue's words, another program's answer) for a person's
/// terminal, which obeys control characters: they never pass.
namespace feedwatch::api {

/// Control characters, marks that reorder text, and ill-formed UTF-8 each become U+FFFD.
std::string printable(std::string_view text);

/// The same for a JSON text, which stays the same value: those characters are written as escapes.
/// Precondition: `json` is valid JSON.
std::string printable_json(std::string_view json);

/// Columns of printable text: one for each code point.
std::size_t columns(std::string_view text);

}  // namespace feedwatch::api
