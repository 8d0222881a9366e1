#pragma once

#include <algorithm>
#include <ostream>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "feedwatch/base/time_text.hpp"
#include "feedwatch/signals/session.hpp"

namespace feedwatch::signals {

inline void PrintTo(const Action& action, std::ostream* out) {
  if (const auto* say = std::get_if<Say>(&action)) {
    *out << "Say " << say->text;
  } else if (const auto* beat = std::get_if<Beat>(&action)) {
    *out << "Beat " << to_ns(beat->at) << " " << beat->detail;
  } else if (const auto* remark = std::get_if<Remark>(&action)) {
    *out << "Remark " << remark->text;
  } else {
    *out << (std::holds_alternative<Dial>(action) ? "Dial" : "HangUp");
  }
}

inline constexpr MonoTime t0{1'000s};
inline const WallTime noon = *parse_time("2026-02-16T12:00:00Z");
inline constexpr std::string_view secret = "token-of-the-test";

/// A session in virtual time: what is due is done at its moment, and what it does is kept.
class Bench {
 public:
  explicit Bench(SessionOptions options = {})
      : session([&] {
          options.token = secret;
          return Session(options, {noon, t0});
        }()) {
    take(session.start(now));
  }

  void run_until(MonoTime end) {
    while (session.next_deadline() <= end) {
      now = std::max(now, session.next_deadline());
      take(session.on_time(now));
    }
    now = end;
  }
  void run_for(Duration time) { run_until(now + time); }

  void open() {
    for (const DialPhase phase : {DialPhase::connecting, DialPhase::upgrading, DialPhase::open}) {
      take(session.on_phase(conn(), phase, now));
    }
  }
  void hear(std::string_view text) { take(session.on_message(conn(), decode(text), now)); }
  void enter(std::string_view success = R"({"type":"auth_success"})") {
    open();
    hear(R"({"type":"auth_required"})");
    hear(success);
  }
  /// Waits for the next dial and enters.
  void enter_again(std::string_view success = R"({"type":"auth_success"})") {
    const ConnId before = conn();
    while (conn() == before) run_until(session.next_deadline());
    enter(success);
  }
  void end(CloseReport report) { take(session.on_closed(conn(), report, now)); }
  void reject() {
    open();
    hear(R"({"type":"auth_required"})");
    hear(R"({"type":"auth_failed","message":"Invalid token"})");
  }

  template <class T>
  std::vector<T> all() const {
    std::vector<T> some;
    for (const Action& action : done) {
      if (const auto* one = std::get_if<T>(&action)) some.push_back(*one);
    }
    return some;
  }
  ConnId conn() const { return all<Dial>().back().conn; }
  std::vector<MonoTime> beats() const {
    std::vector<MonoTime> at;
    for (const Beat& beat : all<Beat>()) at.push_back(beat.at);
    return at;
  }
  PulseSource status() const { return session.status(now); }

  MonoTime now = t0;
  Session session;
  std::vector<Action> done;

 private:
  void take(const Actions& actions) { done.insert(done.end(), actions.begin(), actions.end()); }
};

inline std::string signal(int id) {
  return fmt::format(R"({{"type":"signal","data":{{"id":{},"symbol":"BTCUSDT"}}}})", id);
}

}  // namespace feedwatch::signals
