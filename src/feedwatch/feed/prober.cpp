#include "feedwatch/feed/prober.hpp"

#include <algorithm>
#include <utility>

namespace feedwatch::feed {

bool Prober::same(const Known& a, const Known& b) {
  // A number that counts trades or updates says more than a price that may have come back.
  if (a.seq && b.seq) return *a.seq <= *b.seq;
  return a.prices == b.prices;
}

bool Prober::older(const Known& told, const Known& known) {
  constexpr Duration tolerance = 1s;
  return told.ts_event && known.ts_event && *told.ts_event + tolerance < *known.ts_event;
}

void Prober::watch(StreamId stream, const std::optional<Known>& known, MonoTime now) {
  const auto [at, added] = watched_.try_emplace(stream);
  if (!added) return;
  at->second.known = known;
  at->second.due = now;
}

/// What was found about it goes with it: it may never have been told.
void Prober::leave(StreamId stream) {
  watched_.erase(stream);
  std::erase_if(findings_, [&](const Finding& finding) { return finding.stream == stream; });
}

std::optional<Prober::Question> Prober::take_due(MonoTime now) {
  if (under_way_ >= options_.at_once || now < not_before_) return std::nullopt;
  auto oldest = watched_.end();
  for (auto at = watched_.begin(); at != watched_.end(); ++at) {
    if (at->second.asked != 0 || at->second.due > now) continue;
    if (oldest == watched_.end() || at->second.due < oldest->second.due) oldest = at;
  }
  if (oldest == watched_.end() || !requests_.try_spend(now)) return std::nullopt;
  oldest->second.asked = ++questions_;
  ++under_way_;
  return Question{oldest->first, questions_};
}

/// The watch that waits for this answer; nullptr when it ticked in between.
Prober::Watch* Prober::answered(const Question& question) {
  --under_way_;
  const auto found = watched_.find(question.stream);
  if (found == watched_.end() || found->second.asked != question.number) return nullptr;
  found->second.asked = 0;
  return &found->second;
}

void Prober::on_answer(const Question& question, const Known& told, MonoTime now) {
  Watch* const watch = answered(question);
  if (watch == nullptr) return;
  // What stood there before our own newest price says nothing about what came after it.
  if (watch->known && older(told, *watch->known)) return fail(question.stream, *watch, now);
  watch->failures = 0;
  watch->told = told;
  watch->due = now + options_.bridge;
  if (!watch->known) {  // the first word there is: the next one shows whether the market moves
    watch->known = told;
    return;
  }
  const bool moved = !same(told, *watch->known);
  if (watch->missed) {
    if (moved) find(question.stream, Verdict::missed);
    watch->known = told;
    return;
  }
  if (!moved) watch->due = now + options_.again;
  judge(question.stream, *watch, moved, now);
}

void Prober::on_word(StreamId stream, bool moved, MonoTime now) {
  const auto found = watched_.find(stream);
  if (found != watched_.end() && !found->second.missed) judge(stream, found->second, moved, now);
}

void Prober::judge(StreamId stream, Watch& watch, bool moved, MonoTime now) {
  if (moved) {
    if (!watch.differs_at) watch.differs_at = now;
    return;
  }
  watch.differs_at.reset();
  if (!watch.quiet_at) find(stream, Verdict::quiet);
  watch.quiet_at = now;
}

void Prober::on_failure(const Question& question, MonoTime now) {
  if (Watch* const watch = answered(question)) fail(question.stream, *watch, now);
}

void Prober::fail(StreamId stream, Watch& watch, MonoTime now) {
  ++watch.failures;
  watch.due = now + (watch.failures < options_.failures ? options_.retry : options_.again);
  if (watch.failures == options_.failures) find(stream, Verdict::no_word);
}

void Prober::on_time(MonoTime now) {
  for (auto& [stream, watch] : watched_) {
    if (watch.quiet_at && now - *watch.quiet_at > options_.fresh) {
      watch.quiet_at.reset();
      find(stream, Verdict::quiet_past);
    }
    if (watch.differs_at && now - *watch.differs_at >= options_.settle) {
      watch.differs_at.reset();
      watch.quiet_at.reset();
      watch.missed = true;
      watch.known = watch.told;
      find(stream, Verdict::missed);
    }
  }
}

MonoTime Prober::next_deadline(MonoTime now) const {
  if (!findings_.empty()) return now;  // somebody has to hear of it
  MonoTime next = never_mono;
  const bool may_ask = under_way_ < options_.at_once;
  for (const auto& [stream, watch] : watched_) {
    if (may_ask && watch.asked == 0) next = std::min(next, std::max(watch.due, not_before_));
    if (watch.quiet_at) next = std::min(next, *watch.quiet_at + options_.fresh + Duration{1});
    if (watch.differs_at) next = std::min(next, *watch.differs_at + options_.settle);
  }
  if (next <= now && next != never_mono) {
    // Due already: what it waits for can only be the budget.
    next = std::max(next, requests_.next_allowed(now));
  }
  return next;
}

void Prober::take_findings(std::vector<Finding>& out) {
  out.insert(out.end(), findings_.begin(), findings_.end());
  findings_.clear();
}

}  // namespace feedwatch::feed
