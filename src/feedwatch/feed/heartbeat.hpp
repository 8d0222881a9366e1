#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "feedwatch/base/time.hpp"
#include "feedwatch/venues/venue.hpp"

namespace feedwatch::feed {

/// Limits of semantics §7 that no configuration may loosen.
struct HeartbeatLimits {
  Duration suspect_after = 5s;  ///< oldest unanswered ping older than this: open a replacement
  Duration dead_after = 10s;    ///< … than this: close
  Duration pong_outer = 120s;   ///< without a pong to an outstanding ping, whatever else arrives
};

/// Life signs of one open connection: when to ping, and what silence means.
///
/// Any frame proves the socket, so an unanswered ping counts from the later of its sending and the
/// newest frame; the outer limit alone counts from the ping itself. A venue that promises to be
/// heard every so often is suspect after three such periods and a second in which it said nothing
/// but pongs. Single owner, not thread-safe.
class Heartbeat {
 public:
  enum class Verdict : std::uint8_t { alive, suspect, dead };

  explicit Heartbeat(const venues::VenueSheet& sheet, HeartbeatLimits limits = {});

  void open(MonoTime now);
  void on_frame(MonoTime now) { last_frame_ = now; }
  /// The venue said something by itself: anything but a pong.
  void on_heard(MonoTime now) { last_heard_ = now; }
  /// Protocol pongs name their ping; one that names none (empty payload) answers the newest and all
  /// before it: taken for an older one's it would make the line look slow for ever after a loss.
  /// `arrived` is the frame's stamp: a pong that waited for our own loop is no slow line.
  void on_pong(std::string_view payload, MonoTime arrived, MonoTime now);

  bool wants_ping(MonoTime now) const;
  /// The payload of the ping now to be sent; the caller sends it.
  std::string ping(MonoTime now);

  Verdict verdict(MonoTime now) const;
  /// What is wrong where the verdict is not alive, for people.
  std::string_view complaint(MonoTime now) const;
  /// The next moment after `now` at which verdict() or wants_ping() may change without an event.
  MonoTime next_deadline(MonoTime now) const;
  std::optional<Duration> round_trip() const { return round_trip_; }
  std::optional<MonoTime> last_frame() const { return last_frame_; }

 private:
  MonoTime silence_since() const;
  /// When what the venue promised to say has been missed; never_mono when it promises nothing.
  MonoTime missed_at() const;

  venues::PingStyle style_;
  Duration quiet_;
  Duration busy_;
  Duration server_heartbeat_;
  HeartbeatLimits limits_;
  MonoTime opened_{};
  std::optional<MonoTime> last_frame_;
  MonoTime last_heard_{};
  std::optional<MonoTime> last_ping_;  // newest one sent
  std::deque<MonoTime> unanswered_;    // by number; a line dies long before there are many
  std::uint64_t next_payload_ = 1;
  std::optional<Duration> round_trip_;
};

}  // namespace feedwatch::feed
