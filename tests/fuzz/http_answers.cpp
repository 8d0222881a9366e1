// Any bytes in any chops as an HTTP message: what is made of them is bounded, and a complete
// message does not depend on the chops. (Whether a malformed one is refused at once or waited for
// does: Beast looks for the end of the headers from where it stopped the last time. And it may or
// may not count the first line among the headers.) Input: a byte of setting, a seed for the chops,
// then what the peer sends.
#include <string>

#include "feedwatch/net/http_codec.hpp"
#include "feedwatch/net/ws_deflate.hpp"
#include "tests/fuzz/input.hpp"

namespace feedwatch::fuzz {
namespace {

using net::HttpMessage;
using net::HttpParser;

constexpr int too_large = 431;
constexpr HttpParser::Limits limits{.headers = 1'024, .body = 4'096};

struct Result {
  bool done = false;
  int error = 0;  ///< status, 0: none
  HttpMessage message;
};

HttpParser parser_of(std::uint8_t setting) {
  const auto kind = (setting & 1U) != 0 ? HttpParser::Kind::request : HttpParser::Kind::response;
  return HttpParser(kind, limits, (setting & 2U) != 0);
}

/// As the clients and the server do: what is not taken comes again with more behind it.
Result read(std::uint8_t setting, std::string_view bytes, Chops chops) {
  HttpParser parser = parser_of(setting);
  std::string buffer;
  while (!bytes.empty() && !parser.done() && !parser.error()) {
    buffer += chops.take(bytes);
    const std::size_t taken = parser.feed(buffer);
    expect(taken <= buffer.size(), "more taken than there was");
    buffer.erase(0, taken);
  }
  if ((setting & 4U) != 0) parser.feed_end();
  Result result{.done = parser.done(), .error = parser.error() ? parser.error()->status : 0};
  if (parser.head_done() && !parser.error()) result.message = parser.take();
  return result;
}

std::size_t size_of(const HttpMessage& message) {
  std::size_t size = message.target.size();
  for (const auto& [name, value] : message.headers) size += name.size() + value.size();
  return size;
}

void check(const HttpMessage& message) {
  expect(message.body.size() <= limits.body, "a body beyond the limit");
  expect(size_of(message) <= 2 * limits.headers, "headers beyond the limit");
  const auto wait = net::parse_retry_after(message.header("retry-after"), WallTime{});
  expect(!wait || *wait >= Duration{}, "a wait into the past");
  const auto agreed = net::deflate_answer(message);
  if (!agreed || !*agreed) return;
  const int bits = (*agreed)->window_bits;
  expect(bits >= 8 && bits <= 15, "a window nobody has");
}

}  // namespace
}  // namespace feedwatch::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace feedwatch::fuzz;
  Input input(data, size);
  const std::uint8_t setting = input.byte();
  const std::uint8_t seed = input.byte();
  const Result chopped = read(setting, input.rest(), Chops(seed));
  const Result whole = read(setting, input.rest(), Chops(0));
  check(chopped.message);
  check(whole.message);
  if (chopped.error == too_large || whole.error == too_large) return 0;
  expect(chopped.done == whole.done, "done or not, by the chops");
  if (!whole.done) return 0;
  expect(chopped.message.status == whole.message.status, "another status, by the chops");
  expect(chopped.message.headers == whole.message.headers, "other headers, by the chops");
  expect(chopped.message.body == whole.message.body, "another body, by the chops");
  return 0;
}
