#include "feedwatch/engine/control_probe.hpp"

#include <utility>

namespace feedwatch::engine {
namespace {

constexpr Duration every = 30s;
constexpr Duration every_in_trouble = 5s;

}  // namespace

StoreProbe::StoreProbe(Ask ask, const Clock& clock, std::function<void()> on_answer)
    : ask_(std::move(ask)),
      clock_(clock),
      on_answer_(std::move(on_answer)),
      alive_(std::make_shared<StoreProbe*>(this)) {}

void StoreProbe::on_time(MonoTime now) {
  told_ = now;
  if (!ask_ || asked_ || next_ > now) return;
  asked_ = now;
  ask_([alive = std::weak_ptr(alive_)](const Result<Duration>& took) {
    if (const auto self = alive.lock()) (*self)->answered(took);
  });
}

void StoreProbe::answered(const Result<Duration>& took) {
  const std::optional<MonoTime> asked = std::exchange(asked_, std::nullopt);
  if (!asked) return;
  next_ = clock_.now() + (took ? every : every_in_trouble);
  if (took) {
    took_ = *took;
    failing_since_.reset();
  } else {
    last_error_ = took.error().text();
    if (!failing_since_) failing_since_ = asked;
  }
  on_answer_();
}

MonoTime StoreProbe::next_deadline() const {
  if (!ask_) return never_mono;
  if (!asked_) return next_;
  const MonoTime cut = *asked_ + health::check_limit + Duration{1};
  return cut > told_ ? cut : never_mono;
}

std::optional<MonoTime> StoreProbe::trouble_since(MonoTime now) const {
  if (failing_since_) return failing_since_;
  if (asked_ && now - *asked_ > health::check_limit) return asked_;
  return std::nullopt;
}

health::ProbeEvidence StoreProbe::evidence(MonoTime now) const {
  health::ProbeEvidence evidence;
  evidence.took = took_;
  if (asked_) evidence.waiting = now - *asked_;
  if (failing_since_) evidence.error = last_error_;
  return evidence;
}

}  // namespace feedwatch::engine
