#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "feedwatch/base/error.hpp"
#include "feedwatch/base/time.hpp"
#include "feedwatch/muting/matcher.hpp"

namespace feedwatch::muting {

enum class SilenceState : std::uint8_t { pending, active, expired };
std::string_view to_text(SilenceState state);

/// Somebody's wish not to be told of some alerts for some time. From `starts_at` on, before
/// `ends_at`.
struct Silence {
  std::string id;  ///< unique for ever; empty in a wish for a new one
  Matchers matchers;
  WallTime starts_at{}, ends_at{};
  std::string created_by, comment;
  WallTime created_at{}, updated_at{};

  SilenceState state_at(WallTime now) const;
};

struct SilenceOptions {
  Duration retention = std::chrono::hours{120};  ///< expired ones are shown for this long
  std::size_t max_open = 1'000;                  ///< pending and active ones together
  std::size_t max_expired = 1'000;
  std::size_t max_matchers = 32;  ///< of one
  std::size_t max_text = 4'096;   ///< bytes of a comment; a tenth of a creator's name
};

/// All silences. State machine in anchored UTC (semantics §2): told `now`, so that a stepped system
/// clock begins and ends none. One owner.
class Silences {
 public:
  explicit Silences(SilenceOptions options = {}) : options_(options) {}

  void restore(Silence silence);
  /// Makes a new one, or changes the one of its id: its end and, before it has begun, its
  /// beginning. Any other change of an open one expires it and makes a new one, as in Alertmanager.
  /// A beginning that is absent (zero) or past is now. Answers what has changed, the wished for
  /// last. Errors name the field.
  Result<std::vector<Silence>> put(Silence wish, WallTime now);
  /// Ends it now. Errors: there is none of that id, it has expired already.
  Result<Silence> expire(std::string_view id, WallTime now);

  bool empty() const { return silences_.empty(); }
  const Silence* find(std::string_view id) const;
  /// Active first, then pending, then expired; inside by end.
  std::vector<Silence> list(WallTime now) const;
  /// Ids of the active ones that match.
  std::vector<std::string> silencing(const Labels& labels, WallTime now) const;
  /// When the next one begins or ends; WallTime::max() when none will.
  WallTime next_change(WallTime now) const;

 private:
  Result<void> check(const Silence& wish, WallTime now) const;
  void forget_old(WallTime now);

  SilenceOptions options_;
  std::map<std::string, Silence, std::less<>> silences_;
  std::uint64_t made_ = 0;
};

}  // namespace feedwatch::muting
