// Any bytes as a message of a source of signals: what is made of them is bounded, the same each
// time, and a session that hears them stays within its states and never tells its token.
#include <string>
#include <variant>

#include "feedwatch/signals/session.hpp"
#include "tests/fuzz/input.hpp"

namespace feedwatch::fuzz {
namespace {

using namespace feedwatch::signals;

constexpr std::string_view token = "token-of-the-fuzzer";

void check(const Message& message) {
  expect(message.text.size() <= max_words, "words beyond the limit");
  expect(message.signals.size() <= max_signals, "signals beyond the limit");
  for (const Signal& signal : message.signals) {
    expect(signal.symbol.size() <= 64, "a symbol beyond the limit");
  }
}

bool same(const Decoded& a, const Decoded& b) {
  if (a.has_value() != b.has_value()) return false;
  if (!a) return a.error().type == b.error().type && a.error().why == b.error().why;
  if (a->type != b->type || a->signals.size() != b->signals.size()) return false;
  for (std::size_t i = 0; i < a->signals.size(); ++i) {
    if (a->signals[i].key != b->signals[i].key) return false;
  }
  return true;
}

/// In each state a connection can be in.
void hear(const Decoded& message) {
  const MonoTime now{1'000s};
  for (int steps = 0; steps < 3; ++steps) {
    Session session({.token = std::string(token)}, {.wall = wall_from_ns(0), .mono = now});
    session.start(now);
    const ConnId conn{1};
    session.on_phase(conn, DialPhase::open, now);
    if (steps > 0) session.on_message(conn, Message{.type = MessageType::auth_required}, now);
    if (steps > 1) session.on_message(conn, Message{.type = MessageType::auth_success}, now);
    for (const Action& action : session.on_message(conn, message, now)) {
      if (const auto* beat = std::get_if<Beat>(&action)) {
        expect(steps > 1, "a beat before we were let in");
        expect(beat->at <= now, "a beat of the future");
      } else if (const auto* remark = std::get_if<Remark>(&action)) {
        expect(!remark->text.contains(token), "the token was told");
      }
    }
    expect(!session.status(now).why.contains(token), "the token was told");
    expect(session.next_deadline() >= now, "a deadline in the past");
  }
}

}  // namespace
}  // namespace feedwatch::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace feedwatch::fuzz;
  const std::string_view bytes = Input(data, size).rest();
  const feedwatch::signals::Decoded message = feedwatch::signals::decode(bytes);
  expect(same(message, feedwatch::signals::decode(bytes)), "read otherwise the second time");
  if (message) check(*message);
  hear(message);
  return 0;
}
