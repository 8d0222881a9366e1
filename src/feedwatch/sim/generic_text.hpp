#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace feedwatch::sim {

/// Words of a line, separated by blanks and tabs.
std::vector<std::string_view> split_words(std::string_view text);
/// Percent-encodes what would break a word (blanks, controls, '%', ':'); everything else as it is.
std::string escape_word(std::string_view text);
/// The reverse; text that is no escape is left as it stands.
std::string unescape_word(std::string_view text);

}  // namespace feedwatch::sim
