#include "feedwatch/feed/ladder.hpp"

#include <algorithm>
#include <utility>

namespace feedwatch::feed {

void Ladder::on_suspect(MonoTime now, RepairStep never_past) {
  if (suspect_since_) {
    const bool parked = !running_ && due_ == never_mono;
    if (parked && never_past > never_past_) due_ = now + options_.settle;
    never_past_ = std::max(never_past_, never_past);
    return;
  }
  suspect_since_ = now;
  never_past_ = never_past;
  if (!running_) due_ = now + options_.settle;
}

void Ladder::on_cleared() {
  suspect_since_.reset();
  if (running_) return;
  last_failed_.reset();
  due_ = never_mono;
  set_exhausted(false);
}

void Ladder::forget_old(MonoTime now) {
  while (!starts_.empty() && now - starts_.front() >= options_.window) starts_.pop_front();
}

void Ladder::set_exhausted(bool exhausted) {
  if (exhausted_ == exhausted) return;
  exhausted_ = exhausted;
  exhausted_changed_ = true;
}

std::optional<RepairStep> Ladder::due_step(MonoTime now, const Choice& choice) {
  if (!due(now)) return std::nullopt;
  forget_old(now);
  if (starts_.size() >= options_.max_repairs) {
    set_exhausted(true);
    due_ = starts_.front() + options_.window;
    return std::nullopt;
  }
  const bool climbed = last_failed_.has_value();
  if (climbed && never_past_ == RepairStep::resubscribe) {
    due_ = never_mono;
    return std::nullopt;
  }
  if (never_past_ == RepairStep::resubscribe) return RepairStep::resubscribe;
  return step_after(choice);
}

RepairStep Ladder::step_after(const Choice& choice) const {
  const bool line_failed = last_failed_ && *last_failed_ >= RepairStep::replace_line;
  if (line_failed && choice.other_endpoint) return RepairStep::other_endpoint;
  if (line_failed || choice.line_wide) return RepairStep::replace_line;
  if (!last_failed_) return RepairStep::resubscribe;
  const bool may_move = *last_failed_ == RepairStep::resubscribe && choice.other_line;
  return may_move ? RepairStep::other_line : RepairStep::replace_line;
}

const RepairStatus& Ladder::begin(std::uint64_t id, RepairStep step, ConnId from, std::string line,
                                  MonoTime now, std::size_t topics) {
  forget_old(now);
  starts_.push_back(now);
  from_ = from;
  due_ = never_mono;
  deadline_ =
      now + (step < RepairStep::replace_line ? resubscribe_deadline_ : options_.replace_deadline);
  running_ = RepairStatus{
      .id = id, .step = step, .started = now, .topics = topics, .line = std::move(line)};
  return *running_;
}

RepairStatus Ladder::on_success(MonoTime now) {
  RepairStatus done = *std::exchange(running_, std::nullopt);
  done.ended = now;
  done.ok = true;
  deadline_ = never_mono;
  last_failed_.reset();
  suspect_since_.reset();
  due_ = never_mono;
  set_exhausted(false);
  return done;
}

RepairStatus Ladder::on_failure(MonoTime now, std::string detail, bool tried) {
  RepairStatus done = *std::exchange(running_, std::nullopt);
  done.ended = now;
  done.detail = std::move(detail);
  deadline_ = never_mono;
  if (!tried) starts_.pop_back();
  if (!suspect_since_) {
    last_failed_.reset();
    set_exhausted(false);
    return done;
  }
  last_failed_ = done.step;
  const Duration pause = tried ? options_.pause : options_.retry;
  due_ = done.step < RepairStep::replace_line ? now : now + pause;
  return done;
}

void Ladder::rest() {
  suspect_since_.reset();
  due_ = never_mono;
}

bool Ladder::take_exhausted_change() {
  return std::exchange(exhausted_changed_, false);
}

void Ladder::check_silence(MonoTime silent_since, MonoTime now) {
  if (suspect_since_ && now - silent_since >= options_.silent_limit) set_exhausted(true);
}

MonoTime Ladder::next_deadline() const {
  return running_ ? deadline_ : due_;
}

}  // namespace feedwatch::feed
