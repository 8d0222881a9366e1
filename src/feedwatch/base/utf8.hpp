#pragma once

#include <cstddef>
#include <string_view>

namespace feedwatch {

/// One step through bytes that claim to be UTF-8.
struct Utf8Step {
  std::size_t length = 0;  ///< bytes of this step; 0 only at the end of the text
  bool valid = false;      ///< false: these bytes stand for one U+FFFD
};

/// The step at the front of `text`. Ill-formed bytes are grouped as the Unicode standard recommends
/// (maximal subparts, Unicode 15 §3.9), as browsers do. Overlong forms, surrogates and code points
/// beyond U+10FFFF are ill-formed.
Utf8Step utf8_step(std::string_view text);

/// The code point of one well-formed character.
char32_t code_point(std::string_view character);

/// What a terminal obeys instead of showing it: control characters (C0, DEL, C1), line and
/// paragraph separators, and marks that reorder text.
bool is_control(char32_t point);

/// Whether the whole text is well-formed UTF-8. The empty text is.
bool is_utf8(std::string_view text);
/// The same without a NUL: what a database takes as text.
bool is_text(std::string_view text);

}  // namespace feedwatch
