// Any bytes in any chops, read by our parser and by Boost.Beast's: both must see the same messages
// and end alike. Input: a byte of setting, a seed for the chops, then what the server sends.
#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <vector>

#include "feedwatch/net/utf8.hpp"
#include "feedwatch/net/ws_codec.hpp"
#include "tests/fuzz/beast_reader.hpp"

namespace feedwatch::fuzz {
namespace {

using End = Outcome::End;

struct Ours {
  Outcome outcome;
  std::string unused;      ///< what lies in front of the parser still
  std::size_t needed = 0;  ///< of it, altogether
};

Ours read_with_ours(const Setting& setting, std::string_view bytes, Chops chops) {
  net::WsParser parser(net::WsRole::client, setting.max_message);
  if (setting.deflate) parser.inflate(setting.agreed);
  Ours ours;
  while (!bytes.empty() && !parser.violation() && !parser.close()) {
    ours.unused += chops.take(bytes);
    do {
      // Of the exact size each time, so that the sanitizer sees one byte too far.
      std::vector<char> buffer(ours.unused.begin(), ours.unused.end());
      buffer.resize(buffer.size() + frame_padding);
      std::vector<Frame> frames;
      const std::size_t used = parser.parse(buffer.data(), ours.unused.size(), frames);
      expect(used <= ours.unused.size(), "more used than there was");
      for (const Frame& frame : frames) {
        expect(frame.payload.size() <= setting.max_message, "a message beyond the limit");
        ours.outcome.frames.push_back({frame.type, std::string(frame.payload)});
      }
      ours.unused.erase(0, used);
    } while (parser.more());
  }
  ours.needed = parser.needed();
  if (parser.violation()) {
    ours.outcome.end = End::refused;
    ours.outcome.code = parser.violation()->code;
    ours.outcome.why = parser.violation()->detail;
  } else if (parser.close()) {
    ours.outcome.end = End::closed;
    ours.outcome.code = parser.close()->code.value_or(1005);
  }
  return ours;
}

// --- where the two differ knowingly
// ----------------------------------------------------------------

/// IANA has registered 1014 since, and 5000 and beyond belong to nobody (RFC 6455 §7.4.2): Beast
/// has it the other way round in both.
bool code_is_judged_differently(const Ours& ours, const Outcome& beast) {
  const bool taken = ours.outcome.end == End::closed && ours.outcome.code == 1014;
  const bool refused = ours.outcome.end == End::refused && beast.end == End::closed &&
                       beast.code >= 5000 && ours.outcome.code == 1002;
  return (taken && beast.end == End::refused) || refused;
}

/// Ours judges a frame by its first two bytes, Beast's by a complete header and, of control frames,
/// by a complete payload.
bool ours_is_earlier(const Ours& ours, const Outcome& beast) {
  return ours.outcome.end == End::refused && beast.end == End::waiting && ours.unused.size() < 140;
}

/// Beast inflates what has come of a frame, ours complete frames.
bool beast_is_earlier(const Setting& setting, const Ours& ours, const Outcome& beast) {
  return setting.deflate && ours.outcome.end == End::waiting && ours.needed != 0 &&
         beast.end == End::refused;
}

/// A reason that is no UTF-8: 1007 (RFC 6455 §8.1), where Beast has 1002 for any bad close frame.
/// Corrupt data: 1007, where Beast drops the connection without a word. And a compressed message
/// may be wrong in several ways: the one that is found first depends on how much is inflated at a
/// time, and Beast may have come to what is wrong with the next frame (1002).
bool code_of_refusal_differs(const Setting& setting, const Ours& ours, const Outcome& beast) {
  if (ours.outcome.end != End::refused || beast.end != End::refused) return false;
  const auto about_data = [](std::uint16_t code) { return code == 1007 || code == 1009; };
  return (ours.outcome.why == "close reason is not UTF-8" && beast.code == 1002) ||
         (setting.deflate && about_data(ours.outcome.code) &&
          (beast.code == 0 || beast.code == 1002 || about_data(beast.code)));
}

/// Blocks marked as final end nothing (RFC 7692 §7.2.3.4), but Beast takes them for the end of all.
bool beast_stops_at_a_final_block(const Ours& ours, const Outcome& beast) {
  const auto& all = ours.outcome.frames;
  return beast.why == "unexpected end of deflate stream" && beast.frames.size() <= all.size() &&
         std::equal(beast.frames.begin(), beast.frames.end(), all.begin());
}

/// A message whose data ends inside a block, be it that there is none at all: Beast lets the block
/// run on into the next message. And one that refers to an earlier message although the server has
/// promised that none does (server_no_context_takeover): Beast keeps the window, ours does not.
bool beast_takes_what_is_no_data(const Setting& setting, const Ours& ours, const Outcome& beast) {
  const auto& before = ours.outcome.frames;
  const std::string& why = ours.outcome.why;
  const bool no_data = why == "compressed message ends inside a block" ||
                       (setting.agreed.fresh_context && why == "compressed data is corrupt");
  return no_data && before.size() <= beast.frames.size() &&
         std::equal(before.begin(), before.end(), beast.frames.begin());
}

/// Beast does not look whether text is complete when its last fragment is empty.
bool beast_takes_half_a_character(const Ours& ours, const Outcome& beast) {
  const auto& before = ours.outcome.frames;
  if (ours.outcome.why != "text is not UTF-8" || before.size() >= beast.frames.size()) return false;
  const Outcome::Got& next = beast.frames[before.size()];
  return std::equal(before.begin(), before.end(), beast.frames.begin()) &&
         next.type == FrameType::text && !net::is_utf8(next.payload);
}

bool knowingly_different(const Setting& setting, const Ours& ours, const Outcome& beast) {
  if (beast_stops_at_a_final_block(ours, beast)) return true;
  if (beast_takes_what_is_no_data(setting, ours, beast)) return true;
  if (beast_takes_half_a_character(ours, beast)) return true;
  return ours.outcome.frames == beast.frames &&
         (code_is_judged_differently(ours, beast) || ours_is_earlier(ours, beast) ||
          beast_is_earlier(setting, ours, beast) || code_of_refusal_differs(setting, ours, beast));
}

std::string describe(const Outcome& outcome) {
  static constexpr const char* ends[] = {"waiting", "closed", "refused"};
  std::string text =
      fmt::format("{} {} ({}):", ends[static_cast<int>(outcome.end)], outcome.code, outcome.why);
  for (const Outcome::Got& got : outcome.frames) {
    text += fmt::format(" [{} {} bytes]", static_cast<int>(got.type), got.payload.size());
  }
  return text;
}

void compare(const Setting& setting, const Ours& ours, const Outcome& beast) {
  const bool same = ours.outcome.frames == beast.frames && ours.outcome.end == beast.end &&
                    ours.outcome.code == beast.code;
  if (same || knowingly_different(setting, ours, beast)) return;
  fail(fmt::format("ours {}\n      Beast {}", describe(ours.outcome), describe(beast)));
}

Setting setting_of(std::uint8_t byte) {
  Setting setting;
  setting.deflate = (byte & 1U) != 0;
  setting.agreed.fresh_context = (byte & 2U) != 0;
  setting.agreed.window_bits = 15 - (byte >> 2U) % 7;
  return setting;
}

}  // namespace
}  // namespace feedwatch::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace feedwatch::fuzz;
  Input input(data, size);
  const Setting setting = setting_of(input.byte());
  const Chops chops(input.byte());
  compare(setting, read_with_ours(setting, input.rest(), chops),
          read_with_beast(setting, input.rest(), chops));
  return 0;
}
