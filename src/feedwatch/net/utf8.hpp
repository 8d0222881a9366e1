#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace feedwatch::net {

/// Well-formed UTF-8 as Unicode table 3-7 has it: no surrogates, no overlong forms, nothing beyond
/// U+10FFFF.
bool is_utf8(std::string_view text);

/// The same for text that comes in pieces, whose ends may fall between the bytes of a character:
/// the first byte that cannot belong to well-formed text is found with the piece it comes in.
class Utf8Stream {
 public:
  /// False from the piece on that makes the text malformed, whatever follows.
  bool feed(std::string_view piece);
  /// Could the text end here?
  bool complete() const { return pending_ == 0; }

 private:
  std::array<char, 4> character_{};  // its first bytes, while the rest is to come
  std::size_t pending_ = 0;
};

}  // namespace feedwatch::net
