#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "feedwatch/base/ports/transport.hpp"
#include "feedwatch/base/random.hpp"
#include "feedwatch/base/time.hpp"
#include "feedwatch/feed/backoff.hpp"
#include "feedwatch/protect/pulse_source.hpp"
#include "feedwatch/signals/memory.hpp"
#include "feedwatch/signals/message.hpp"
#include "feedwatch/signals/tally.hpp"

namespace feedwatch::signals {

struct SessionOptions {
  std::string token;                 ///< secret: in nothing this class tells
  Duration step_timeout = 5s;        ///< DNS, TCP, TLS, upgrade, auth_required, its answer: each
  Duration heartbeat_timeout = 90s;  ///< silence of a source that sends heartbeats
  Duration quiet_timeout{};          ///< … of one that does not; zero: never
  Duration retry_first = 5s;         ///< doubles, with full jitter, up to
  Duration retry_max = 60s;
  Duration rejected_max = 5min;  ///< the same for a rejected token
  Duration stable_after = 60s;   ///< a connection that stood so long lets retries begin anew
  Duration ask_every{};          ///< get_signals so often; zero: never
  std::uint64_t seed = 1;        ///< of the jitter
};

// What is to be done; connections are numbered by the session.
struct Dial {
  ConnId conn;
  friend bool operator==(const Dial&, const Dial&) = default;
};
struct Say {
  ConnId conn;
  std::string text;  ///< may hold the token
  friend bool operator==(const Say&, const Say&) = default;
};
struct HangUp {
  ConnId conn;
  friend bool operator==(const HangUp&, const HangUp&) = default;
};
/// The pulse: a new signal was given at `at`.
struct Beat {
  MonoTime at{};
  std::string detail;
  friend bool operator==(const Beat&, const Beat&) = default;
};
/// For the log: once when something begins and when it ends.
struct Remark {
  bool warning = false;
  std::string text;
  friend bool operator==(const Remark&, const Remark&) = default;
};
using Action = std::variant<Dial, Say, HangUp, Beat, Remark>;
using Actions = std::vector<Action>;

/// A connection to a source of signals that is there for good: dialled, authenticated, listened to,
/// dialled again, whatever ended it. (event, now) → actions; knows no socket. Single owner.
///
/// Only signals beat, and only new ones: not heartbeats, pongs, connections, or what is told again.
/// A `signal`, or `signals` with a new one among them, beats when it comes; a snapshot, and a first
/// list there is nothing to compare with, beat at the newest new signal's own time, or not at all
/// if none tells it. At most one beat a second; the newest waits.
class Session {
 public:
  Session(SessionOptions options, WallAnchor anchor);

  Actions start(MonoTime now);
  /// What waits is told, and nothing is dialled any more.
  Actions stop(MonoTime now);
  // Events of a connection that was given up are ignored.
  Actions on_phase(ConnId conn, DialPhase reached, MonoTime now);
  Actions on_message(ConnId conn, const Decoded& message, MonoTime now);
  Actions on_closed(ConnId conn, const CloseReport& report, MonoTime now);
  Actions on_time(MonoTime now);

  /// When on_time() is due; never_mono: not without an event.
  MonoTime next_deadline() const;
  SourceState state() const { return state_; }
  PulseSource status(MonoTime now) const;

 private:
  struct Loss {
    MonoTime at{};
    std::string why;
  };

  void dial(MonoTime now);
  void enter(SourceState state, MonoTime deadline);
  void lose(std::string why, MonoTime now, std::optional<Duration> retry_after = {});
  void reject(const std::string& why, MonoTime now);
  void leave(std::string why, Duration delay, MonoTime now);
  void note_loss(const std::string& why, MonoTime now);
  void on_readable(const Message& message, MonoTime now);
  void on_authenticated(const Message& message, MonoTime now);
  void on_signals(const Message& message, MonoTime now);
  void beat(MonoTime at, std::string detail, MonoTime now);
  void tell_beat(MonoTime now);
  MonoTime silent_at() const;
  std::string missed_step() const;
  std::string flapping_words(MonoTime now) const;
  std::optional<MonoTime> flapping_since(MonoTime now) const;
  std::string without_token(std::string text) const;
  Actions take() { return std::exchange(out_, {}); }

  SessionOptions options_;
  WallAnchor anchor_;
  Random random_;
  feed::Backoff retry_, rejected_;
  SourceState state_ = SourceState::disconnected;
  DialPhase phase_ = DialPhase::resolving;
  bool stopped_ = true;
  ConnId conn_{};
  bool open_ = false;               ///< conn_ was dialled and has not ended
  MonoTime step_due_ = never_mono;  ///< the present step is over, or it is dialled again
  std::optional<MonoTime> authenticated_at_;
  std::optional<MonoTime> down_since_, rejected_since_;
  std::string why_down_;
  bool told_down_ = false;   ///< the log knows
  bool heartbeats_ = false;  ///< of this connection: seen, or announced
  std::optional<MonoTime> heard_;
  MonoTime ask_at_ = never_mono;
  Memory memory_;
  std::optional<Beat> pending_;
  MonoTime next_beat_ = MonoTime::min();
  std::deque<Loss> losses_;  ///< the newest few
  Tally tally_;
  std::uint64_t signals_ = 0, repeated_ = 0, dials_ = 0, lost_ = 0, rejections_ = 0;
  Actions out_;
};

}  // namespace feedwatch::signals
