// Chapter 6: UTF-8, after Markus Kuhn's decoder stress test.
#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "feedwatch/net/tests/autobahn.hpp"

namespace feedwatch::net::testing {
namespace {

const std::string kosme = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5";
const std::string umlauts_1 = "Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4";
const std::string umlauts_2 = "\xc3\xbc\xc3\xa0\xc3\xa1-UTF-8!!";

AutobahnCases well_formed_in_fragments() {
  AutobahnCases cases;
  const std::string nothing = frame(1, "", false);
  add(cases, "6.1.1", {.parts = {frame(1, "")}, .got = {text("")}});
  add(cases, "6.1.2", {.parts = {nothing + frame(0, "", false) + frame(0, "")}, .got = {text("")}});
  add(cases, "6.1.3",
      {.parts = {nothing + frame(0, "middle frame payload", false) + frame(0, "")},
       .got = {text("middle frame payload")}});
  const std::string whole = umlauts_1 + umlauts_2;
  add(cases, "6.2.1", {.parts = {frame(1, whole)}, .got = {text(whole)}});
  add(cases, "6.2.2",
      {.parts = {frame(1, umlauts_1, false) + frame(0, umlauts_2)}, .got = {text(whole)}});
  add(cases, "6.2.3", {.parts = {fragmented(1, whole, 1)}, .got = {text(whole)}});
  add(cases, "6.2.4", {.parts = {fragmented(1, kosme, 1)}, .got = {text(kosme)}});
  return cases;
}

/// The suite takes it as strict when the connection ends with the part that makes the text wrong,
/// and as non-strict when only with the last. Ours is strict in all four.
AutobahnCases wrong_early() {
  AutobahnCases cases;
  const std::string surrogate = kosme + "\xed\xa0\x80" + "edited";
  add(cases, "6.3.1", {.parts = {frame(1, surrogate)}, .fails = 1007});
  add(cases, "6.3.2", {.parts = {fragmented(1, surrogate, 1)}, .fails = 1007});
  const std::string beyond = "\xf4\x90\x80\x80";
  const auto strict = [&](const char* number, std::vector<std::string> parts) {
    add(cases, number, {.parts = std::move(parts), .fails = 1007, .fails_with = 1});
  };
  strict("6.4.1", {frame(1, kosme, false), frame(0, beyond, false), frame(0, "edited")});
  strict("6.4.2", {frame(1, kosme + beyond[0], false), frame(0, beyond.substr(1, 1), false),
                   frame(0, beyond.substr(2) + "edited")});
  const std::string one = frame(1, kosme + beyond + "edited");
  strict("6.4.3", {one.substr(0, 13), one.substr(13, 4), one.substr(17)});
  strict("6.4.4", {one.substr(0, 14), one.substr(14, 1), one.substr(15)});
  return cases;
}

struct Sequence {
  bool well_formed;
  std::string bytes;
};
using Sequences = std::vector<Sequence>;

/// One message a sequence, in one frame.
void chapter(AutobahnCases& cases, int number, const Sequences& sequences) {
  int row = 0;
  for (const Sequence& s : sequences) {
    AutobahnScript script{.parts = {frame(1, s.bytes)}};
    if (s.well_formed) {
      script.got = {text(s.bytes)};
    } else {
      script.fails = 1007;
    }
    add(cases, fmt::format("6.{}.{}", number, ++row), std::move(script));
  }
}

Sequences all(bool well_formed, std::vector<std::string> bytes) {
  Sequences sequences;
  for (std::string& b : bytes) sequences.push_back({well_formed, std::move(b)});
  return sequences;
}

Sequences operator+(Sequences a, const Sequences& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Sequences prefixes_of_kosme() {
  Sequences sequences;
  const std::size_t ends[] = {2, 5, 7, 9, 11};  // of its characters
  for (std::size_t n = 1; n <= kosme.size(); ++n) {
    sequences.push_back({std::ranges::find(ends, n) != std::end(ends), kosme.substr(0, n)});
  }
  return sequences;
}

/// Continuation bytes where none belongs: one to six by turns, and 63 of the 64 there are.
Sequences stray_continuations() {
  std::string run;
  for (int c = 0x80; c < 0xbf; ++c) run.push_back(static_cast<char>(c));
  std::vector<std::string> bytes = {"\x80", "\xbf"};
  for (std::size_t n = 2; n <= 6; ++n) bytes.push_back(repeated("\x80\xbf", n));
  bytes.push_back(run);
  return all(false, bytes);
}

/// Every lead byte of a length, each followed by a blank.
Sequences lonely_leads() {
  Sequences sequences;
  const std::pair<int, int> ranges[] = {
      {0xc0, 0xdf}, {0xe0, 0xef}, {0xf0, 0xf7}, {0xf8, 0xfb}, {0xfc, 0xfd}};
  for (const auto& [first, last] : ranges) {
    std::string bytes;
    for (int c = first; c < last; ++c) {
      bytes.push_back(static_cast<char>(c));
      bytes.push_back(' ');
    }
    sequences.push_back({false, bytes});
  }
  return sequences;
}

const std::vector<std::string> cut_short = {
    "\xc0", "\xe0\x80", "\xf0\x80\x80", "\xf8\x80\x80\x80", "\xfc\x80\x80\x80\x80",
    "\xdf", "\xef\xbf", "\xf7\xbf\xbf", "\xfb\xbf\xbf\xbf", "\xfd\xbf\xbf\xbf\xbf"};

/// The last two code points of every plane, which stand for no character and are well-formed.
Sequences noncharacters() {
  std::vector<std::string> bytes;
  for (unsigned plane = 0; plane <= 0x10; ++plane) {
    for (const unsigned last : {0xfffeU, 0xffffU}) {
      const unsigned code = (plane << 16U) | last;
      std::string one;
      if (plane == 0) {
        one = {static_cast<char>(0xef), static_cast<char>(0xbf),
               static_cast<char>(0x80U | (code & 0x3fU))};
      } else {
        one = {static_cast<char>(0xf0U | (code >> 18U)),
               static_cast<char>(0x80U | ((code >> 12U) & 0x3fU)),
               static_cast<char>(0x80U | ((code >> 6U) & 0x3fU)),
               static_cast<char>(0x80U | (code & 0x3fU))};
      }
      bytes.push_back(one);
    }
  }
  return all(true, bytes);
}

Sequences paired_surrogates() {
  std::vector<std::string> bytes;
  for (const char* high : {"\xed\xa0\x80", "\xed\xad\xbf", "\xed\xae\x80", "\xed\xaf\xbf"}) {
    for (const char* low : {"\xed\xb0\x80", "\xed\xbf\xbf"}) {
      bytes.push_back(std::string(high) + low);
    }
  }
  return all(false, bytes);
}

std::string joined(const std::vector<std::string>& pieces) {
  std::string bytes;
  for (const std::string& piece : pieces) bytes += piece;
  return bytes;
}

}  // namespace

AutobahnCases autobahn_utf8() {
  AutobahnCases cases = well_formed_in_fragments();
  join(cases, wrong_early());
  chapter(cases, 5,
          all(true, {"hello$world", "hello\xc2\xa2world", "hello\xe2\x82\xacworld",
                     "hello\xf0\xa4\xad\xa2world", kosme}));
  chapter(cases, 6, prefixes_of_kosme());
  chapter(cases, 7,
          all(true, {std::string(1, '\0'), "\xc2\x80", "\xe0\xa0\x80", "\xf0\x90\x80\x80"}));
  chapter(cases, 8, all(false, {"\xf8\x88\x80\x80\x80", "\xfc\x84\x80\x80\x80\x80"}));
  chapter(cases, 9, all(true, {"\x7f", "\xdf\xbf", "\xef\xbf\xbf", "\xf4\x8f\xbf\xbf"}));
  chapter(cases, 10,
          all(false, {"\xf7\xbf\xbf\xbf", "\xfb\xbf\xbf\xbf\xbf", "\xfd\xbf\xbf\xbf\xbf\xbf"}));
  chapter(cases, 11,
          all(true, {"\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbd", "\xf4\x8f\xbf\xbf"}) +
              all(false, {"\xf4\x90\x80\x80"}));
  chapter(cases, 12, stray_continuations());
  chapter(cases, 13, lonely_leads());
  chapter(cases, 14, all(false, cut_short));
  chapter(cases, 15, all(false, {joined(cut_short)}));
  chapter(cases, 16, all(false, {"\xfe", "\xff", "\xfe\xfe\xff\xff"}));
  chapter(cases, 17,
          all(false, {"\xc0\xaf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf", "\xf8\x80\x80\x80\xaf",
                      "\xfc\x80\x80\x80\x80\xaf"}));
  chapter(cases, 18,
          all(false, {"\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xf8\x87\xbf\xbf\xbf",
                      "\xfc\x83\xbf\xbf\xbf\xbf"}));
  chapter(cases, 19,
          all(false, {"\xc0\x80", "\xe0\x80\x80", "\xf0\x80\x80\x80", "\xf8\x80\x80\x80\x80",
                      "\xfc\x80\x80\x80\x80\x80"}));
  chapter(cases, 20,
          all(false, {"\xed\xa0\x80", "\xed\xad\xbf", "\xed\xae\x80", "\xed\xaf\xbf",
                      "\xed\xb0\x80", "\xed\xbe\x80", "\xed\xbf\xbf"}));
  chapter(cases, 21, paired_surrogates());
  chapter(cases, 22, noncharacters());
  chapter(cases, 23,
          all(true, {"\xef\xbf\xb9", "\xef\xbf\xba", "\xef\xbf\xbb", "\xef\xbf\xbc", "\xef\xbf\xbd",
                     "\xef\xbf\xbe", "\xef\xbf\xbf"}));
  return cases;
}

}  // namespace feedwatch::net::testing
