#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "feedwatch/base/time.hpp"
#include "feedwatch/model/reason.hpp"

namespace feedwatch {

struct PositionWatchOptions {
  Duration unprotected_after = 10s;  ///< of refusals without a break
  Duration appear_within = 5s;       ///< the first price
};

/// What is wrong with how a position is served.
struct PositionFindings {
  bool without_source = false;   ///< no stream of its symbol is watched
  bool never_delivered = false;  ///< no price that could be acted on has come since it is known
  bool unprotected = false;      ///< prices have been refused for too long: nobody manages it
  friend bool operator==(const PositionFindings&, const PositionFindings&) = default;
};

/// What is recorded, once an episode.
struct PositionEvent {
  enum class Type : std::uint8_t { refusal_began, refusal_ended };
  Type type = Type::refusal_began;
  Reason reason = Reason::ok;         ///< why, at the beginning
  std::optional<Duration> staleness;  ///< of the price that was refused; absent = never received
  Duration lasted{};                  ///< at the end
};

/// Whether one position is served prices that may be acted on (semantics §10). A position that was
/// never served is refused from the moment it is known. State machine: told verdicts of the guard,
/// which a timer asks for too, and the time.
class PositionWatch {
 public:
  PositionWatch(MonoTime registered, PositionWatchOptions options = {})
      : options_(options), refused_since_(registered), registered_(registered) {}

  /// Whether any stream of its symbol is watched at all.
  void set_source(bool has_source) { has_source_ = has_source; }
  /// A price was accepted.
  std::optional<PositionEvent> on_accepted(MonoTime now);
  /// It was not. The first of an episode is recorded; before the first price not until there should
  /// have been one.
  std::optional<PositionEvent> on_refused(Reason reason, std::optional<Duration> staleness,
                                          MonoTime now);

  PositionFindings findings(MonoTime now) const;
  /// When the findings change next if nothing comes; never_mono when they will not.
  MonoTime next_deadline(MonoTime now) const;
  /// Since when no price was accepted; nothing while they are.
  std::optional<MonoTime> refused_since() const { return refused_since_; }

 private:
  PositionWatchOptions options_;
  std::optional<MonoTime> refused_since_;
  MonoTime registered_;
  bool has_source_ = false;
  bool recorded_ = false;  ///< of this episode
  bool served_ = false;    ///< ever
};

}  // namespace feedwatch
