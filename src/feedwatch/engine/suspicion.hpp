#pragma once

#include <optional>
#include <string>
#include <vector>

#include "feedwatch/base/time.hpp"
#include "feedwatch/engine/status.hpp"

namespace feedwatch::engine {

/// Whether it is we who are cut off or stand still, rather than all venues at once (semantics §8):
/// within 5 s four fifths of the lines that spoke fall silent or close, of every venue that spoke;
/// or no venue's name or address is reached; or our own loop did not run.
///
/// Of one venue alone nobody can tell whether it is the venue: two are needed, and of those that
/// spoke each has to fall. State machine, told `now`; single owner, not thread-safe.
class Suspicion {
 public:
  static constexpr Duration window = 5s;  ///< in which they fall
  /// Without a frame so long a line has fallen: it is pinged after 5 s, and has a second to answer.
  static constexpr Duration quiet = 6s;
  static constexpr Duration stall = 5s;  ///< of our own loop
  static constexpr Duration dial_memory = 30s;

  struct Seen {
    std::vector<const LineStatus*> lines;
    std::optional<Duration> loop_silence;  ///< since the loop of prices last showed itself
    std::optional<Duration> gap;           ///< between this evaluation and the one before
  };

  void update(const Seen& seen, MonoTime now);

  /// Since when; absent = no suspicion.
  const std::optional<MonoTime>& since() const { return since_; }
  /// When what it explains may have begun.
  MonoTime from() const { return from_; }
  const std::string& why() const { return why_; }
  /// A line was heard, and nothing is wrong with us.
  bool trusted() const { return trusted_; }
  MonoTime next_deadline() const { return since_ ? until_ : never_mono; }

 private:
  void begin(MonoTime since, MonoTime from, MonoTime until, std::string why);
  bool is_over(const Seen& seen, MonoTime now) const;
  bool stalled(const Seen& seen, MonoTime now);
  bool fell_together(const Seen& seen, MonoTime now);
  bool nobody_reached(const Seen& seen, MonoTime now);

  std::optional<MonoTime> since_;
  MonoTime from_{};
  MonoTime until_ = never_mono;  ///< of a stall: it ends by itself
  std::string why_;
  bool trusted_ = false;
};

}  // namespace feedwatch::engine
