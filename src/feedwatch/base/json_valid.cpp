#include "feedwatch/base/json_valid.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <system_error>

#include "feedwatch/base/utf8.hpp"

namespace feedwatch {
namespace {

constexpr int max_depth = 64;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Takes what it recognizes off the front of `rest`; every function says whether it was there.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool object_alone() {
    blanks();
    if (!rest_.starts_with('{') || !value(0)) return false;
    blanks();
    return rest_.empty();
  }

 private:
  bool value(int depth) {
    if (rest_.empty() || depth > max_depth) return false;
    switch (rest_.front()) {
      case '{':
        return list('{', '}', [&] { return member(depth + 1); });
      case '[':
        return list('[', ']', [&] { return element(depth + 1); });
      case '"':
        return string();
      case 't':
        return take("true");
      case 'f':
        return take("false");
      case 'n':
        return take("null");
      default:
        return number();
    }
  }

  template <class Item>
  bool list(char open, char close, Item item) {
    take(open);
    blanks();
    if (take(close)) return true;
    do {
      if (!item()) return false;
    } while (take(','));
    return take(close);
  }

  bool element(int depth) {
    blanks();
    if (!value(depth)) return false;
    blanks();
    return true;
  }

  bool member(int depth) {
    blanks();
    if (!string()) return false;
    blanks();
    return take(':') && element(depth);
  }

  bool string() {
    if (!take('"')) return false;
    while (!rest_.empty()) {
      if (take('"')) return true;
      if (static_cast<unsigned char>(rest_.front()) < 0x20) return false;
      if (take('\\') ? !escape() : !character()) return false;
    }
    return false;
  }

  bool character() {
    const Utf8Step step = utf8_step(rest_);
    rest_.remove_prefix(step.length);
    return step.valid;
  }

  bool escape() {
    if (rest_.empty()) return false;
    const char what = rest_.front();
    rest_.remove_prefix(1);
    if (what != 'u') return std::string_view("\"\\/bfnrt").contains(what);
    const std::optional<unsigned> unit = code_unit();
    if (!unit || is_low(*unit)) return false;
    if (!is_high(*unit)) return true;
    // Half a character is one that no reader can hold.
    if (!take("\\u")) return false;
    const std::optional<unsigned> second = code_unit();
    return second && is_low(*second);
  }

  std::optional<unsigned> code_unit() {
    unsigned unit = 0;
    const char* const end = rest_.data() + std::min<std::size_t>(rest_.size(), 4);
    const auto read = std::from_chars(rest_.data(), end, unit, 16);
    if (read.ec != std::errc{} || read.ptr != rest_.data() + 4) return std::nullopt;
    rest_.remove_prefix(4);
    return unit;
  }

  static bool is_high(unsigned unit) { return unit >= 0xD800 && unit < 0xDC00; }
  static bool is_low(unsigned unit) { return unit >= 0xDC00 && unit < 0xE000; }

  bool number() {
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (!take('e') && !take('E')) return true;
    if (!take('+')) take('-');
    return digits();
  }

  bool digits() {
    const std::size_t count =
        static_cast<std::size_t>(std::ranges::find_if_not(rest_, is_digit) - rest_.begin());
    rest_.remove_prefix(count);
    return count > 0;
  }

  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool take(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  void blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size())); }

  std::string_view rest_;
};

}  // namespace

bool is_json_object(std::string_view text) {
  return Reader(text).object_alone();
}

}  // namespace feedwatch
