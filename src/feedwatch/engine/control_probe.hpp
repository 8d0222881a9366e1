#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "feedwatch/base/error.hpp"
#include "feedwatch/base/ports/clock.hpp"
#include "feedwatch/health/evidence.hpp"

namespace feedwatch::engine {

/// Asks the store every so often to write, read back and delete a row (semantics §8), one question
/// at a time, and remembers how it went. An answer that does not come within health::check_limit is
/// evidence of its own; it is waited for, because asking again would not hurry it.
///
/// Acts through `ask` only; on_time() begins. Safe to destroy while a question is under way. One
/// owner, not thread-safe.
class StoreProbe {
 public:
  using Answer = std::function<void(Result<Duration> took)>;
  using Ask = std::function<void(Answer)>;

  /// Without `ask` there is no probe, and no evidence. `on_answer` after every answer.
  StoreProbe(Ask ask, const Clock& clock, std::function<void()> on_answer);

  void on_time(MonoTime now);
  MonoTime next_deadline() const;
  /// Since when probes fail or hang; nothing while all is well.
  std::optional<MonoTime> trouble_since(MonoTime now) const;
  health::ProbeEvidence evidence(MonoTime now) const;
  const std::string& last_error() const { return last_error_; }

 private:
  void answered(const Result<Duration>& took);

  Ask ask_;
  const Clock& clock_;
  std::function<void()> on_answer_;
  std::optional<MonoTime> asked_;  ///< under way
  MonoTime next_ = MonoTime::min();
  MonoTime told_ = MonoTime::min();  ///< the newest `now` heard of
  std::optional<MonoTime> failing_since_;
  std::optional<Duration> took_;
  std::string last_error_;              ///< kept after recovery
  std::shared_ptr<StoreProbe*> alive_;  ///< last: an answer that comes later finds nobody
};

}  // namespace feedwatch::engine
