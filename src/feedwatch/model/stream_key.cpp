#include "feedwatch/model/stream_key.hpp"

#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/base/utf8.hpp"

namespace feedwatch {
namespace {

std::unexpected<Error> refuse(std::string_view text, std::string why) {
  return std::unexpected(Error{.what = "stream " + json_quoted(text),
                               .why = std::move(why),
                               .fix = "write venue/symbol/kind, as in binance-usdm/BTCUSDT/mark"});
}

/// One element of a pattern: a star, or a byte that stands for itself, with its length in the
/// pattern.
struct Element {
  bool star = false;
  char byte = '\0';
  std::size_t length = 0;
};

/// Precondition: at < pattern.size().
Element element_at(std::string_view pattern, std::size_t at) {
  const char c = pattern[at];
  if (c == '*') return {true, '*', 1};
  if (c == '\\' && at + 1 < pattern.size()) {
    const char next = pattern[at + 1];
    if (next == '*' || next == '\\') return {false, next, 2};
  }
  return {false, c, 1};
}

}  // namespace

std::string StreamKey::text() const {
  const std::string_view word = to_text(kind);
  std::string out;
  out.reserve(venue.size() + symbol.size() + word.size() + 2);
  out += venue;
  out += '/';
  out += symbol;
  out += '/';
  out += word;
  return out;
}

Result<StreamKey> StreamKey::parse(std::string_view text) {
  if (!is_utf8(text)) return refuse(text, "it is not UTF-8");
  const std::size_t first = text.find('/');
  const std::size_t last = text.rfind('/');
  if (first == std::string_view::npos || first == last) {
    return refuse(text, "it needs a venue, a symbol and a kind between slashes");
  }
  const std::string_view venue = text.substr(0, first);
  const std::string_view symbol = text.substr(first + 1, last - first - 1);
  const std::string_view word = text.substr(last + 1);
  if (venue.empty()) return refuse(text, "the venue is missing");
  if (symbol.empty()) return refuse(text, "the symbol is missing");
  const auto kind = kind_from_text(word);
  if (!kind) {
    return refuse(text, "kind " + json_quoted(word) + " is not one of last, quote, mark, index");
  }
  return StreamKey{std::string{venue}, std::string{symbol}, *kind};
}

bool glob_match(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  // Where to go on when a literal fails: behind the latest star, which then takes one byte more.
  // Earlier stars never need to be tried again.
  std::size_t retry_pattern = std::string_view::npos;
  std::size_t retry_text = 0;
  while (true) {
    if (p == pattern.size()) {
      if (t == text.size()) return true;
    } else {
      const Element element = element_at(pattern, p);
      if (element.star) {
        p += 1;
        retry_pattern = p;
        retry_text = t;
        continue;
      }
      if (t < text.size() && element.byte == text[t]) {
        p += element.length;
        t += 1;
        continue;
      }
    }
    if (retry_pattern == std::string_view::npos || retry_text == text.size()) return false;
    p = retry_pattern;
    t = ++retry_text;
  }
}

GlobRank glob_rank(std::string_view pattern) {
  GlobRank rank{.exact = true, .literals = 0};
  for (std::size_t at = 0; at < pattern.size();) {
    const Element element = element_at(pattern, at);
    if (element.star) {
      rank.exact = false;
    } else {
      ++rank.literals;
    }
    at += element.length;
  }
  return rank;
}

std::string glob_literal(std::string_view pattern) {
  std::string out;
  for (std::size_t at = 0; at < pattern.size();) {
    const Element element = element_at(pattern, at);
    out += element.byte;
    at += element.length;
  }
  return out;
}

}  // namespace feedwatch
