#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/base/error.hpp"
#include "feedwatch/base/ports/journal.hpp"
#include "feedwatch/base/time.hpp"
#include "feedwatch/protect/pulse_source.hpp"
#include "feedwatch/protect/schedule.hpp"

namespace feedwatch {

/// Something expected to be heard from every so often that is no price (semantics §1): a signal
/// generator, a loop of a strategy, a cron job.
struct PulseOptions {
  std::string name;
  Duration every{};                  ///< zero: by the schedule
  std::optional<Schedule> schedule;  ///< wins over `every`
  Duration grace{};
  bool required = false;  ///< its silence is critical
};

/// The pulse of the signal processor, which need not be configured.
inline constexpr std::string_view signals_pulse = "signals";
inline constexpr Duration signals_every = 300s;

enum class PulseMark : std::uint8_t { beat, started, failed };
constexpr std::string_view to_text(PulseMark mark) {
  constexpr std::array<std::string_view, 3> words{"beat", "started", "failed"};
  return words[static_cast<std::size_t>(mark)];
}
std::optional<PulseMark> pulse_mark(std::string_view text);

/// ok: heard in time. degraded: past the time and the grace, or it said that it failed. silent: the
/// time after that has passed as well. unknown: nothing heard yet, and it is not due either.
enum class PulseState : std::uint8_t { unknown, ok, degraded, silent };
constexpr std::string_view to_text(PulseState state) {
  constexpr std::array<std::string_view, 4> words{"unknown", "ok", "degraded", "silent"};
  return words[static_cast<std::size_t>(state)];
}

/// A pulse at one instant.
struct PulseView {
  std::string name;
  PulseState state = PulseState::unknown;
  std::optional<MonoTime> since;     ///< degraded and silent: when that became true
  std::optional<Duration> silence;   ///< since it was last heard; absent = never
  std::optional<WallTime> heard_at;  ///< newest mark but `failed`
  std::optional<WallTime> due_at;    ///< ok and unknown: when it is degraded if nothing comes
  Duration every{};                  ///< zero: by a schedule
  Duration grace{};
  std::string expected;  ///< "every 5m", "at 06:05 UTC"
  bool required = false;
  bool failed = false;      ///< its newest mark
  std::string detail;       ///< of the newest mark
  std::uint64_t beats = 0;  ///< marks in this run
  /// Where we listen for it ourselves: set by whoever does, not by Pulses.
  std::optional<PulseSource> source = {};
  std::size_t positions = 0;  ///< open ones of the strategy of this name; set by the control
};

/// All pulses of a monitor. State machine, told the time; single owner, not thread-safe. Bounded:
/// the configured ones and `signals`.
///
/// A mark is heard if it is not `failed`. What was due while nobody listened was not missed: a run
/// that begins waits as long as for a pulse heard at its start. A pulse nobody has ever heard is
/// due then as well; `signals`, where it is not configured, is not there before it is heard.
class Pulses {
 public:
  static constexpr std::size_t max_detail = 1'024;

  Pulses(std::vector<PulseOptions> options, WallAnchor anchor);

  /// Marks of earlier runs.
  void restore(const std::vector<PulseRow>& rows);
  /// A mark; the error says that the pulse is not known. `detail` is cut at max_detail.
  Result<PulseRow> mark(std::string_view name, PulseMark mark, std::string detail, MonoTime now);

  std::vector<PulseView> views(MonoTime now) const;
  std::optional<PulseView> view(std::string_view name, MonoTime now) const;
  /// When a view changes if nothing comes; never_mono if none does.
  MonoTime next_deadline(MonoTime now) const;

 private:
  struct Pulse {
    PulseOptions options;
    std::optional<MonoTime> heard;   ///< may lie before our start
    std::optional<MonoTime> failed;  ///< while that is the newest mark
    std::string detail;
    MonoTime newest = MonoTime::min();
    std::uint64_t beats = 0;
  };
  struct Limits {
    MonoTime degraded, silent;
  };

  void apply(Pulse& pulse, PulseMark mark, MonoTime at, std::string detail) const;
  MonoTime due_after(const Pulse& pulse, MonoTime at) const;
  Limits limits(const Pulse& pulse, MonoTime from) const;
  PulseView view(const Pulse& pulse, MonoTime now) const;

  WallAnchor anchor_;
  std::map<std::string, Pulse, std::less<>> pulses_;
};

}  // namespace feedwatch
