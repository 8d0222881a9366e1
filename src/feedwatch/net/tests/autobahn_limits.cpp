// Chapters 9 and 10: large messages, many fragments, many chops, many messages; in full size.
#include <fmt/core.h>

#include <utility>

#include "feedwatch/net/tests/autobahn.hpp"

namespace feedwatch::net::testing {
namespace {

constexpr std::size_t kilo = 1U << 10U;
constexpr std::size_t mega = 1U << 20U;

struct Kind {
  unsigned opcode;
  std::string pattern;

  Reading::Got got(std::string payload) const {
    return opcode == 1 ? text(std::move(payload)) : binary(std::move(payload));
  }
};
const Kind kinds[] = {{1, "*"}, {2, std::string("\x00\xfe\x23\xfa\xf0", 5)}};

/// One message of `size` bytes in frames of `fragment` and chops of `chop`.
AutobahnScript one_message(const Kind& kind, std::size_t size, std::size_t fragment,
                           std::size_t chop) {
  const std::string payload = repeated(kind.pattern, size);
  return {.parts = {fragmented(kind.opcode, payload, fragment)},
          .chop = chop,
          .got = {kind.got(payload)}};
}

/// The suite sends each after the echo of the one before.
AutobahnScript thousand_messages(const Kind& kind, std::size_t size) {
  AutobahnScript script;
  const std::string payload = repeated(kind.pattern, size);
  for (int i = 0; i < 1'000; ++i) {
    script.parts.push_back(frame(kind.opcode, payload));
    script.got.push_back(kind.got(payload));
  }
  return script;
}

}  // namespace

AutobahnCases autobahn_limits() {
  AutobahnCases cases;
  for (const Kind& kind : kinds) {
    // Chapters come in pairs: text, then binary.
    const int offset = kind.opcode == 1 ? 0 : 1;
    int row = 0;
    for (const std::size_t size : {64 * kilo, 256 * kilo, mega, 4 * mega, 8 * mega, 16 * mega}) {
      cases.push_back({fmt::format("9.{}.{}", 1 + offset, ++row),
                       [&kind, size] { return one_message(kind, size, size, 0); }});
    }
    row = 0;
    for (std::size_t fragment = 64; fragment <= 4 * mega; fragment *= 4) {
      cases.push_back({fmt::format("9.{}.{}", 3 + offset, ++row),
                       [&kind, fragment] { return one_message(kind, 4 * mega, fragment, 0); }});
    }
    row = 0;
    for (std::size_t chop = 64; chop <= 2 * kilo; chop *= 2) {
      cases.push_back({fmt::format("9.{}.{}", 5 + offset, ++row),
                       [&kind, chop] { return one_message(kind, mega, mega, chop); }});
    }
    row = 0;
    for (const std::size_t size : {0U, 16U, 64U, 256U, 1'024U, 4'096U}) {
      cases.push_back({fmt::format("9.{}.{}", 7 + offset, ++row),
                       [&kind, size] { return thousand_messages(kind, size); }});
    }
  }
  cases.push_back({"10.1.1", [] { return one_message(kinds[0], 65'536, 1'300, 0); }});
  return cases;
}

}  // namespace feedwatch::net::testing
