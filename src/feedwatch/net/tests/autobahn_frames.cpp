// Chapters 1 to 5: framing, pings and pongs, reserved bits, opcodes, fragmentation.
#include <fmt/core.h>

#include <utility>

#include "feedwatch/net/tests/autobahn.hpp"

namespace feedwatch::net::testing {
namespace {

const std::string hello = "Hello, world!";

AutobahnCases framing() {
  AutobahnCases cases;
  for (const bool is_text : {true, false}) {
    const unsigned opcode = is_text ? 1 : 2;
    int row = 0;
    const auto one = [&](std::size_t size, std::size_t chop) {
      const std::string payload = repeated(is_text ? "*" : "\xfe", size);
      add(cases, fmt::format("1.{}.{}", opcode, ++row),
          {.parts = {frame(opcode, payload)},
           .chop = chop,
           .got = {is_text ? text(payload) : binary(payload)}});
    };
    for (const std::size_t size : {0U, 125U, 126U, 127U, 128U, 65'535U, 65'536U}) one(size, 0);
    one(65'536, 997);
  }
  return cases;
}

AutobahnCases pings() {
  AutobahnCases cases;
  const std::string bytes("\x00\xff\xfe\xfd\xfc\xfb\x00\xff", 8);
  const std::string full(125, '\xfe');
  add(cases, "2.1", {.parts = {frame(9, "")}, .got = {ping("")}});
  add(cases, "2.2", {.parts = {frame(9, hello)}, .got = {ping(hello)}});
  add(cases, "2.3", {.parts = {frame(9, bytes)}, .got = {ping(bytes)}});
  add(cases, "2.4", {.parts = {frame(9, full)}, .got = {ping(full)}});
  add(cases, "2.5", {.parts = {frame(9, full + '\xfe')}, .fails = 1002});
  add(cases, "2.6", {.parts = {frame(9, full)}, .chop = 1, .got = {ping(full)}});
  add(cases, "2.7", {.parts = {frame(10, "")}, .got = {pong("")}});
  const std::string unasked = "unsolicited pong payload";
  add(cases, "2.8", {.parts = {frame(10, unasked)}, .got = {pong(unasked)}});
  add(cases, "2.9",
      {.parts = {frame(10, unasked), frame(9, "ping payload")},
       .got = {pong(unasked), ping("ping payload")}});
  for (const std::size_t chop : {0U, 1U}) {
    AutobahnScript ten{.chop = chop};
    for (int i = 0; i < 10; ++i) {
      const std::string payload = fmt::format("payload-{}", i);
      ten.parts.push_back(frame(9, payload));
      ten.got.push_back(ping(payload));
    }
    add(cases, chop == 0 ? "2.10" : "2.11", std::move(ten));
  }
  return cases;
}

AutobahnCases reserved_bits() {
  AutobahnCases cases;
  add(cases, "3.1", {.parts = {frame(1, hello, true, 1)}, .fails = 1002});
  for (const unsigned bits : {2U, 3U, 4U}) {
    const std::string wrong = frame(1, hello, true, bits);
    AutobahnScript script{
        .parts = {frame(1, hello), wrong, frame(9, "")}, .got = {text(hello)}, .fails = 1002};
    if (bits == 2) script.parts = {frame(1, hello) + wrong + frame(9, "")};
    if (bits == 4) script.chop = 1;
    add(cases, fmt::format("3.{}", bits), std::move(script));
  }
  add(cases, "3.5",
      {.parts = {frame(2, std::string("\x00\xff\xfe\xfd\xfc\xfb\x00\xff", 8), true, 5)},
       .fails = 1002});
  add(cases, "3.6", {.parts = {frame(9, hello, true, 6)}, .fails = 1002});
  add(cases, "3.7", {.parts = {frame(8, "", true, 7)}, .fails = 1002});
  return cases;
}

/// Five reserved opcodes from `first` on: two alone, three between a message and a ping.
AutobahnCases opcodes(int chapter, unsigned first) {
  AutobahnCases cases;
  for (unsigned i = 0; i < 5; ++i) {
    const std::string payload = i == 1 || i >= 3 ? hello : "";
    AutobahnScript script{.parts = {frame(first + i, payload)}, .fails = 1002};
    if (i >= 2) {
      script.parts = {frame(1, hello), frame(first + i, payload), frame(9, "")};
      script.chop = 1;
      script.got = {text(hello)};
    }
    add(cases, fmt::format("4.{}.{}", chapter, i + 1), std::move(script));
  }
  return cases;
}

using Parts = std::vector<std::string>;

/// Three cases of the same frames: in one chop, a frame at a time, an octet at a time.
void three_ways(AutobahnCases& cases, int first, const AutobahnScript& script) {
  std::string all;
  for (const std::string& part : script.parts) all += part;
  AutobahnScript together = script;
  together.parts = {all};
  AutobahnScript octets = script;
  octets.chop = 1;
  add(cases, fmt::format("5.{}", first), std::move(together));
  add(cases, fmt::format("5.{}", first + 1), script);
  add(cases, fmt::format("5.{}", first + 2), std::move(octets));
}

AutobahnCases fragmentation() {
  AutobahnCases cases;
  const std::string begin = frame(1, "fragment1", false);
  const std::string end = frame(0, "fragment2");
  const Reading::Got both = text("fragment1fragment2");
  for (const unsigned opcode : {9U, 10U}) {
    add(cases, opcode == 9 ? "5.1" : "5.2",
        {.parts = {frame(opcode, "fragment1", false) + frame(0, "fragment2")}, .fails = 1002});
  }
  three_ways(cases, 3, {.parts = {begin, end}, .got = {both}});
  three_ways(cases, 6, {.parts = {begin, frame(9, "ping"), end}, .got = {ping("ping"), both}});
  for (const bool final : {true, false}) {
    const std::string stray = frame(0, "non-continuation payload", final);
    three_ways(cases, final ? 9 : 12, {.parts = {stray, frame(1, hello)}, .fails = 1002});
  }
  add(cases, "5.15",
      {.parts = {begin + end + frame(0, "fragment3", false) + frame(1, "fragment4")},
       .got = {both},
       .fails = 1002});
  for (const bool final : {false, true}) {
    const std::string once =
        frame(0, "fragment1", final) + frame(1, "fragment2", false) + frame(0, "fragment3");
    add(cases, final ? "5.17" : "5.16", {.parts = {once + once}, .fails = 1002});
  }
  add(cases, "5.18", {.parts = {begin + frame(1, "fragment2")}, .fails = 1002});
  const Parts frames = {begin,
                        frame(0, "fragment2", false),
                        frame(9, "pongme 1!"),
                        frame(0, "fragment3", false),
                        frame(0, "fragment4", false),
                        frame(9, "pongme 2!"),
                        frame(0, "fragment5")};
  const std::vector<Reading::Got> got = {ping("pongme 1!"), ping("pongme 2!"),
                                         text("fragment1fragment2fragment3fragment4fragment5")};
  add(cases, "5.19",
      {.parts = {frames[0] + frames[1] + frames[2], frames[3] + frames[4] + frames[5] + frames[6]},
       .got = got});
  add(cases, "5.20", {.parts = frames, .got = got});
  return cases;
}

}  // namespace

AutobahnCases autobahn_frames() {
  AutobahnCases cases = framing();
  join(cases, pings());
  join(cases, reserved_bits());
  join(cases, opcodes(1, 3));
  join(cases, opcodes(2, 11));
  join(cases, fragmentation());
  return cases;
}

}  // namespace feedwatch::net::testing
