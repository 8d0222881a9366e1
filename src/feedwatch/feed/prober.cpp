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

void Prober::watch(StreamId stream, const std::optional<Known>& known, MonoTime now, List list) {
  const auto [at, added] = watched_.try_emplace(stream);
  if (!added) return;
  at->second.known = known;
  at->second.due = now;
  at->second.list = list;
}

void Prober::set_past_limit(StreamId stream, bool past) {
  const auto found = watched_.find(stream);
  if (found != watched_.end()) found->second.past_limit = past;
}

/// What was found about it goes with it: it may never have been told.
void Prober::leave(StreamId stream) {
  watched_.erase(stream);
  std::erase_if(findings_, [&](const Finding& finding) { return finding.stream == stream; });
}

Prober::Turn Prober::next_turn(MonoTime now) const {
  Turn turn{.first = watched_.end()};
  std::size_t waiting = 0;
  for (auto at = watched_.begin(); at != watched_.end(); ++at) {
    if (!waits(at->second, now)) continue;
    ++waiting;
    const bool none = turn.first == watched_.end();
    const auto& first = turn.first->second;
    if (none || std::pair(!at->second.past_limit, at->second.due) <
                    std::pair(!first.past_limit, first.due)) {
      turn.first = at;
    }
  }
  if (requests_.time_for(waiting) <= options_.in_time) return turn;
  turn.all = listed(turn.first->second, now) && asked_with(turn, now).size() > 1;
  return turn;
}

/// Its list as far as it waits, and who of it was answered before: for them as well the word is
/// fresh again.
std::vector<StreamId> Prober::asked_with(const Turn& turn, MonoTime now) const {
  std::vector<StreamId> streams;
  for (const auto& [stream, watch] : watched_) {
    const bool of_list = watch.list == turn.first->second.list && listed(watch, now);
    const bool begun = watch.due <= now || watch.told.has_value();
    if (of_list && begun && watch.asked == 0) streams.push_back(stream);
  }
  return streams;
}

std::optional<Prober::Question> Prober::take_due(MonoTime now) {
  if (under_way_ >= options_.at_once || now < not_before_) return std::nullopt;
  const Turn turn = next_turn(now);
  if (turn.first == watched_.end() || !requests_.try_spend(now, costs(turn))) return std::nullopt;
  Question question{.streams = {}, .all = turn.all, .list = no_list, .number = ++questions_};
  if (turn.all) {
    question.streams = asked_with(turn, now);
    question.list = turn.first->second.list;
  } else {
    question.streams.push_back(turn.first->first);
  }
  for (const StreamId stream : question.streams) watched_.at(stream).asked = question.number;
  ++under_way_;
  return question;
}

/// The watch that waits for this answer; nullptr when it ticked in between.
Prober::Watch* Prober::answered(StreamId stream, const Question& question) {
  const auto found = watched_.find(stream);
  if (found == watched_.end() || found->second.asked != question.number) return nullptr;
  found->second.asked = 0;
  return &found->second;
}

void Prober::on_answer(const Question& question, std::span<const std::optional<Known>> told,
                       MonoTime now) {
  --under_way_;
  const bool gone = question.all && gives_up(question.list, !told.empty());
  for (std::size_t i = 0; i < question.streams.size(); ++i) {
    Watch* const watch = answered(question.streams[i], question);
    if (watch == nullptr) continue;
    if (i < told.size() && told[i]) {
      hear(question.streams[i], *watch, *told[i], now);
    } else if (!question.all) {
      fail(question.streams[i], *watch, now);
    } else if (gone || !told.empty()) {
      leave_list(*watch, now);
    } else {
      watch->due = now + options_.retry;
    }
  }
}

/// Nothing is held against the stream: its own answer is still to come.
void Prober::leave_list(Watch& watch, MonoTime now) {
  watch.alone_until = now + options_.alone;
  watch.due = std::min(watch.due, now);
}

/// Whether what came for the list has not been one too often.
bool Prober::gives_up(List list, bool is_list) {
  std::size_t& in_a_row = not_lists_[list];
  in_a_row = is_list ? 0 : in_a_row + 1;
  if (in_a_row < options_.failures) return false;
  in_a_row = 0;
  return true;
}

void Prober::hear(StreamId stream, Watch& watch, const Known& told, MonoTime now) {
  // What stood there before our own newest price says nothing about what came after it.
  if (watch.known && older(told, *watch.known)) return fail(stream, watch, now);
  watch.failures = 0;
  watch.told = told;
  watch.due = now + options_.bridge;
  if (!watch.known) {  // the first word there is: the next one shows whether the market moves
    watch.known = told;
    return;
  }
  const bool moved = !same(told, *watch.known);
  if (watch.missed) {
    if (moved) find(stream, Verdict::missed);
    watch.known = told;
    return;
  }
  if (!moved) watch.due = now + options_.again;
  judge(stream, watch, moved, now);
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
  --under_way_;
  for (const StreamId stream : question.streams) {
    if (Watch* const watch = answered(stream, question)) fail(stream, *watch, now);
  }
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
  MonoTime ask = never_mono;
  MonoTime next = never_mono;
  for (const auto& [stream, watch] : watched_) {
    if (watch.asked == 0) ask = std::min(ask, std::max(watch.due, not_before_));
    if (watch.quiet_at) next = std::min(next, *watch.quiet_at + options_.fresh + Duration{1});
    if (watch.differs_at) next = std::min(next, *watch.differs_at + options_.settle);
  }
  if (ask == never_mono || under_way_ >= options_.at_once) return next;
  // Due already: what it waits for can only be the budget.
  if (ask <= now) ask = requests_.next_allowed(now, costs(next_turn(now)));
  return std::min(next, ask);
}

void Prober::take_findings(std::vector<Finding>& out) {
  out.insert(out.end(), findings_.begin(), findings_.end());
  findings_.clear();
}

}  // namespace feedwatch::feed
