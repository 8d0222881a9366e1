// Chapter 7: closing. The suite's 7.13 leaves the answer open; ours is 1002.
#include <fmt/core.h>

#include <utility>

#include "feedwatch/net/tests/autobahn.hpp"

namespace feedwatch::net::testing {
namespace {

const std::string hello = "Hello World!";
const std::string good_bye = close_frame(1000);

AutobahnCases order_of_closing() {
  AutobahnCases cases;
  const WsClose normal{.code = 1000, .reason = {}};
  const std::string large = repeated("BAsd7&jh23", std::size_t{256} << 10U);
  add(cases, "7.1.1",
      {.parts = {frame(1, hello) + good_bye}, .got = {text(hello)}, .closed = normal});
  add(cases, "7.1.2", {.parts = {good_bye + good_bye}, .closed = normal});
  add(cases, "7.1.3", {.parts = {good_bye + frame(9, "")}, .closed = normal});
  add(cases, "7.1.4", {.parts = {good_bye + frame(1, hello)}, .closed = normal});
  add(cases, "7.1.5",
      {.parts = {frame(1, "fragment1", false) + good_bye + frame(0, "fragment2")},
       .closed = normal});
  add(cases, "7.1.6",
      {.parts = {frame(1, large) + frame(1, hello) + good_bye + frame(9, "")},
       .got = {text(large), text(hello)},
       .closed = normal});
  return cases;
}

AutobahnCases shape_of_the_frame() {
  AutobahnCases cases;
  add(cases, "7.3.1", {.parts = {frame(8, "")}, .closed = WsClose{}});
  add(cases, "7.3.2", {.parts = {frame(8, "a")}, .fails = 1002});
  int row = 2;
  for (const std::string& reason : {std::string{}, hello, std::string(123, '*')}) {
    add(cases, fmt::format("7.3.{}", ++row),
        {.parts = {close_frame(1000, reason)}, .closed = WsClose{.code = 1000, .reason = reason}});
  }
  add(cases, "7.3.6", {.parts = {close_frame(1000, std::string(124, '*'))}, .fails = 1002});
  const std::string bad =
      "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80"
      "edited";
  add(cases, "7.5.1", {.parts = {close_frame(1000, bad)}, .fails = 1007});
  return cases;
}

AutobahnCases codes() {
  AutobahnCases cases;
  int row = 0;
  for (const unsigned code : {1000U, 1001U, 1002U, 1003U, 1007U, 1008U, 1009U, 1010U, 1011U, 3000U,
                              3999U, 4000U, 4999U}) {
    const auto sent = static_cast<std::uint16_t>(code);
    add(cases, fmt::format("7.7.{}", ++row),
        {.parts = {close_frame(sent)}, .closed = WsClose{.code = sent, .reason = {}}});
  }
  const auto refused = [&](int chapter, std::initializer_list<unsigned> wrong) {
    row = 0;
    for (const unsigned code : wrong) {
      add(cases, fmt::format("7.{}.{}", chapter, ++row),
          {.parts = {close_frame(static_cast<std::uint16_t>(code))}, .fails = 1002});
    }
  };
  refused(9, {0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999});
  refused(13, {5000, 65'535});
  return cases;
}

}  // namespace

AutobahnCases autobahn_closing() {
  AutobahnCases cases = order_of_closing();
  join(cases, shape_of_the_frame());
  join(cases, codes());
  return cases;
}

}  // namespace feedwatch::net::testing
