#pragma once

#include <string_view>

namespace feedwatch::net {

/// Well-formed UTF-8 as Unicode table 3-7 has it: no surrogates, no overlong forms, nothing beyond
/// U+10FFFF.
bool is_utf8(std::string_view text);

}  // namespace feedwatch::net
