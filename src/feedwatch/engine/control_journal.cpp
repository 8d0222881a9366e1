#include "feedwatch/engine/control_journal.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "feedwatch/base/doubling.hpp"
#include "feedwatch/base/saturate.hpp"

namespace feedwatch::engine {

JournalQueue::JournalQueue(Journal& journal, const Clock& clock, JournalQueueOptions options)
    : journal_(journal),
      clock_(clock),
      options_(std::move(options)),
      random_(options_.seed),
      alive_(std::make_shared<JournalQueue*>(this)) {}

void JournalQueue::set_callbacks(OnDone on_done, std::function<void()> on_answer) {
  on_done_ = std::move(on_done);
  on_answer_ = std::move(on_answer);
}

std::string JournalQueue::next_key(std::string_view kind) {
  return fmt::format("{}/{}/{}", kind, options_.run, ++keys_);
}

void JournalQueue::push(JournalBatch batch, Type type, MonoTime now, bool suspect) {
  rows_ += batch.rows.size();
  Entry entry{std::move(batch), type, now};
  if (suspect) {
    entry.failures = options_.poison_after;
    entry.strikes = options_.strikes - 1;
    entry.suspect = true;
  }
  queue_.emplace_hint(queue_.end(), pushed_, std::move(entry));
  of_type(type).insert(pushed_++);
  while (rows_ > options_.max_rows && queue_.size() > 1) make_room();
}

/// What is on its way stays, and so does the newest batch while there is any other.
void JournalQueue::make_room() {
  const bool flying = in_flight_ + passed_over_ > 0;
  const std::uint64_t first = flying ? behind_flight_ : 0;
  const std::uint64_t newest = queue_.rbegin()->first;
  for (const Type type : {Type::telemetry, Type::notification, Type::alert}) {
    const auto number = of_type(type).lower_bound(first);
    if (number == of_type(type).end() || (*number == newest && !flying)) continue;
    const auto entry = queue_.find(*number);
    if (!entry->second.suspect) dropped_ += entry->second.batch.rows.size();
    pop(entry, End::crowded_out);
    return;
  }
}

void JournalQueue::on_time(MonoTime now) {
  told_ = now;
  if (in_flight_ > 0) return;
  if (queue_.empty() && next_probe_ <= now) {
    push({next_key("probe"), {}}, Type::telemetry, now);
  }
  if (!queue_.empty() && next_attempt_ <= now) begin(now);
}

void JournalQueue::begin(MonoTime now) {
  const Entry& head = queue_.begin()->second;
  probing_ = head.failures >= options_.poison_after && !head.vouched && !head.batch.rows.empty();
  std::vector<JournalBatch> group;
  if (probing_) {
    group.push_back({next_key("probe"), {}});
  } else {
    group = next_group();
  }
  commit(std::move(group), now);
}

/// One that has failed goes alone, so that it is clear who is to blame.
std::vector<JournalBatch> JournalQueue::next_group() const {
  std::vector<JournalBatch> group;
  std::size_t rows = 0;
  for (const auto& [number, entry] : queue_) {
    if (!group.empty() && (entry.failures > 0 || rows >= options_.group_rows)) break;
    rows += entry.batch.rows.size() + 1;
    group.push_back(entry.batch);
    if (entry.failures > 0) break;
  }
  return group;
}

void JournalQueue::commit(std::vector<JournalBatch> group, MonoTime now) {
  in_flight_ = group.size();
  const auto behind = std::next(queue_.begin(), static_cast<std::ptrdiff_t>(in_flight_));
  behind_flight_ = behind == queue_.end() ? pushed_ : behind->first;
  passed_over_ = 0;
  group_error_.reset();
  began_ = now;
  journal_.commit_group(std::move(group),
                        [alive = std::weak_ptr(alive_)](const std::expected<void, Error>& result) {
                          if (const auto self = alive.lock()) (*self)->answered(result);
                        });
}

void JournalQueue::answered(const std::expected<void, Error>& result) {
  if (in_flight_ == 0) return;
  --in_flight_;
  const MonoTime now = clock_.now();
  if (result) {
    took_.observe(now - began_);
    last_success_ = now;
    took_one();
  } else if (!group_error_) {
    group_error_ = result.error();
    ++passed_over_;
  } else {
    ++passed_over_;
  }
  if (in_flight_ == 0) ended(now);
  tell(now);
}

/// The batch whose turn it is to be answered is durable.
void JournalQueue::took_one() {
  if (probing_) {
    queue_.begin()->second.vouched = true;
    return;
  }
  ++commits_;
  refused_in_a_row_ = 0;
  pop(std::next(queue_.begin(), static_cast<std::ptrdiff_t>(passed_over_)), End::written);
}

void JournalQueue::ended(MonoTime now) {
  passed_over_ = 0;
  if (group_error_) {
    failed(*group_error_, now);
    return;
  }
  probing_ = false;
  failing_since_.reset();
  consecutive_ = 0;
  dropped_at_success_ = dropped_;
  next_probe_ = now + options_.probe_interval;
  next_attempt_ = MonoTime::min();
}

/// Not after each of a thousand that come together: whoever is told looks at everything.
void JournalQueue::tell(MonoTime now) {
  constexpr Duration apart = 10ms;
  if (in_flight_ > 0 && minus(now, answer_told_) < apart) return;
  answer_told_ = now;
  if (on_answer_) on_answer_();
}

void JournalQueue::failed(const Error& error, MonoTime now) {
  ++errors_;
  last_error_ = error.text();
  // An empty batch refused says nothing against the head.
  if (!std::exchange(probing_, false) && blame_head()) {
    // The store has just taken an empty batch: it is not its fault. Of many in a row, it may be.
    if (++refused_in_a_row_ == 1) return;
  }
  ++consecutive_;
  if (!failing_since_) failing_since_ = began_;
  const Duration wait = doubling(options_.retry_first, options_.retry_max, consecutive_);
  next_attempt_ = now + random_.between(wait / 2, wait);
}

/// Says whether it was given up.
bool JournalQueue::blame_head() {
  Entry& head = queue_.begin()->second;
  ++head.failures;
  if (!std::exchange(head.vouched, false)) return false;
  if (++head.strikes < options_.strikes) return false;
  // The store works and this batch does not: keeping it would block all that comes after it.
  if (!head.suspect) dropped_ += head.batch.rows.size();
  pop(queue_.begin(), End::refused);
  return true;
}

void JournalQueue::pop(Queue::iterator it, End end) {
  const auto& [number, entry] = *it;
  of_type(entry.type).erase(number);
  const JournalBatch batch = std::move(it->second.batch);
  queue_.erase(it);
  rows_ -= batch.rows.size();
  if (on_done_) on_done_(batch, end);
}

MonoTime JournalQueue::next_deadline() const {
  if (in_flight_ > 0) {
    const MonoTime hangs = began_ + options_.hang_limit;
    return hangs > told_ ? hangs : never_mono;
  }
  return queue_.empty() ? next_probe_ : next_attempt_;
}

std::optional<MonoTime> JournalQueue::trouble_since(MonoTime now) const {
  if (failing_since_) return failing_since_;
  if (in_flight_ > 0 && now - began_ >= options_.hang_limit) return began_;
  return std::nullopt;
}

health::StoreEvidence JournalQueue::evidence(MonoTime now) const {
  health::StoreEvidence evidence;
  if (last_success_) evidence.last_success_age = now - *last_success_;
  evidence.errors = errors_;
  evidence.consecutive_failures = consecutive_;
  if (failing_since_) evidence.failing_for = now - *failing_since_;
  evidence.pending = queue_.size();
  if (!queue_.empty()) evidence.oldest_pending = now - queue_.begin()->second.pushed;
  evidence.dropped = dropped_;
  evidence.dropped_lately = dropped_ - dropped_at_success_;
  evidence.last_error = last_error_;
  return evidence;
}

}  // namespace feedwatch::engine
