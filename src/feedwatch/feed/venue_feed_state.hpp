#pragma once

// Private to venue_*.cpp: what a venue feed keeps per topic and per line.

#include "feedwatch/feed/venue_feed.hpp"

namespace feedwatch::feed {

constexpr Duration stable_after = 30s;  ///< data for so long: the line counts as stable
constexpr Duration proven_after = 5s;  ///< a line that just failed is called up again after so long
constexpr Duration follow_spread = 1750ms;    ///< followers dial within this of the first data
constexpr Duration pathfinder_pace = 3500ms;  ///< at the slowest: all are back within 6 s
constexpr Duration refresh_every = 1s;        ///< frame counters of lines, for the measured rate
constexpr int fruitless_epochs = 2;           ///< then a bad symbol is quarantined
constexpr Duration refused_pause = 5s;  ///< before a refused topic is asked for by itself again
constexpr int failed_dials_an_endpoint = 3;  ///< then the next address is dialled
constexpr Duration rotate_retry = 10s;  ///< after a replacement that could not be begun, or failed
constexpr Duration quarantine_retry = 10min;  ///< a quarantined one is subscribed again as often
/// What REST says about an instrument excuses its silence for so long (semantics §4).
constexpr Duration instrument_fresh = 60s;
/// A symbol that two lists so far apart do not hold, and that is silent, is given up.
constexpr Duration retire_after = 30s;
constexpr Duration ban_first = 2min;
constexpr Duration ban_max = 1h;
/// The longest ban a venue documents (Binance: three days); a longer Retry-After is not believed.
constexpr Duration retry_after_max = 72h;

/// How a connection ended.
enum class Lasted : std::uint8_t { never_live, briefly, stable };

/// When the venue is dialled that has no live line.
enum class Redial : std::uint8_t {
  paced,   ///< as far from the dial before as its limit allows for ever
  soon,    ///< within half a second, or sooner where the pace allows
  spread,  ///< within half a second: whoever lost a line that stood does not come back as one
};
constexpr Duration redial_within = 500ms;

/// The line has had data long enough for its next loss to count as the first one.
inline bool is_stable(const Session& session, MonoTime now) {
  return session.live_since() && now - *session.live_since() >= stable_after;
}

inline Lasted lasted(const Session& session, MonoTime now) {
  if (!session.live_since()) return Lasted::never_live;
  return is_stable(session, now) ? Lasted::stable : Lasted::briefly;
}

struct VenueFeed::TopicState {
  venues::Topic wire;
  std::size_t slot = 0;
  bool required = false;
  bool clocked = false;
  venues::BeatScope beat = venues::BeatScope::none;  ///< for whom it beats, if it only does that
  MonoTime beat_at = never_mono;                     ///< newest beat; never = none is waited for
  bool received = false;                             ///< data in any epoch
  std::uint32_t epoch = 0;                           ///< newest one that had data, on whatever line
  int fruitless = 0;  ///< epochs refused, or without data while the line had some
  bool quarantined = false;
  bool unlisted = false;           ///< quarantined because no list knows it; lifted when one does
  MonoTime retry_at = never_mono;  ///< while quarantined
  Reason instrument = Reason::ok;
  MonoTime instrument_at{};   ///< when REST said so
  MonoTime delisted_since{};  ///< first of the lists in a row that do not hold it
  bool retired = false;       ///< on no line, until a list holds it again
  std::string detail;
  MonoTime silent_since = never_mono;
  bool past_limit = false;                ///< a stream of it is
  std::optional<Duration> gap;            ///< how long it had been silent when it last spoke again
  std::optional<std::size_t> moved_from;  ///< slot it comes back to unless the other line serves it
  Ladder ladder;
  Reason told = Reason::ok;
  std::string told_detail;
  // Where lines are doubled (venue_copies.cpp):
  TopicId known_as;  ///< its id outside: that of its first copy
  // … and of the first one alone:
  std::vector<TopicId> copies;   ///< all of them, by line; empty = it is the only one
  std::uint8_t primary = 0;      ///< which of them is told to the streams
  std::int64_t epoch_shift = 0;  ///< from the primary's epochs to those the streams count by
  std::uint32_t told_epoch = 0;  ///< highest of these; it never falls
  bool all_lost = false;         ///< no line has brought it since it was lost
  bool told_exhausted = false;
};

struct VenueFeed::Slot {
  Slot(std::size_t at, LineId line, std::string on_route, std::uint8_t of_copy, std::string named)
      : index(at), id(line), route(std::move(on_route)), copy(of_copy), name(std::move(named)) {}

  std::size_t index;
  LineId id;
  std::string route;
  std::uint8_t copy;  ///< of the topics on it, where lines are doubled
  std::string name;
  std::set<TopicId> topics;
  std::map<venues::Topic, TopicId> beats;  ///< those of `topics` that only beat
  SessionPtr current;
  SessionPtr replacement;
  std::vector<SessionPtr> closing;  ///< sockets on their way out; data ignored
  std::optional<MonoTime> dial_at;
  std::optional<MonoTime> give_up_at;  ///< pathfinder: an unanswered dial makes room for the next
  MonoTime replace_deadline = never_mono;
  /// The venue is going to end the connection in use: it is replaced before.
  MonoTime rotate_at = never_mono;
  std::string rotate_why;
  /// Its last connection had data and did not last: being open for an instant does not make the
  /// venue live, and calls nobody to follow.
  bool on_probation = false;
  bool release_due = false;  ///< live on probation: the others follow once it has lasted
  Backoff backoff{500ms, 60s};
  std::size_t endpoint = 0;  ///< which of the venue's addresses its next connection goes to
  std::optional<std::size_t> endpoint_before;  ///< while a replacement is tried at another one
  int failed_dials = 0;                        ///< in a row
  std::uint64_t dials = 0;
  std::uint64_t unplanned_closes = 0;
  std::uint64_t losses = 0;  ///< of connections that had been live
  std::optional<MonoTime> lost_at;
  DialPhase reached = DialPhase::resolving;  ///< by the connection in use
  std::optional<DialPhase> failed_dial;      ///< how far the newest dial came that reached nobody
  MonoTime failed_at{};
  std::uint64_t old_frames = 0;  ///< of connections that are gone
  std::string detail;
  LineState told = LineState::idle;
  Reason told_reason = Reason::ok;
  MonoTime state_since{};
  bool told_up = false;
  MonoTime up_since{};
};

}  // namespace feedwatch::feed
